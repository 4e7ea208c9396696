import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type PresenceEmulator, startPresenceEmulator } from '../../../../infra/local/presence/emulator.ts';
import { connectVisitor } from '../../../support/visitor.ts';

let emulator: PresenceEmulator;

beforeAll(async () => {
  emulator = await startPresenceEmulator();
});
afterEach(() => emulator.reset());
afterAll(() => emulator.close());

const settings = '/services/authorizationservice/GetVisitorSettings3';
const json = async (path: string, init?: RequestInit) => (await fetch(`${emulator.url}${path}`, init)).json();

interface UniqueId {
  visitorid: string;
  guesttoken: string;
  uniqueid: string;
  timeout: number;
}

test('a page finds the presence host by its group', async () => {
  const found = await json(`${settings}?groupid=12345&site=production&service=presence`);
  expect(found).toEqual({ presenceUrl: new URL(emulator.url).host, isPresenceLoadBalanced: false });
});

test('a group without Presence has no presence host', async () => {
  expect(await json(`${settings}?groupid=1&site=production`)).toMatchObject({ presenceUrl: '' });
});

test('a visitor is sent to one and the same server', async () => {
  const ask = () => json('/presence?groupid=12345&visitorid=ada', { method: 'POST', body: '{}' });
  const first = await ask();
  expect(first).toMatchObject({ directserver: '127.0.0.1', httpsport: expect.any(Number), tlsport: 5501 });
  expect(await ask()).toEqual(first);
});

test('visitors are spread over the servers', async () => {
  const asked = Array.from({ length: 40 }, (_, index) =>
    json(`/presence?groupid=12345&visitorid=v${index}`, { method: 'POST', body: '{}' }),
  );
  expect(new Set((await Promise.all(asked)).map((answer) => JSON.stringify(answer))).size).toBe(2);
});

test('a unique id is six digits that one visitor can connect with', async () => {
  const unique = (await json('/uniquevisitor?groupid=12345')) as UniqueId;
  expect(unique).toMatchObject({ uniqueid: expect.stringMatching(/^\d{6}$/), timeout: 300 });
  expect(unique.visitorid).toBe(`UNQ-${unique.uniqueid}`);

  const { visitorid, guesttoken } = unique;
  const options = { presenceUrl: emulator.url, groupid: 12345, visitorid };
  await using _guest = await connectVisitor({ ...options, guesttoken });
  await expect(connectVisitor({ ...options, guesttoken: 'guessed' })).rejects.toThrow('unique id');
  await expect(connectVisitor(options)).rejects.toThrow('unique id');
});

test('a unique id ends, unless it is extended in time', async () => {
  emulator.switch({ uniqueSeconds: 1 });
  const unique = (await json('/uniquevisitor?groupid=12345')) as UniqueId;
  const { visitorid, guesttoken } = unique;
  const query = `/uniquevisitor?groupid=12345&visitorid=${visitorid}&guesttoken=${guesttoken}`;
  emulator.switch({ uniqueSeconds: 0.01 });
  expect(await json(query)).toEqual({ ...unique, timeout: 0.01 });
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect((await fetch(`${emulator.url}${query}`)).status).toBe(404);
});

test('any page may call the visitor-side endpoints and load the script', async () => {
  const headers = { origin: 'https://shop.example' };
  for (const path of [
    `${settings}?groupid=12345`,
    '/uniquevisitor?groupid=12345',
    '/cobrowse/CobrowseJS.ashx',
  ]) {
    const response = await fetch(`${emulator.url}${path}`, { headers });
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([200, '*']);
  }
  const preflight = await fetch(`${emulator.url}/presence?groupid=12345`, { method: 'OPTIONS', headers });
  expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([200, 'POST']);
});

test('only pages of trusted origins may call the agent-side endpoints', async () => {
  const ask = (origin: string) =>
    fetch(`${emulator.url}/lookupvisitor`, { method: 'OPTIONS', headers: { origin } });
  expect((await ask('https://desk.example')).status).toBe(405);
  emulator.switch({ agentOrigins: ['https://desk.example'] });
  const trusted = await ask('https://desk.example');
  expect([trusted.status, trusted.headers.get('access-control-allow-origin')]).toEqual([
    200,
    'https://desk.example',
  ]);
  expect(trusted.headers.get('access-control-allow-headers')).toContain('authorization');
  const stranger = await ask('https://evil.example');
  expect([stranger.status, stranger.headers.get('access-control-allow-origin')]).toEqual([405, null]);
});
