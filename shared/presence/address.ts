/** A server that may have our token: checked, and nothing but scheme, name and port. */
export interface ServerAddress {
  readonly origin: string;
  readonly hostname: string;
  readonly checked: true;
}

/** Where an answer says that a visitor's connection is. Not to be trusted before `checkDirectServer`. */
export interface ReportedServer {
  readonly hostname: string;
  readonly port: number;
}

export interface ServerRules {
  /** The load balancer of the group, which is always allowed. */
  readonly presence: ServerAddress;
  /** Names that may hold a visitor's connection; `#` stands for one digit. */
  readonly directServers: readonly string[];
}

/** Where Glance itself runs the service, from the Presence REST page: its prose says `presence`, its samples `pr`. */
export const glance = {
  presence: 'https://presence.glance.net',
  directServers: ['pr####.glance.net', 'presence####.glance.net'],
} as const;

export interface Refusal {
  readonly checked: false;
  readonly reason: string;
}

const label = '[a-z0-9#]([a-z0-9#-]{0,61}[a-z0-9#])?';
const hostPattern = new RegExp(`^(?=.{1,253}$)${label}(\\.${label})*$`);
const hostname = new RegExp(hostPattern.source.replaceAll('#', ''));
const loopback = /^(localhost|127(\.\d{1,3}){3})$/;

export function isHostPattern(text: string): boolean {
  return hostPattern.test(text);
}

/**
 * Reads the address of a Presence load balancer: `https://presence.glance.net`. Plain http and ports other than
 * 443 are for loopback addresses alone.
 */
export function readPresenceAddress(text: string): ServerAddress | Refusal {
  const parts = /^(https?):\/\/([^/:?#@]+)(?::(\d{1,5}))?$/.exec(text);
  if (!parts) return refuse('is not https:// and a host name');
  const [, scheme, name = '', port] = parts;
  const isLoopback = loopback.test(name);
  if (!isHostName(name)) return refuse('does not hold a host name in lower case');
  if (scheme !== 'https' && !isLoopback) return refuse('is not https');
  if (port !== undefined && port !== '443' && !isLoopback) return refuse('has a port other than 443');
  if (!isPort(Number(port ?? 443))) return refuse('has no valid port');
  return { origin: text, hostname: name, checked: true };
}

/**
 * Decides whether a server that came out of an answer may have our token: a host of this group, at https and
 * port 443. On loopback, where the presence host itself stands, any port and the scheme of that host.
 */
export function checkDirectServer(reported: ReportedServer, rules: ServerRules): ServerAddress | Refusal {
  const name = reported.hostname.toLowerCase();
  if (!isHostName(name)) return refuse('the direct server has no readable host name');
  const allowed =
    name === rules.presence.hostname || rules.directServers.some((pattern) => matches(name, pattern));
  if (!allowed) return refuse(`the direct server ${name} is not allowed for this group`);
  const isLoopback = loopback.test(name);
  if (!isPort(reported.port) || (reported.port !== 443 && !isLoopback)) {
    return refuse(`the direct server ${name} is not at port 443`);
  }
  const origin = isLoopback
    ? `${new URL(rules.presence.origin).protocol}//${name}:${reported.port}`
    : `https://${name}`;
  return { origin, hostname: name, checked: true };
}

/**
 * Where the tokens of a group may go: by default Glance's own servers. Throws if the address of the load balancer is
 * not one that may have a token.
 */
export function serverRules({
  presence,
  directServers,
}: {
  presence?: string;
  directServers?: readonly string[];
} = {}): ServerRules {
  const address = readPresenceAddress(presence ?? glance.presence);
  if (!address.checked) throw new Error(`the presence address ${address.reason}`);
  return { presence: address, directServers: directServers ?? glance.directServers };
}

/** Not a name either: what a URL parser reads as another one, such as `127.1` or `0x7f.1`. */
function isHostName(text: string): boolean {
  return hostname.test(text) && URL.parse(`https://${text}`)?.hostname === text;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port <= 65_535;
}

function matches(name: string, pattern: string): boolean {
  return (
    name.length === pattern.length &&
    [...pattern].every((character, at) =>
      character === '#' ? /\d/.test(name.charAt(at)) : character === name[at],
    )
  );
}

function refuse(reason: string): Refusal {
  return { checked: false, reason };
}
