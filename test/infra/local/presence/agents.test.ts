import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type PresenceEmulator, startPresenceEmulator } from '../../../../infra/local/presence/emulator.ts';
import { connectVisitor } from '../../../support/visitor.ts';
import { openSocket } from './bare-socket.ts';

let emulator: PresenceEmulator;

beforeAll(async () => {
  emulator = await startPresenceEmulator({ switches: { presenceSeconds: 0.1 } });
});
afterEach(() => emulator.reset());
afterAll(() => emulator.close());

const connectAda = () => connectVisitor({ presenceUrl: emulator.url, groupid: 12345, visitorid: 'ada' });

async function connectAgent(
  authorization: string | undefined = emulator.issueToken({ groupid: 12345 }).token,
) {
  const agent = await openSocket(`${emulator.servers[0]?.url}/agent`);
  agent.send({ type: 'connect', authorization, groupid: 12345, visitorid: 'ada', version: '6.25.0' });
  return agent;
}

test('an agent hears whether the visitor is there, comes and goes', async () => {
  using agent = await connectAgent();
  await agent.settled();
  const ada = await connectAda();
  await ada.close();
  await vi.waitFor(() => expect(agent.frames).toHaveLength(7));
  expect(agent.frames).toMatchObject([
    { type: 'connected', keepalive: 30 },
    { type: 'visitorconn', data: { connected: false } },
    { type: 'visitorconn', data: { connected: true } },
    { type: 'visitorsock', data: { connected: true } },
    { type: 'presence', data: { browser: 'Chrome' } },
    { type: 'visitorsock', data: { connected: false } },
    { type: 'visitorconn', data: { connected: false } },
  ]);
});

test('what a visitor sends is relayed, keep-alives are not', async () => {
  await using ada = await connectAda();
  using agent = await connectAgent();
  await agent.settled();
  const before = agent.frames.length;
  const events = [
    { type: 'terms', data: { status: 'displayed' } },
    { type: 'visitorsessionstart' },
    { type: 'visitorerror', data: { code: 'conndrop', msg: 'Connect failed' } },
    { type: 'visibility', data: { visibility: 'hidden' } },
  ];
  for (const event of [{ type: 'k' }, ...events]) ada.send(event);
  await vi.waitFor(() => expect(agent.frames.slice(before)).toEqual(events));
});

test('an agent signals and invokes over its connection', async () => {
  await using ada = await connectAda();
  using agent = await connectAgent();
  agent.send({ type: 'signal', mtype: 'signal', data: 'hello' });
  agent.send({ type: 'invoke', mtype: 'invoke', data: { func: 'GLANCE.Cobrowse.Visitor.showTerms' } });
  expect(await ada.next()).toEqual({ mtype: 'signal', data: 'hello' });
  expect(await ada.next()).toMatchObject({ mtype: 'invoke' });
  expect(emulator.deliveries.total()).toBe(2);
});

test.for([
  ['no token', ''],
  ['a bad token', 'x.y.z'],
])('an agent with %s is refused', async ([, token]) => {
  using agent = await connectAgent(token);
  expect(await agent.closed).toBe(1008);
  expect(agent.frames).toMatchObject([{ type: 'error', data: { err: 'authorization' } }]);
});

test('an agent who has left hears nothing more', async () => {
  const agent = await connectAgent();
  await agent.settled();
  await agent.close();
  const before = agent.frames.length;
  await using _ada = await connectAda();
  expect(agent.frames).toHaveLength(before);
});

test('sockets are taken at their two paths only', async () => {
  await expect(openSocket(`${emulator.servers[0]?.url}/other`)).rejects.toThrow('404');
  await expect(openSocket(`${emulator.url}/visitorws`)).rejects.toThrow('404');
});
