import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type PresenceEmulator, startPresenceEmulator } from '../../../../infra/local/presence/emulator.ts';
import { connectVisitor } from '../../../support/visitor.ts';
import { agentOf } from './agent.ts';
import { openSocket } from './bare-socket.ts';

let emulator: PresenceEmulator;
let agent: ReturnType<typeof agentOf>;
let visitorws: string;

beforeAll(async () => {
  emulator = await startPresenceEmulator();
  agent = agentOf(emulator);
  visitorws = `${emulator.servers[0]?.url}/visitorws`;
});
afterEach(() => emulator.reset());
afterAll(() => emulator.close());

const connect = (visitorid: string, data = {}) =>
  connectVisitor({ presenceUrl: emulator.url, groupid: 12345, visitorid, data });
const signal = async (visitorid: string, data: unknown) =>
  (await agent.signal(visitorid, { mtype: 'signal', data })).status;
const lookup = async (visitorid: string) => (await agent.lookup(visitorid)).json();

test('later presence data is merged into earlier', async () => {
  await using ada = await connect('ada', { plan: 'gold', page: 1 });
  ada.send({ type: 'presence', data: { url: 'https://shop.example/basket', page: 2 } });
  await vi.waitFor(async () => {
    expect(await lookup('ada')).toMatchObject({
      url: 'https://shop.example/basket',
      plan: 'gold',
      page: '2',
    });
  });
});

test('frames are understood as bytes too, with ids in each of them', async () => {
  using phone = await openSocket(visitorws);
  const ids = { groupid: 12345, visitorid: 'phone', version: '6.0' };
  phone.sendBytes({ type: 'connect', ...ids });
  phone.sendBytes({ type: 'presence', ...ids, data: { platform: 'iOS' } });
  await phone.settled();
  expect(phone.frames).toEqual([{ type: 'connected', keepalive: 30 }]);
  expect(await lookup('phone')).toMatchObject({ platform: 'iOS' });
});

test('frames that nobody knows, and what is no frame, are passed over', async () => {
  using page = await openSocket(visitorws);
  page.send({ type: 'connect', groupid: '12345', visitorid: 'ada' });
  page.sendText('not JSON');
  page.sendText('[1]');
  page.send({ type: 'somethingnew', data: 1 });
  page.send({ type: 'presence', data: 'no object' });
  await page.settled();
  expect(await lookup('ada')).toMatchObject({ visitorid: 'ada' });
});

test('frames before the connect frame are not acted upon', async () => {
  using page = await openSocket(visitorws);
  page.send({ type: 'presence', data: { url: 'https://shop.example' } });
  await page.settled();
  expect(page.frames).toEqual([]);
});

test.for([{ groupid: 1, visitorid: 'ada' }, { groupid: 12345, visitorid: 'not an id' }, { groupid: 12345 }])(
  'a connect frame with %j is refused, with a reason',
  async (ids) => {
    using page = await openSocket(visitorws);
    page.send({ type: 'connect', ...ids });
    expect(await page.closed).toBe(1008);
    expect(page.frames).toMatchObject([{ type: 'error', data: { err: 'badrequest' } }]);
  },
);

test('a connection that misses three keep-alives is closed; each frame is a sign of life', async () => {
  emulator.switch({ keepalive: 0.3 });
  using quiet = await openSocket(visitorws);
  using lively = await openSocket(visitorws);
  quiet.send({ type: 'connect', groupid: 12345, visitorid: 'quiet' });
  lively.send({ type: 'connect', groupid: 12345, visitorid: 'lively' });
  const keepalives = setInterval(() => lively.send({ type: 'k' }), 150);
  expect(await quiet.closed).toBe(1006);
  await sleep(500);
  clearInterval(keepalives);
  expect(await signal('lively', 'still here')).toBe(200);
  expect(lively.frames.at(-1)).toEqual({ mtype: 'signal', data: 'still here' });
});

const numbers = '{"id":123456789012345678901234567890.10,"all":[1e400,-0,1.0,0.1E-7,7],"__proto__":1.50}';

test('a signal arrives with every digit that was sent', async () => {
  using page = await openSocket(visitorws);
  page.send({ type: 'connect', groupid: 12345, visitorid: 'ada' });
  await page.settled();
  const message = `{"mtype":"signal","data":${numbers}}`;
  expect((await agent.signalText('ada', message)).status).toBe(200);
  await page.settled();
  expect(page.texts.at(-1)).toBe(message);
  const deliveries = await fetch(`${emulator.url}/emulator/deliveries`);
  expect(await deliveries.text()).toContain(`"message":${message}`);
});

test('a signal of an agent with a connection does so too, and what a visitor sends to agents', async () => {
  using page = await openSocket(visitorws);
  page.send({ type: 'connect', groupid: 12345, visitorid: 'ada' });
  using desk = await openSocket(`${emulator.servers[0]?.url}/agent`);
  desk.send({ type: 'connect', authorization: agent.token, groupid: 12345, visitorid: 'ada' });
  await desk.settled();
  desk.sendText(`{"type":"signal","data":${numbers}}`);
  await desk.settled();
  await page.settled();
  expect(page.texts.at(-1)).toBe(`{"mtype":"signal","data":${numbers}}`);
  page.sendText(`{"type":"terms","data":${numbers}}`);
  await page.settled();
  await desk.settled();
  expect(desk.texts.at(-1)).toBe(`{"type":"terms","data":${numbers}}`);
});

test('of two devices, the one that connected last gets the signals, and the other is told', async () => {
  await using laptop = await connect('ada');
  await using phone = await connect('ada');
  await laptop.blurred;
  expect(await signal('ada', 'hello')).toBe(200);
  expect(await phone.next()).toEqual({ mtype: 'signal', data: 'hello' });
  expect(laptop.received).toEqual([]);
});

test.for([
  { type: 'presence', data: {} },
  { type: 'visibility', data: { visibility: 'visible' } },
])('a device gets the focus back with $type', async (frame) => {
  await using laptop = await connect('ada');
  await using phone = await connect('ada');
  laptop.send(frame);
  await phone.blurred;
  await signal('ada', 'hello');
  expect(await laptop.next()).toEqual({ mtype: 'signal', data: 'hello' });
});

test('when the device with the focus leaves, the other does not get it back', async () => {
  emulator.switch({ presenceSeconds: 0.1 });
  await using laptop = await connect('ada');
  const phone = await connect('ada');
  await phone.close();
  await sleep(200);
  expect(await lookup('ada')).toEqual({});
  expect(laptop.received).toEqual([]);
});

test('a visitor stays present for a while after leaving, and is then forgotten with all data', async () => {
  emulator.switch({ presenceSeconds: 0.6 });
  const ada = await connect('ada', { plan: 'gold' });
  await ada.close();
  expect(await lookup('ada')).toMatchObject({ plan: 'gold' });
  await sleep(700);
  expect(await lookup('ada')).toEqual({});
  await using _again = await connect('ada');
  expect(await lookup('ada')).not.toHaveProperty('plan');
});

test('signals to a visitor who has just left are held, and delivered in order at the next connect', async () => {
  const first = await connect('ada');
  await first.close();
  expect([await signal('ada', 1), await signal('ada', 2)]).toEqual([200, 200]);
  expect(emulator.deliveries.count(12345, 'ada')).toBe(0);
  await using second = await connect('ada');
  expect([await second.next(), await second.next()]).toMatchObject([{ data: 1 }, { data: 2 }]);
  expect(emulator.deliveries.count(12345, 'ada')).toBe(2);
});

test('a held signal is dropped when the visitor does not come back in time', async () => {
  emulator.switch({ holdSeconds: 0.6 });
  const first = await connect('ada');
  await first.close();
  expect(await signal('ada', 'too late')).toBe(200);
  await sleep(700);
  await using second = await connect('ada');
  expect(second.received).toEqual([]);
  expect(await (await fetch(`${emulator.url}/emulator`)).json()).toMatchObject({ expired: 1, deliveries: 0 });
});

test('a page may come back under another visitor id on the same connection', async () => {
  emulator.switch({ presenceSeconds: 0 });
  using page = await openSocket(visitorws);
  page.send({ type: 'connect', groupid: 12345, visitorid: 'guest' });
  page.send({ type: 'connect', groupid: 12345, visitorid: 'ada' });
  await page.settled();
  await sleep(20);
  expect(await lookup('guest')).toEqual({});
  expect(await signal('ada', 'hello')).toBe(200);
});

test('each delivery is counted, and what a real page would drop is marked', async () => {
  await using _ada = await connect('ada');
  for (const func of [
    'GLANCE.Cobrowse.Visitor.showTerms',
    'GLANCE_COBROWSE.Custom.wave',
    'alert',
    'GLANCE.',
  ]) {
    expect((await agent.signal('ada', { mtype: 'invoke', data: { func } })).status).toBe(200);
  }
  expect((await agent.signal('ada', { mtype: 'other' })).status).toBe(200);
  expect(emulator.deliveries.counts()).toEqual({ '12345/ada': 5 });
  expect(emulator.deliveries.last('ada').map(({ ignored }) => ignored !== undefined)).toEqual([
    false,
    false,
    true,
    true,
    true,
  ]);
});
