export interface PageSettings {
  readonly groupid: string | undefined;
  readonly visitorid: string | undefined;
  readonly site: string;
  readonly presence: 'on' | 'api' | 'off';
  /** Where this script came from is also where the group's settings are. */
  readonly webserver: string;
  /** `data-user-plan="gold"` of the script element: `{plan: 'gold'}`. */
  readonly userData: Readonly<Record<string, string>>;
}

/** What a page says in `GLANCE_COBROWSE` comes before what its script element says. */
export function pageSettings(
  script: HTMLScriptElement,
  globals: Readonly<Record<string, unknown>>,
): PageSettings {
  const address = new URL(script.src);
  const presence = script.getAttribute('data-presence');
  return {
    groupid:
      text(globals.groupid) ??
      script.getAttribute('data-groupid') ??
      address.searchParams.get('group') ??
      undefined,
    visitorid: text(globals.visitorid) ?? script.getAttribute('data-visitorid') ?? undefined,
    site:
      text(globals.site) ??
      script.getAttribute('data-site') ??
      address.searchParams.get('site') ??
      'production',
    presence: presence === 'on' || presence === 'api' ? presence : 'off',
    webserver: address.origin,
    userData: userData(script),
  };
}

function userData(script: HTMLScriptElement): Record<string, string> {
  const prefix = 'data-user-';
  const own = [...script.attributes].filter(({ name }) => name.startsWith(prefix));
  return Object.fromEntries(own.map(({ name, value }) => [name.slice(prefix.length), value]));
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
