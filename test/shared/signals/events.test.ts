import type { SQSRecord } from 'aws-lambda';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { deliverBatch } from '../../../shared/signals/batch.ts';
import { signalEventTypes } from '../../../shared/signals/events.ts';
import { writeMessage } from '../../../shared/signals/queue-message.ts';
import { isEnding, type Signal } from '../../../shared/signals/signal.ts';
import { json, reset, status } from '../../support/presence-server.ts';
import { openPlace, type Place } from './place.ts';
import { invoke, newSignal, waitingSignal } from './signals.ts';
import { Simulation } from './simulation.ts';

let place: Place;
let person = 0;
beforeAll(async () => {
  place = await openPlace();
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(async () => {
  person += 1;
  place.clock.time = Date.now();
  place.present.clear();
  place.received.length = 0;
  place.log.length = 0;
  place.replies = {};
  place.tableGate.fateOf = () => undefined;
  place.bus.fateOf = () => undefined;
  place.bus.taken.length = 0;
  await place.store.takeMessages();
});

const to = () => `person-${person}`;
const aSignal = (more: Parameters<typeof newSignal>[1] = {}) =>
  newSignal(place.clock.time, { to: to(), ...more });

async function handle(
  signals: readonly Signal[],
  { remaining = 28_000, ...options }: { remaining?: number; perVisitor?: number; leaseMs?: number } = {},
): Promise<number> {
  const { delivery, queue, events } = place.worker(options);
  const records = [{ messageId: 'one', body: writeMessage({ signals: [...signals] }) }];
  const deadline = { remaining: () => remaining };
  const began = performance.now();
  const work = { delivery, queue, events, deadline, failed: () => {} };
  const { batchItemFailures } = await deliverBatch(records as SQSRecord[], work); // nothing else is read
  expect(batchItemFailures).toEqual([]);
  return performance.now() - began;
}

const recordOf = ({ id }: Signal) => place.worker().table.read(id);
const told = () => place.bus.details();
const toldOf = ({ id }: Signal) =>
  told()
    .filter(({ signal }) => signal === id)
    .map((detail) => detail.outcome);

interface Way {
  readonly outcome: string;
  readonly reason?: string;
  readonly make?: () => Signal;
  readonly prepare?: (signal: Signal) => unknown;
  readonly options?: { readonly perVisitor?: number };
}

const ways: readonly Way[] = [
  { outcome: 'sent', prepare: () => place.present.add(to()) },
  { outcome: 'expired', reason: 'visitor-not-present' },
  {
    outcome: 'expired',
    reason: 'too-late',
    prepare: ({ expiresAt }) => {
      place.clock.time = expiresAt;
    },
  },
  {
    outcome: 'failed',
    reason: 'rate-limited',
    options: { perVisitor: 0 },
    prepare: () => place.present.add(to()),
  },
  {
    outcome: 'failed',
    reason: 'invalid-answer',
    prepare: () => {
      place.replies = { find: () => json({ nonsense: true }) };
    },
  },
  {
    outcome: 'unknown',
    reason: 'delivery-unknown',
    prepare: () => {
      place.present.add(to());
      place.replies = { signal: () => reset };
    },
  },
  {
    outcome: 'unknown',
    reason: 'worker-lost',
    prepare: async (signal) => {
      const claim = await place.worker().table.claim(signal);
      if ('hold' in claim) await claim.hold.sending();
      place.clock.time += 40_000;
    },
  },
  {
    outcome: 'failed',
    reason: 'rate-limited',
    make: () => waitingSignal(place.clock.time + 1_000, { to: to() }),
    prepare: async () => {
      const { lines } = place.worker();
      for (let at = 0; at < 100; at++) await lines.join(waitingSignal(place.clock.time + at, { to: to() }));
    },
  },
];

test.each(ways)(
  'a signal that ends as $outcome, $reason, is told once, as its record has it',
  async ({ outcome, reason, make = () => aSignal({ message: invoke }), prepare, options }) => {
    const signal = make();
    await prepare?.(signal);
    await handle([signal], options);
    // A copy of it has no other end.
    await handle([signal], options);
    const record = await recordOf(signal);
    expect(record).toMatchObject({ status: outcome, ...(reason && { reason }) });
    const time = (ms = 0) => new Date(ms).toISOString();
    expect(told()).toEqual([
      {
        id: `${signal.id}-${outcome}-${record?.endedAt}`,
        signal: signal.id,
        groupid: signal.groupid,
        visitorid: to(),
        source: 'webhook:crm',
        mtype: signal.message.mtype,
        ...(signal.message.mtype === 'invoke' && { func: invoke.data.func }),
        outcome,
        ...(reason && { reason }),
        acceptedAt: time(signal.acceptedAt),
        endedAt: time(record?.endedAt),
      },
    ]);
    const [entry] = place.bus.taken;
    expect(entry).toMatchObject({
      EventBusName: 'presence-relay-local',
      Source: 'presence-relay',
      DetailType: `Signal ${outcome.charAt(0).toUpperCase()}${outcome.slice(1)}`,
    });
    expect(entry?.Time).toBeCloseTo((record?.endedAt ?? 0) / 1_000);
  },
);

test.each([
  ['expired', 'visitor-not-present', undefined],
  ['failed', 'unavailable', status(503)],
] as const)('one that has waited in vain is told as %s, %s', async (outcome, reason, reply) => {
  const simulation = new Simulation(place);
  const signal = waitingSignal(place.clock.time, { to: to(), expiresAt: place.clock.time + 5_000 });
  simulation.send(signal);
  place.replies = { find: () => reply };
  await simulation.run(place.worker());
  expect(await recordOf(signal)).toMatchObject({ status: outcome, reason });
  expect(toldOf(signal)).toEqual([outcome]);
});

test('nothing is told of what waits, is tried again, or was cancelled', async () => {
  const waits = waitingSignal(place.clock.time, { to: to() });
  await handle([waits]);
  expect(await recordOf(waits)).toMatchObject({ status: 'waiting' });
  place.replies = { find: () => status(503) };
  const postponed = aSignal();
  await handle([postponed]);
  expect(await recordOf(postponed)).toMatchObject({ status: 'accepted', reason: 'unavailable' });
  const cancelled = aSignal();
  await place.worker().table.accept(cancelled);
  await place.worker().table.cancel(cancelled.id);
  await handle([cancelled]);
  expect(place.bus.calls.flat().filter(({ Detail }) => Detail.includes(to()))).toEqual([]);
  expect(signalEventTypes).not.toHaveProperty('cancelled');
});

test('what a signal says is not told', async () => {
  place.present.add(to());
  const secret = 'what only she may read';
  await handle([aSignal({ message: { mtype: 'signal', data: { secret } }, fingerprint: 'of-a-request' })]);
  expect(told()).toHaveLength(1);
  expect(JSON.stringify(place.bus.taken)).not.toMatch(/only she|of-a-request/);
});

test('the events of a batch go ten in a call', async () => {
  const before = place.bus.calls.length;
  const signals = Array.from({ length: 25 }, (_, at) => aSignal({ to: `${to()}-${at}` }));
  await handle(signals);
  expect(place.bus.calls.slice(before).map((entries) => entries.length)).toEqual([10, 10, 5]);
  expect(told().map(({ signal }) => signal)).toHaveLength(25);
  expect(place.log.join('')).not.toContain('events unsent');
});

test('one whose answer from the table is lost is told all the same, once', async () => {
  place.present.add(to());
  const signal = aSignal();
  let lost = 0;
  place.tableGate.fateOf = ({ operation, input }) => {
    if (operation !== 'UpdateItem' || !JSON.stringify(input).includes('"sent"') || lost > 0) return undefined;
    lost += 1;
    return 'unanswered';
  };
  await handle([signal]);
  expect(lost).toBe(1);
  expect(toldOf(signal)).toEqual(['sent']);
});

test('who has lost a signal to somebody else tells nothing of it, unless it has surely arrived', async () => {
  const signal = aSignal();
  const claim = await place.worker().table.claim(signal);
  if (!('hold' in claim)) throw new Error('it is nobody’s yet');
  await claim.hold.sending();
  place.clock.time += 40_000;
  await handle([signal]);
  expect(await claim.hold.end('failed', 'timeout')).toBeUndefined();
  expect(await claim.hold.end('sent')).toMatchObject({ status: 'sent' });
  expect(toldOf(signal)).toEqual(['unknown']);
});

test.each(['unreached', { status: 400, error: 'AccessDeniedException' }] as const)(
  'a bus that does not work, %o, changes nothing for the signals, and is told to operators alone',
  async (fate) => {
    place.present.add(to());
    place.bus.fateOf = () => fate;
    const [here, away] = [aSignal(), aSignal({ to: 'nobody' })];
    expect(await handle([here, away])).toBeLessThan(4_500);
    expect(place.received).toHaveLength(1);
    expect(await recordOf(here)).toMatchObject({ status: 'sent' });
    expect(await recordOf(away)).toMatchObject({ status: 'expired' });
    const lines = place.log.map((line) => JSON.parse(line)).filter(({ event }) => event === 'events unsent');
    expect(lines).toMatchObject([{ level: 'ERROR', EventsUnsent: 2, Stage: expect.anything() }]);
    expect(JSON.stringify(lines)).not.toContain(to());
    // What is lost is lost.
    place.bus.fateOf = () => undefined;
    await handle([here, away]);
    expect(told()).toEqual([]);
  },
);

test('a bus that does not answer holds a batch up by three seconds, and not beyond its time', async () => {
  place.bus.fateOf = () => 'silent';
  const took = await handle([aSignal()]);
  expect(took).toBeGreaterThan(2_500);
  expect(took).toBeLessThan(4_500);
  let remaining = 10_000;
  const { events, delivery } = place.worker();
  await delivery.signal(aSignal(), { remaining: () => remaining });
  remaining = 300;
  const began = performance.now();
  await events.put({ remaining: () => remaining });
  expect(performance.now() - began).toBeLessThan(1_500);
});

test('when the time of the function is over, nothing is put', async () => {
  const { events, delivery } = place.worker();
  await delivery.signal(aSignal(), { remaining: () => 28_000 });
  const before = place.bus.calls.length;
  await events.put({ remaining: () => 0 });
  expect(place.bus.calls.length).toBe(before);
  expect(place.log.join('')).toContain('"EventsUnsent":1');
});

test('a batch in which nothing ends asks nothing of the bus', async () => {
  const before = place.bus.calls.length;
  await handle([waitingSignal(place.clock.time, { to: to() })]);
  expect(place.bus.calls.length).toBe(before);
});

test('whatever becomes of signals, each is told exactly once, in the words of its record', async () => {
  const kind = fc.constantFrom('here', 'away', 'late', 'broken', 'waits', 'gone');
  await fc.assert(
    fc.asyncProperty(fc.array(kind, { minLength: 1, maxLength: 12 }), async (kinds) => {
      person += 1;
      const visitor = (at: number) => `${kinds[at]}-${person}-${at}`;
      place.replies = {
        find: (visitorid) => (visitorid.startsWith('broken') ? json({ nonsense: 1 }) : undefined),
        signal: (visitorid) => (visitorid.startsWith('gone') ? reset : undefined),
      };
      const now = place.clock.time;
      const signals = kinds.map((each, at) => {
        if (['here', 'gone'].includes(each)) place.present.add(visitor(at));
        if (each === 'waits') return waitingSignal(now, { to: visitor(at), expiresAt: now + 20_000 });
        return newSignal(now, { to: visitor(at), ...(each === 'late' && { expiresAt: now }) });
      });
      const simulation = new Simulation(place);
      simulation.send(...signals);
      await simulation.run(place.worker());
      for (const signal of signals) {
        const record = await recordOf(signal);
        expect(record && isEnding(record.status)).toBe(true);
        expect(toldOf(signal)).toEqual([record?.status]);
      }
    }),
    { numRuns: 6 },
  );
});
