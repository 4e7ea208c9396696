import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import {
  type PresenceEmulator,
  startPresenceEmulator,
} from '../../../../../infra/local/presence/emulator.ts';
import { connectVisitor } from '../../../../support/visitor.ts';
import { agentOf } from '../agent.ts';
import { openSocket } from '../bare-socket.ts';
import { openPage } from './browser-page.ts';

let emulator: PresenceEmulator;
let agent: ReturnType<typeof agentOf>;
let script: string;

beforeAll(async () => {
  emulator = await startPresenceEmulator({ switches: { presenceSeconds: 0 } });
  agent = agentOf(emulator);
  script = `${emulator.url}/cobrowse/CobrowseJS.ashx?group=12345&site=production&script=PresenceVisitor`;
});
beforeEach(() => emulator.switch({ presenceSeconds: 0 }));
afterEach(() => emulator.reset());
afterAll(() => emulator.close());

const lookup = async (visitorid: string) => (await agent.lookup(visitorid)).json();
const present = (visitorid: string) =>
  vi.waitFor(async () => expect(await lookup(visitorid)).toMatchObject({ url: expect.any(String) }));
const absent = (visitorid: string) => vi.waitFor(async () => expect(await lookup(visitorid)).toEqual({}));

const shopPage = (visitorid: string) =>
  openPage({
    script,
    attributes: { 'data-presence': 'on', 'data-visitorid': visitorid, 'data-user-plan': 'gold' },
  });
const apiPage = (globals = {}) => openPage({ script, attributes: { 'data-presence': 'api' }, globals });

test('with data-presence="on" a page is present as soon as it is loaded, and says what it is', async () => {
  await shopPage('ada');
  await present('ada');
  expect(await lookup('ada')).toMatchObject({
    url: 'https://shop.example/basket',
    browser: 'Chrome',
    browserver: '143.0.0.0',
    platform: 'Test',
    plan: 'gold',
  });
});

test('such a page leaves when it is hidden, and is back when it is seen', async () => {
  const page = await shopPage('ada');
  await present('ada');
  page.setVisibility('hidden');
  await absent('ada');
  page.setVisibility('visible');
  await present('ada');
});

test('of two such pages the one used last gets the signals; the other is off until it has the focus', async () => {
  const first = await shopPage('ada');
  const heard: string[] = [];
  first.window.GLANCE_COBROWSE = { Custom: { hear: () => heard.push('first') } };
  await present('ada');
  const second = await shopPage('ada');
  second.window.GLANCE_COBROWSE = { Custom: { hear: () => heard.push('second') } };
  const invokeTill = (who: string) =>
    vi.waitFor(async () => {
      await agent.signal('ada', { mtype: 'invoke', data: { func: 'GLANCE_COBROWSE.Custom.hear' } });
      expect(heard.at(-1)).toBe(who);
    });
  await invokeTill('second');
  first.setVisibility('visible');
  await invokeTill('second');
  first.focus();
  await invokeTill('first');
});

test('with data-presence="off", and without it, a page does nothing of itself', async () => {
  await openPage({ script, attributes: { 'data-visitorid': 'ada' } });
  await apiPage({ GLANCE_COBROWSE: { visitorid: 'ada' } });
  expect(emulator.requests.count('GetVisitorSettings3')).toBe(0);
});

test('the API makes a page present, merges its data, and hears signals', async () => {
  const page = await apiPage({ GLANCE_COBROWSE: { visitorid: 'ada' } });
  page.run(`
    var heard = [];
    var visitor = new GLANCE.Presence.Visitor();
    visitor.onsignal = (data) => heard.push(data);
    visitor.presence({ data: { basket: 1, color: 'red' }, onsuccess: () => heard.push('present') });
  `);
  await vi.waitFor(() => expect(page.run('heard')).toEqual(['present']));
  page.run('visitor.presence({ data: { basket: 2 } })');
  await vi.waitFor(async () => expect(await lookup('ada')).toMatchObject({ basket: '2', color: 'red' }));
  await agent.signal('ada', { mtype: 'signal', data: { hello: 'ada' } });
  await vi.waitFor(() => expect(page.run('heard[1]')).toEqual({ hello: 'ada' }));
  page.run('visitor.disconnect()');
  await absent('ada');
});

test('an invoke calls the function that is named, and says that it is remote', async () => {
  const page = await apiPage();
  page.run(`
    var calls = [];
    GLANCE.Cobrowse = { Visitor: { startSession: (args) => calls.push(args) } };
    new GLANCE.Presence.Visitor({ groupid: 12345, visitorid: 'ada' }).connect();
  `);
  const invoke = (data: object) => agent.signal('ada', { mtype: 'invoke', data });
  await vi.waitFor(async () => expect((await invoke({ func: 'alert' })).status).toBe(200));
  await invoke({ func: 'GLANCE.Cobrowse.Visitor.startSession', args: { sessionKey: 'k', remote: false } });
  await invoke({ func: 'GLANCE.Cobrowse.Visitor.startSession' });
  await vi.waitFor(() =>
    expect(page.run('calls')).toEqual([{ sessionKey: 'k', remote: true }, { remote: true }]),
  );
});

test('what a page fires reaches the agents of its visitor', async () => {
  const page = await apiPage();
  page.run(`var visitor = new GLANCE.Presence.Visitor({ visitorid: 'ada' }); visitor.connect()`);
  using desk = await openSocket(`${emulator.servers[0]?.url}/agent`);
  desk.send({ type: 'connect', authorization: agent.token, groupid: 12345, visitorid: 'ada' });
  await desk.settled();
  page.run(`visitor.fire('terms', { status: 'accepted' })`);
  await vi.waitFor(() => expect(desk.frames).toContainEqual({ type: 'terms', data: { status: 'accepted' } }));
});

test('a visitor without an id gets a unique one, can extend it, and is closed when it ends', async () => {
  emulator.switch({ uniqueSeconds: 2 });
  const page = await apiPage();
  page.run(`
    var codes = [], closed = 0;
    var visitor = new GLANCE.Presence.Visitor();
    visitor.onuniqueid = (code, seconds) => codes.push([code, seconds]);
    visitor.onclose = () => (closed += 1);
    visitor.connectUnique({ data: { from: 'phone' } });
  `);
  await vi.waitFor(() => expect(page.run('codes')).toEqual([[expect.stringMatching(/^\d{6}$/), 2]]));
  const visitorid = `UNQ-${page.run('codes[0][0]')}`;
  await vi.waitFor(async () => expect(await lookup(visitorid)).toMatchObject({ from: 'phone' }));
  page.run('visitor.extendUnique()');
  await vi.waitFor(() => expect(page.run('codes.length')).toBe(2));
  expect(page.run('closed')).toBe(0);
  await vi.waitFor(() => expect(page.run('closed')).toBe(1), { timeout: 4_000 });
  await absent(visitorid);
});

test('setVisitorId connects under the new id', async () => {
  const page = await apiPage();
  page.run(`new GLANCE.Presence.Visitor({ visitorid: 'guest' }).presence()`);
  await present('guest');
  page.run(`GLANCE.Presence.Visitor.setVisitorId('ada')`);
  await present('ada');
  await absent('guest');
});

test('onblur is told when another device takes over', async () => {
  const page = await apiPage();
  page.run(`
    var blurs = 0, visitor = new GLANCE.Presence.Visitor({ visitorid: 'ada' });
    visitor.onblur = () => (blurs += 1);
    visitor.presence();
  `);
  await present('ada');
  await using _phone = await connectVisitor({ presenceUrl: emulator.url, groupid: 12345, visitorid: 'ada' });
  await vi.waitFor(() => expect(page.run('blurs')).toBe(1));
});

test.for([
  [`{ groupid: 1, visitorid: 'ada' }`, 'serviceunavailable'],
  [`{ visitorid: 'UNQ-000000' }`, 'authorization'],
  ['{}', 'error'],
])('a visitor %s hears from onerror: %s', async ([options, detail]) => {
  const page = await apiPage();
  page.run(`
    var errors = [], visitor = new GLANCE.Presence.Visitor(${options});
    visitor.onerror = (error) => errors.push(error);
    visitor.connect();
  `);
  await vi.waitFor(() => expect(page.run('errors')).toEqual([{ error: 'connfail', detail }]));
});

test('a page without a group cannot make a visitor', async () => {
  const page = await openPage({ script: `${emulator.url}/cobrowse/CobrowseJS.ashx` });
  expect(() => page.run('new GLANCE.Presence.Visitor()')).toThrow('groupid');
});

test('when its server dies, a page connects to another one after five seconds', async () => {
  const page = await apiPage();
  page.run(`
    var errors = [], visitor = new GLANCE.Presence.Visitor({ visitorid: 'ada' });
    visitor.onerror = ({ detail }) => errors.push(detail);
    visitor.presence({ data: { basket: 1 } });
  `);
  await present('ada');
  const home = await agent.serverOf('ada');
  await emulator.setServer(emulator.servers.find(({ url }) => url === home)?.name ?? '', 'down');
  await absent('ada');
  await vi.waitFor(async () => expect(await lookup('ada')).toMatchObject({ basket: '1' }), {
    timeout: 8_000,
  });
  expect(page.run('errors')).toEqual(['connection']);
});

test('a page follows a server that scales down, and one that sends it elsewhere', async () => {
  const frames = [
    { type: 'scaledown' },
    { type: 'redirect', direct: new URL(emulator.servers[0]?.url ?? '').host },
  ];
  await using server = await startAwayServer(frames);
  const page = await openPage({
    script: `${server.url}/script?group=12345`,
    attributes: { 'data-presence': 'api' },
  });
  page.run(`new GLANCE.Presence.Visitor({ visitorid: 'ada' }).presence()`);
  await vi.waitFor(() => present('ada'), { timeout: 8_000 });
  expect(server.connections()).toBe(2);
});

/** A load balanced Presence service that sends each connection away, with the next of these frames. */
async function startAwayServer(frames: object[]) {
  const script = await (await fetch(`${emulator.url}/cobrowse/CobrowseJS.ashx`)).text();
  const http = createServer(({ url = '', headers }, response) => {
    const settings = JSON.stringify({ presenceUrl: headers.host, isPresenceLoadBalanced: true });
    response.end(url.startsWith('/script') ? script : settings);
  });
  let connections = 0;
  const sockets = new WebSocketServer({ server: http });
  sockets.on('connection', (socket) => {
    socket.send(JSON.stringify({ type: 'connected', keepalive: 30 }));
    socket.send(JSON.stringify(frames[connections]));
    connections += 1;
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      for (const client of sockets.clients) client.terminate();
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
}
