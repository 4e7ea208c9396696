import { afterEach, describe, expect, test } from 'vitest';
import { type KeptRelay, startKept } from '../../../support/kept.ts';
import { json, later, notFound, type Reply, reset, status } from '../../../support/presence-server.ts';

let relay: KeptRelay;
afterEach(() => relay[Symbol.asyncDispose]());

const there = json({ visitorfound: true });
const taken = json({});

describe('a signal leaves one line', () => {
  test.for<[string, Reply, Reply]>([
    ['sent', there, taken],
    ['visitor-not-present', notFound, taken],
    ['delivery-unknown', there, reset],
    ['upstream-unavailable', there, status(503)],
    ['upstream-authorization', status(403), taken],
    ['upstream-invalid', json([]), taken],
  ])('that says %s, whether it has a key or not', async ([outcome, find, signal]) => {
    relay = await startKept({ '/findvisitor': find, '/signalvisitor': signal });
    await relay.signal();
    await relay.signal({ key: 'k' });
    const line = {
      level: 'INFO',
      function: 'signalvisitor',
      requestId: 'request-1',
      caller: '111122223333:agent-desk',
      groupid: '12345',
      signal: expect.any(String),
      mtype: 'signal',
      outcome,
    };
    expect(relay.lines('signal')).toMatchObject([line, line]);
    expect(relay.lines('signal').map(({ repeated }) => repeated)).toEqual([undefined, undefined]);
  });

  test('with its id, be it taken on or repeated', async () => {
    relay = await startKept();
    const { told } = await relay.signal({ ttl: '60', key: 'k' });
    await relay.signal({ ttl: '60', key: 'k' });
    await relay.signal({ ttl: '60', key: 'k', data: 'another' });
    expect(relay.lines('signal')).toMatchObject([
      { signal: told.id, outcome: 'accepted' },
      { signal: told.id, outcome: 'accepted', repeated: true },
      { signal: told.id, outcome: 'key-reuse', repeated: true },
    ]);
  });

  test('with the function that an invoke calls, and also where that is forbidden', async () => {
    relay = await startKept({ '/findvisitor': there, '/signalvisitor': taken });
    const invoke = (func: string) =>
      relay.signal({ body: JSON.stringify({ mtype: 'invoke', data: { func, args: { key: 'HUNTER2' } } }) });
    await invoke('GLANCE.Cobrowse.Visitor.showTerms');
    await invoke('GLANCE.Guest.joinSession');
    expect(relay.lines('signal')).toMatchObject([
      { mtype: 'invoke', func: 'GLANCE.Cobrowse.Visitor.showTerms', outcome: 'sent' },
      { mtype: 'invoke', func: 'GLANCE.Guest.joinSession', outcome: 'forbidden-function' },
    ]);
  });

  test('and neither its visitor, its message nor its key stands anywhere in the log', async () => {
    relay = await startKept({ '/findvisitor': [there, there, notFound], '/signalvisitor': [taken, reset] });
    const options = { visitorid: 'visitor-of-mine', data: 'HUNTER2' };
    await relay.signal(options);
    for (const key of ['key-of-mine-1', 'key-of-mine-2']) await relay.signal({ ...options, key });
    await relay.signal({ ...options, key: 'key-of-mine-3', ttl: '60' });
    relay.queue.fateOf = () => ({ error: 'AccessDeniedException' });
    await relay.signal({ ...options, key: 'key-of-mine-4', ttl: '60' });
    relay.table.fateOf = () => ({ error: 'AccessDeniedException' });
    await relay.signal({ ...options, key: 'key-of-mine-5' });
    expect(relay.lines('signal')).toHaveLength(6);
    expect(JSON.stringify(relay.lines())).not.toMatch(/visitor-of-mine|HUNTER2|key-of-mine/);
  });
});

test('Only what waits for the Presence service counts as time that was spent on it', async () => {
  relay = await startKept({ '/findvisitor': later(50, there), '/signalvisitor': taken });
  const { told } = await relay.signal({ ttl: '60' });
  await relay.receipt(told.id);
  await relay.signal({ key: 'k' });
  await relay.signal({ key: 'k' });
  expect(relay.lines('answered').map(({ Endpoint, Upstream }) => [Endpoint, Upstream])).toEqual([
    ['signalvisitor', undefined],
    ['readsignal', undefined],
    ['signalvisitor', expect.any(Number)],
    ['signalvisitor', undefined],
  ]);
});
