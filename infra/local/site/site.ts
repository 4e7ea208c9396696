import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { type Answer, json } from '../http/answer.ts';
import { bundleForBrowser } from '../http/browser-bundle.ts';
import { Listener } from '../http/listener.ts';
import { send } from '../http/send.ts';

export interface SiteOptions {
  /** 0, or not given: any free one. */
  readonly port?: number | undefined;
  /** The load balancer of the Presence service, `http://127.0.0.1:…`. */
  readonly presenceUrl: string;
  readonly groupid: number;
  /** The base address of the relay, for the commands that the page shows. */
  readonly relayUrl: string;
}

export interface Site extends AsyncDisposable {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves a shop's page on 127.0.0.1 whose visitors show the signals they receive. Rejects when the port is taken. */
export async function startSite({ port = 0, ...page }: SiteOptions): Promise<Site> {
  const listener = new Listener(
    'the demo site',
    ({ method, url = '/' }, response) => void respond(method, url, page, response),
    (_request, socket) => socket.destroy(),
  );
  await listener.open(port);
  const close = () => listener.close();
  return { url: `http://127.0.0.1:${listener.port}`, close, [Symbol.asyncDispose]: close };
}

type Page = Omit<SiteOptions, 'port'>;

async function respond(
  method: string | undefined,
  url: string,
  page: Page,
  response: ServerResponse,
): Promise<void> {
  const reads = method === 'GET' || method === 'HEAD';
  try {
    await send(
      response,
      reads ? await file(url, page) : json({ msg: 'Only GET' }, 405, { allow: 'GET, HEAD' }),
    );
  } catch {
    response.destroy();
  }
}

async function file(url: string, page: Page): Promise<Answer> {
  switch (url.split('?', 1)[0]) {
    case '/':
      return text('text/html', filled(await sourceOf('index.html'), page), policy(page.presenceUrl));
    case '/style.css':
      return text('text/css', await sourceOf('style.css'));
    case '/page.js':
      return text('text/javascript', await bundleForBrowser(new URL('page/main.ts', import.meta.url)));
    default:
      return json({ msg: 'Not found' }, 404);
  }
}

function sourceOf(name: string): Promise<string> {
  return readFile(new URL(name, import.meta.url), 'utf8');
}

function text(type: string, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const common = { 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' };
  return { status: 200, headers: { 'content-type': `${type}; charset=utf-8`, ...common, ...headers }, body };
}

function filled(html: string, page: Page): string {
  return html.replaceAll(/\{\{(presenceUrl|groupid|relayUrl)\}\}/g, (_, name: keyof Page) =>
    escaped(String(page[name])),
  );
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}

/** Visitors connect to the load balancer and to named servers, which are other ports of this machine. */
function policy(presenceUrl: string): Record<string, string> {
  const directives = [
    "default-src 'none'",
    `script-src 'self' ${new URL(presenceUrl).origin}`,
    "style-src 'self'",
    'img-src data:',
    'connect-src http://127.0.0.1:* ws://127.0.0.1:*',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return { 'content-security-policy': directives.join('; '), 'referrer-policy': 'no-referrer' };
}
