import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PresenceEmulator, startPresenceEmulator } from '../../../../infra/local/presence/emulator.ts';
import { type Site, startSite } from '../../../../infra/local/site/site.ts';

let emulator: PresenceEmulator;
let site: Site;

beforeAll(async () => {
  emulator = await startPresenceEmulator();
  const relayUrl = 'http://127.0.0.1:3000/local?a="b"&<c>';
  site = await startSite({ presenceUrl: emulator.url, groupid: 12345, relayUrl });
});
afterAll(async () => {
  await site.close();
  await emulator.close();
});

const get = (path: string, init?: RequestInit) => fetch(`${site.url}${path}`, init);

test('the page loads the visitor script from the emulator, and nothing from anywhere else', async () => {
  const html = await (await get('/?visitorid=ada')).text();
  const resources = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, resource]) => resource);
  expect(resources).toEqual([
    expect.stringMatching(/^data:image\/svg\+xml,/),
    '/style.css',
    `${emulator.url}/cobrowse/CobrowseJS.ashx?group=12345&amp;site=production&amp;script=PresenceVisitor`,
    '/page.js',
  ]);
});

test('the page holds what scripts and tests look for', async () => {
  const html = await (await get('/')).text();
  for (const mark of ['id="state" role="status"', '<ol id="messages" role="log"', 'data-groupid="12345"']) {
    expect(html).toContain(mark);
  }
});

test('the address of the relay is written into the page as text only', async () => {
  expect(await (await get('/')).text()).toContain(
    'data-relay="http://127.0.0.1:3000/local?a=&quot;b&quot;&amp;&lt;c>"',
  );
});

test('nothing inline is run, and no other site is spoken to', async () => {
  const response = await get('/');
  const policy = response.headers.get('content-security-policy') ?? '';
  expect(policy.split('; ')).toEqual(
    expect.arrayContaining([
      "default-src 'none'",
      `script-src 'self' ${emulator.url}`,
      'connect-src http://127.0.0.1:* ws://127.0.0.1:*',
      "frame-ancestors 'none'",
    ]),
  );
  expect(await response.text()).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=|style="/);
});

test.for([
  ['/page.js', 'text/javascript; charset=utf-8'],
  ['/style.css', 'text/css; charset=utf-8'],
  ['/', 'text/html; charset=utf-8'],
] as const)('%s is served as %s', async ([path, type]) => {
  const response = await get(path);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
});

test('nothing else is served, and nothing is taken', async () => {
  expect((await get('/site.ts')).status).toBe(404);
  expect((await get('/', { method: 'POST' })).status).toBe(405);
});

test('a taken port is named', async () => {
  const port = Number(new URL(site.url).port);
  const options = { port, presenceUrl: emulator.url, groupid: 12345, relayUrl: '' };
  await expect(startSite(options)).rejects.toThrow(
    `Port ${port} is not to be had for the demo site: it is taken`,
  );
});
