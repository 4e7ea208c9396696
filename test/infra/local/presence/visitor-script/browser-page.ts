import { createContext, runInContext } from 'node:vm';

export interface PageOptions {
  /** Where the page loads the visitor script from. */
  readonly script: string;
  /** Of the script element, such as `data-presence`. */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly globals?: Readonly<Record<string, unknown>>;
}

class ScriptElement {
  readonly src: string;
  readonly attributes: readonly { name: string; value: string }[];

  constructor(src: string, attributes: Readonly<Record<string, string>>) {
    this.src = src;
    this.attributes = Object.entries(attributes).map(([name, value]) => ({ name, value }));
  }

  getAttribute(name: string): string | null {
    return this.attributes.find((attribute) => attribute.name === name)?.value ?? null;
  }
}

/** Runs the served visitor script with what it needs of a window; network and timers are the real ones. */
export async function openPage({ script, attributes = {}, globals = {} }: PageOptions) {
  const events = new EventTarget();
  const listen = { addEventListener: events.addEventListener.bind(events) };
  const document = {
    ...listen,
    currentScript: new ScriptElement(script, attributes),
    visibilityState: 'visible',
  };
  const window: Record<string, unknown> = {
    ...{ URL, URLSearchParams, fetch, WebSocket, AbortSignal, Error, clearTimeout, clearInterval },
    setTimeout: (task: () => void, delay: number) => setTimeout(task, delay).unref(),
    setInterval: (task: () => void, delay: number) => setInterval(task, delay).unref(),
    console: { warn: () => undefined },
    HTMLScriptElement: ScriptElement,
    navigator: {
      userAgent: 'Mozilla/5.0 AppleWebKit/537.36 Chrome/143.0.0.0 Safari/537.36',
      platform: 'Test',
    },
    location: { href: 'https://shop.example/basket' },
    document,
    ...listen,
    ...globals,
  };
  window.window = window;
  const context = createContext(window);
  runInContext(await (await fetch(script)).text(), context);
  return {
    window,
    /** Runs code of the page's own. */
    run: (code: string): unknown => runInContext(code, context),
    focus: () => events.dispatchEvent(new Event('focus')),
    setVisibility(state: 'hidden' | 'visible'): void {
      document.visibilityState = state;
      events.dispatchEvent(new Event('visibilitychange'));
    },
  };
}
