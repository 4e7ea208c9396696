import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type PresenceEmulator, startPresenceEmulator } from '../../../../infra/local/presence/emulator.ts';
import type { FaultRequest } from '../../../../infra/local/presence/faults.ts';
import { type ConnectedVisitor, connectVisitor } from '../../../support/visitor.ts';
import { agentOf } from './agent.ts';

let emulator: PresenceEmulator;
let agent: ReturnType<typeof agentOf>;
let ada: ConnectedVisitor;

beforeAll(async () => {
  emulator = await startPresenceEmulator();
});
beforeEach(async () => {
  agent = agentOf(emulator);
  ada = await connectVisitor({ presenceUrl: emulator.url, groupid: 12345, visitorid: 'ada' });
});
afterEach(() => emulator.reset());
afterAll(() => emulator.close());

const signalAda = () => agent.signal('ada', { mtype: 'signal', data: 'hello' }, ada.server);
const delivered = () => emulator.deliveries.count(12345, 'ada');

test('a fault happens once, or so many times, or until it is cleared', async () => {
  const fault = { kind: 'status', status: 503 } as const;
  const statuses = async () => [(await agent.lookup('ada')).status, (await agent.lookup('ada')).status];
  emulator.faults.add({ endpoint: 'lookupvisitor', fault });
  expect(await statuses()).toEqual([503, 200]);
  emulator.faults.add({ endpoint: '*', times: 2, fault });
  expect(await statuses()).toEqual([503, 503]);
  emulator.faults.add({ endpoint: 'lookupvisitor', times: 0, fault });
  expect(await statuses()).toEqual([503, 503]);
  emulator.faults.clear();
  expect(await statuses()).toEqual([200, 200]);
});

test('a fault is for its endpoint and its visitor alone', async () => {
  emulator.faults.add({
    endpoint: 'lookupvisitor',
    visitorid: 'bob',
    fault: { kind: 'status', status: 500 },
  });
  expect((await agent.lookup('ada')).status).toBe(200);
  expect((await agent.find('bob')).status).toBe(200);
  expect((await agent.lookup('bob')).status).toBe(500);
});

test('a status comes with Retry-After and any body', async () => {
  const fault = { kind: 'status', status: 429, retryAfter: 3, body: { msg: 'slow down' } } as const;
  emulator.faults.add({ endpoint: 'query', fault });
  const response = await agent.get('/query?groupid=12345');
  expect([response.status, response.headers.get('retry-after'), await response.json()]).toEqual([
    429,
    '3',
    { msg: 'slow down' },
  ]);
});

test('latency puts the answer off', async () => {
  emulator.faults.add({ endpoint: 'findvisitor', fault: { kind: 'latency', ms: 120 } });
  const start = performance.now();
  expect((await agent.find('ada')).status).toBe(200);
  expect(performance.now() - start).toBeGreaterThan(110);
});

test('a canned body replaces the answer', async () => {
  emulator.faults.add({
    endpoint: 'signalvisitor',
    fault: { kind: 'body', body: { err: 'error', msg: 'No' } },
  });
  const response = await signalAda();
  expect([response.status, await response.json(), delivered()]).toEqual([
    200,
    { err: 'error', msg: 'No' },
    0,
  ]);
  emulator.faults.add({ endpoint: 'lookupvisitor', fault: { kind: 'body', status: 201, body: 'not JSON' } });
  expect(await (await agent.lookup('ada')).text()).toBe('not JSON');
});

test.for(['length', 'chunked'] as const)('a body is cut in its middle (%s)', async (framing) => {
  emulator.faults.add({ endpoint: 'lookupvisitor', fault: { kind: 'cut', framing } });
  const response = await agent.lookup('ada');
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow();
});

test.for(['length', 'chunked'] as const)('a query is cut after a megabyte (%s)', async (framing) => {
  emulator.crowd(10_000);
  emulator.faults.add({ endpoint: 'query', fault: { kind: 'cut', afterBytes: 1_000_000, framing } });
  const response = await agent.get('/query?groupid=12345');
  let bytes = 0;
  const read = async () => {
    for await (const chunk of response.body ?? []) bytes += chunk.length;
  };
  await expect(read()).rejects.toThrow();
  expect(bytes).toBe(1_000_000);
});

test('a malformed body is no JSON', async () => {
  emulator.faults.add({ endpoint: 'lookupvisitor', fault: { kind: 'malformed' } });
  await expect((await agent.lookup('ada')).json()).rejects.toThrow();
});

const unanswered: { fault: FaultRequest['fault']; reached: number }[] = [
  { fault: { kind: 'reset' }, reached: 0 },
  { fault: { kind: 'reset', deliver: true }, reached: 1 },
  { fault: { kind: 'hang' }, reached: 0 },
  { fault: { kind: 'hang', deliver: true }, reached: 1 },
  { fault: { kind: 'cut', afterBytes: 1 }, reached: 1 },
  { fault: { kind: 'cut', afterBytes: 1, deliver: false }, reached: 0 },
];

test.for(unanswered)(
  'after $fault, the signal has reached the visitor $reached times',
  async ({ fault, reached }) => {
    emulator.faults.add({ endpoint: 'signalvisitor', fault });
    const url = `${ada.server}/signalvisitor?groupid=12345&visitorid=ada`;
    const headers = { authorization: `Bearer ${agent.token}` };
    const signal = AbortSignal.timeout(400);
    const answer = fetch(url, { method: 'POST', headers, body: '{"mtype":"signal"}', signal }).then((r) =>
      r.text(),
    );
    await expect(answer).rejects.toThrow();
    expect(delivered()).toBe(reached);
  },
);

test('a visitor moves between find and signal', async () => {
  emulator.faults.add({ endpoint: 'findvisitor', fault: { kind: 'moved' } });
  const old = await agent.serverOf('ada');
  expect(old).toBe(ada.server);
  expect((await agent.signal('ada', { mtype: 'signal' }, old)).status).toBe(404);
  const next = await agent.serverOf('ada');
  expect(next).not.toBe(old);
  expect((await agent.signal('ada', { mtype: 'signal', data: 'found' }, next)).status).toBe(200);
  expect(await ada.next()).toEqual({ mtype: 'signal', data: 'found' });
});

test("a crowd's visitor moves too", async () => {
  emulator.crowd(10);
  emulator.faults.add({ endpoint: 'findvisitor', fault: { kind: 'moved' } });
  const old = await agent.serverOf('crowd-7');
  expect((await agent.signal('crowd-7', { mtype: 'signal' }, old)).status).toBe(404);
  expect((await agent.signal('crowd-7', { mtype: 'signal' })).status).toBe(200);
});

test('a token is revoked after an answer, or before it', async () => {
  emulator.faults.add({ endpoint: 'findvisitor', fault: { kind: 'revoke' } });
  expect((await agent.find('ada')).status).toBe(200);
  expect((await signalAda()).status).toBe(401);

  agent = agentOf(emulator);
  emulator.faults.add({ endpoint: 'signalvisitor', fault: { kind: 'revoke', when: 'before' } });
  expect((await signalAda()).status).toBe(401);
});

test('find names whatever host is wanted', async () => {
  const fault = { kind: 'direct', host: '169.254.169.254', port: 80 } as const;
  emulator.faults.add({ endpoint: 'findvisitor', fault });
  expect(await (await agent.find('ada')).json()).toMatchObject({
    direct: '169.254.169.254:80',
    directserver: '169.254.169.254',
    httpsport: 80,
  });
});

test('a server that dies refuses connections, loses its visitors, and comes back on its port', async () => {
  const dead = emulator.servers.find(({ url }) => url === ada.server)?.name ?? '';
  await emulator.setServer(dead, 'down');
  await ada.closed;
  await expect(signalAda()).rejects.toThrow();
  await using again = await connectVisitor({ presenceUrl: emulator.url, groupid: 12345, visitorid: 'ada' });
  expect(again.server).not.toBe(ada.server);
  await emulator.setServer(dead, 'up');
  expect((await signalAda()).status).toBe(404);
});
