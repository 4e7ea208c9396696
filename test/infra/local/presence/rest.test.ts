import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type PresenceEmulator, startPresenceEmulator } from '../../../../infra/local/presence/emulator.ts';
import { connectVisitor } from '../../../support/visitor.ts';
import { agentOf } from './agent.ts';

let emulator: PresenceEmulator;
let agent: ReturnType<typeof agentOf>;

beforeAll(async () => {
  emulator = await startPresenceEmulator();
  agent = agentOf(emulator);
});
afterEach(() => emulator.reset());
afterAll(() => emulator.close());

const connect = (visitorid: string, data = {}) =>
  connectVisitor({ presenceUrl: emulator.url, groupid: 12345, visitorid, data });

test('a present visitor is looked up in the documented shape, with its data beside it', async () => {
  await using ada = await connect('ada', { plan: 'gold' });
  const port = Number(new URL(ada.server).port);
  expect(await (await agent.lookup('ada')).json()).toEqual({
    direct: `127.0.0.1:${port}`,
    visitorpresent: expect.stringMatching(/^\d{10}\.0$/),
    timestamp: expect.stringMatching(/^\d{10}\.0$/),
    visitorid: 'ada',
    groupid: '12345',
    ds: expect.stringMatching(/^127\.0\.0\.1\/[12]$/),
    directserver: '127.0.0.1',
    tlsport: 5501,
    httpsport: port,
    url: 'https://shop.example/',
    browser: 'Chrome',
    browserver: '143',
    plan: 'gold',
  });
});

test('custom data comes back as text, written by Python', async () => {
  await using _ada = await connect('ada', { score: 1.5, vip: true, none: null, cart: { items: ["it's"] } });
  expect(await (await agent.lookup('ada')).json()).toMatchObject({
    score: '1.5',
    vip: 'True',
    none: 'None',
    cart: `{'items': ["it's"]}`,
  });
});

test('with the switch data=typed, custom data comes back as it was sent', async () => {
  emulator.switch({ data: 'typed' });
  await using _ada = await connect('ada', { vip: true, cart: { items: [1] } });
  expect(await (await agent.lookup('ada')).json()).toMatchObject({ vip: true, cart: { items: [1] } });
});

test('reserved names win over custom data, unless the switch shadowReserved is on', async () => {
  await using _ada = await connect('ada', { directserver: 'evil.example' });
  expect(await (await agent.lookup('ada')).json()).toMatchObject({ directserver: '127.0.0.1' });
  emulator.switch({ shadowReserved: true });
  expect(await (await agent.lookup('ada')).json()).toMatchObject({ directserver: 'evil.example' });
});

test('a key that means something to JavaScript is a key like any other', async () => {
  await using _ada = await connect('ada', JSON.parse('{"__proto__":"x","constructor":"y"}'));
  expect(await (await agent.lookup('ada')).text()).toContain('"__proto__":"x","constructor":"y"');
});

test.for([
  ['empty', 200, {}],
  ['404', 404, { err: 'visitornotpresent', msg: 'The visitor is not present' }],
  ['old', 200, { visitorfound: false }],
] as const)(
  'an absent visitor is looked up as the switch lookupAbsent=%s has it',
  async ([style, status, body]) => {
    emulator.switch({ lookupAbsent: style });
    const response = await agent.lookup('nobody');
    expect([response.status, await response.json()]).toEqual([status, body]);
  },
);

test('a look-up can come without visitorid, or with nothing but the routing', async () => {
  await using _ada = await connect('ada');
  emulator.switch({ lookupVisitorid: false });
  expect(await (await agent.lookup('ada')).json()).not.toHaveProperty('visitorid');
  emulator.switch({ lookupRoutingOnly: true });
  const routing = ['direct', 'ds', 'directserver', 'tlsport', 'httpsport'];
  expect(Object.keys((await (await agent.lookup('ada')).json()) as object)).toEqual(routing);
});

test('findvisitor names the server in every shape that there is a switch for', async () => {
  await using ada = await connect('ada');
  const direct = new URL(ada.server).host;
  const find = async () => (await agent.find('ada')).json();
  expect(await find()).toMatchObject({ direct, directserver: '127.0.0.1', visitorfound: true });
  emulator.switch({ find: 'nested' });
  expect(await find()).toEqual({ visitorfound: { direct } });
  emulator.switch({ find: 'nested-array' });
  expect(await find()).toEqual({ visitorfound: { direct: [direct] } });
  emulator.switch({ find: 'without-host' });
  expect(await find()).toEqual({ visitorfound: true });
  expect(await (await agent.find('nobody')).json()).toEqual({ visitorfound: false });
});

test.for([
  ['object', '{}'],
  ['empty', ''],
  ['text', 'OK'],
] as const)('a delivered signal is answered as the switch signalSuccess=%s has it', async ([shape, body]) => {
  emulator.switch({ signalSuccess: shape });
  await using ada = await connect('ada');
  const response = await agent.signal('ada', { mtype: 'signal', data: { hello: 'ada' } });
  expect([response.status, await response.text()]).toEqual([200, body]);
  expect(await ada.next()).toEqual({ mtype: 'signal', data: { hello: 'ada' } });
});

test.for([
  ['404', 404],
  ['409', 409],
  ['410', 410],
  ['200', 200],
] as const)(
  'a visitor who is gone is answered with the status of the switch signalGone=%s',
  async ([gone, status]) => {
    emulator.switch({ signalGone: gone });
    const response = await agent.signal('nobody', { mtype: 'signal' }, emulator.servers[0]?.url);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ err: 'visitornotpresent', msg: expect.any(String) });
  },
);

test('only the server that holds the visitor takes signals for it', async () => {
  await using ada = await connect('ada');
  const other = emulator.servers.find(({ url }) => url !== ada.server)?.url;
  expect((await agent.signal('ada', { mtype: 'signal' }, other)).status).toBe(404);
  expect(emulator.deliveries.count(12345, 'ada')).toBe(0);
});

test('a load balanced group is signalled and connected at the presence host', async () => {
  emulator.switch({ loadBalanced: true });
  const settings = await fetch(
    `${emulator.url}/services/authorizationservice/GetVisitorSettings3?groupid=12345`,
  );
  expect(await settings.json()).toEqual({
    presenceUrl: new URL(emulator.url).host,
    isPresenceLoadBalanced: true,
  });
  await using ada = await connect('ada');
  expect(ada.server).toBe(emulator.url);
  expect((await agent.signal('ada', { mtype: 'signal', data: 1 }, emulator.url)).status).toBe(200);
  expect(await ada.next()).toEqual({ mtype: 'signal', data: 1 });
});

test('without that switch, the presence host takes neither', async () => {
  expect((await agent.signal('ada', { mtype: 'signal' }, emulator.url)).status).toBe(404);
});

test('the content type can be text/plain', async () => {
  emulator.switch({ contentType: 'text' });
  expect((await agent.lookup('ada')).headers.get('content-type')).toBe('text/plain; charset=utf-8');
});

test.for([
  '/lookupvisitor?visitorid=ada',
  '/lookupvisitor?groupid=x&visitorid=ada',
  '/lookupvisitor?groupid=12345',
  '/findvisitor?groupid=12345&visitorid=undefined',
  '/findvisitor?groupid=12345&visitorid=a%20b',
  '/findvisitor?groupid=12345&visitorid=..',
  `/findvisitor?groupid=12345&visitorid=${'a'.repeat(101)}`,
])('%s is a bad request', async (path) => {
  const response = await agent.get(path);
  expect([response.status, await response.json()]).toMatchObject([400, { err: 'badrequest' }]);
});

test("the doubled ampersand and the version of Glance's scripts do no harm", async () => {
  const response = await agent.get('/lookupvisitor?groupid=12345&visitorid=ada&&ver=6.3.1');
  expect([response.status, await response.json()]).toEqual([200, {}]);
});

test.for(['not JSON', '[]', '{"data":1}', '{"mtype":5}'])('the message %s is refused', async (body) => {
  const url = `${emulator.servers[0]?.url}/signalvisitor?groupid=12345&visitorid=ada`;
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${agent.token}` },
    body,
  });
  expect([response.status, await response.json()]).toMatchObject([400, { err: 'badrequest' }]);
});

test('an unknown path is 404, a wrong method 405 with those that are allowed', async () => {
  expect((await agent.get('/nothing')).status).toBe(404);
  expect((await agent.get('//')).status).toBe(404);
  const response = await fetch(`${emulator.url}/lookupvisitor`, { method: 'POST' });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET']);
});

test('requests are counted by endpoint and status, and remembered without a token', async () => {
  await agent.lookup('ada');
  await fetch(`${emulator.url}/lookupvisitor?groupid=12345&visitorid=ada`);
  expect(emulator.requests.counts()).toEqual({ lookupvisitor: { 200: 1, 401: 1 } });
  expect(emulator.requests.last().at(-1)).toMatchObject({
    endpoint: 'lookupvisitor',
    status: 401,
    server: 'presence',
    visitorid: 'ada',
  });
});
