import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { recordSeconds, type Signal, type SignalRecord } from '../../../shared/signals/signal.ts';
import type { Claim, Hold } from '../../../shared/signals/table.ts';
import type { Fate } from '../../support/aws-gate.ts';
import { openPlace, type Place } from './place.ts';
import { newSignal, waitingSignal } from './signals.ts';

const leaseMs = 35_000;
const day = 86_400_000;
let place: Place;
beforeAll(async () => {
  place = await openPlace();
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(() => {
  place.clock.time = Date.now();
  place.tableGate.fateOf = () => undefined;
});

const aSignal = (more: Parameters<typeof newSignal>[1] = {}) => newSignal(place.clock.time, more);
const table = () => place.worker().table;

function holdOf(claim: Claim): Hold {
  if (!('hold' in claim)) throw new Error(`it is ${claim.outcome}`);
  return claim.hold;
}

async function allOf(visitorid: string): Promise<SignalRecord[]> {
  const all: SignalRecord[] = [];
  for await (const record of table().ofVisitor('12345', visitorid)) all.push(record);
  return all;
}

/** The next write is carried out, and its answer is lost: the client repeats it. */
function loseAnAnswer(operation: string): void {
  let fate: Fate = 'unanswered';
  place.tableGate.fateOf = (call) => {
    if (call.operation !== operation) return undefined;
    const now = fate;
    fate = undefined;
    return now;
  };
}

test('of any number of workers who meet in a signal, one has it', async () => {
  const signal = aSignal();
  const claims = await Promise.all(Array.from({ length: 8 }, () => table().claim(signal)));
  expect(claims.map(({ outcome }) => outcome).toSorted()).toEqual(['claimed', ...Array(7).fill('taken')]);
  expect((await table().read(signal.id))?.attempts).toBe(1);
});

test('a signal is nobody else’s until the lease ends, and anybody’s then', async () => {
  const signal = aSignal();
  await table().claim(signal);
  place.clock.time += leaseMs - 1;
  expect((await table().claim(signal)).outcome).toBe('taken');
  place.clock.time += 1;
  const claim = await table().claim(signal);
  expect(claim).toMatchObject({ outcome: 'claimed', record: { attempts: 2 } });
});

test('whoever died while sending leaves it open whether it arrived', async () => {
  const signal = aSignal();
  expect(await holdOf(await table().claim(signal)).sending()).toBe(true);
  place.clock.time += leaseMs - 1;
  expect((await table().claim(signal)).outcome).toBe('taken');
  place.clock.time += 1;
  const claims = await Promise.all([1, 2, 3].map(() => table().claim(signal)));
  expect(claims.map(({ outcome }) => outcome).toSorted()).toEqual(['ambiguous', 'taken', 'taken']);
});

test('what was cancelled does not leave any more', async () => {
  const signal = aSignal();
  const hold = holdOf(await table().claim(signal));
  expect(await table().cancel(signal.id)).toMatchObject({ status: 'cancelled' });
  expect(await hold.sending()).toBe(false);
  await hold.end('failed', 'unavailable');
  await hold.release('unavailable');
  await hold.wait();
  expect(await table().read(signal.id)).toMatchObject({ status: 'cancelled' });
});

test('what is on its way, or at its end, cannot be cancelled', async () => {
  const signal = aSignal();
  const hold = holdOf(await table().claim(signal));
  await hold.sending();
  expect(await table().cancel(signal.id)).toMatchObject({ status: 'sending' });
  await hold.end('sent');
  expect(await table().cancel(signal.id)).toMatchObject({ status: 'sent' });
  expect(await table().cancel(aSignal().id)).toBeUndefined();
});

test('whoever was too slow sends nothing once another has it, and spoils nothing', async () => {
  const signal = aSignal();
  const slow = holdOf(await table().claim(signal));
  place.clock.time += leaseMs;
  const quick = holdOf(await table().claim(signal));
  expect(await slow.sending()).toBe(false);
  await slow.release('internal');
  await slow.end('failed', 'internal');
  expect(await quick.sending()).toBe(true);
  await quick.end('sent');
  expect(await table().read(signal.id)).toMatchObject({ status: 'sent', attempts: 2 });
});

test('the answer that came after all is better than a guess', async () => {
  const signal = aSignal();
  const slow = holdOf(await table().claim(signal));
  await slow.sending();
  place.clock.time += leaseMs;
  await holdOf(await table().claim(signal)).end('unknown', 'worker-lost');
  await slow.end('sent');
  expect(await table().read(signal.id)).toMatchObject({ status: 'sent' });
});

const endings = ['sent', 'expired', 'unknown', 'failed', 'cancelled'] as const;
test.each(endings)('a signal that is %s is never begun with again, days later neither', async (status) => {
  const signal = aSignal();
  await holdOf(await table().claim(signal)).end(status);
  for (const days of [0, 1, 14.9]) {
    place.clock.time = signal.expiresAt + days * day;
    expect(await table().claim(signal)).toMatchObject({ outcome: 'ended', record: { status } });
  }
  place.clock.time = signal.expiresAt + recordSeconds * 1_000 + 2_000;
  expect(await table().read(signal.id)).toBeUndefined();
  expect((await table().claim(signal)).outcome).toBe('claimed');
});

test('after its time of sameness, the same id is another signal; its end can be put down until then', async () => {
  const now = place.clock.time;
  const signal = aSignal({ sameUntil: now + 300_000, expiresAt: now + 300_000 });
  const hold = holdOf(await table().claim(signal));
  await hold.sending();
  place.clock.time = now + 301_000;
  await hold.end('sent');
  expect(await table().read(signal.id)).toMatchObject({ status: 'sent' });
  expect((await table().claim(signal)).outcome).toBe('ended');
  place.clock.time = now + 361_000;
  expect((await table().claim(aSignal({ id: signal.id }))).outcome).toBe('claimed');
});

test('a copy that came within the time of sameness is the same signal, however late it is worked on', async () => {
  const now = place.clock.time;
  const signal = aSignal({ sameUntil: now + 300_000 });
  await holdOf(await table().claim(signal)).end('sent');
  place.clock.time = now + 2 * day;
  const copy = { ...signal, acceptedAt: now + 290_000, expiresAt: now + 590_000, sameUntil: now + 590_000 };
  expect((await table().claim(copy)).outcome).toBe('ended');
  expect(await table().read(signal.id)).toMatchObject({ status: 'sent' });
});

test('after its time of sameness, one that might have waited for longer is over when it has ended', async () => {
  const now = place.clock.time;
  const signal = aSignal({ waits: true, expiresAt: now + day, sameUntil: now + 300_000 });
  const next = { ...signal, acceptedAt: now + 3_600_000, expiresAt: now + day, sameUntil: now + 3_900_000 };
  const hold = holdOf(await table().claim(signal));
  await hold.wait();
  place.clock.time = next.acceptedAt;
  const merged = await table().claim(next);
  expect(merged.record.acceptedAt).toBe(signal.acceptedAt);
  await holdOf(merged).end('sent');
  expect((await table().claim(next)).outcome).toBe('ended');
  place.clock.time += 1_000;
  const third = { ...next, acceptedAt: place.clock.time };
  expect(await table().claim(third)).toMatchObject({
    outcome: 'claimed',
    record: { acceptedAt: third.acceptedAt },
  });
});

test('one that nobody has ended in time does not stand in the way of the next of its id', async () => {
  const now = place.clock.time;
  const signal = aSignal({ sameUntil: now + 300_000 });
  await table().accept(signal);
  const next = {
    ...signal,
    acceptedAt: now + day,
    expiresAt: now + day + 300_000,
    sameUntil: now + day + 300_000,
  };
  place.clock.time = next.acceptedAt;
  expect(await table().claim(next)).toMatchObject({
    outcome: 'claimed',
    record: { expiresAt: next.expiresAt },
  });
});

test('whether its record or a worker comes first, a signal has one record and one worker', async () => {
  for (let round = 0; round < 10; round++) {
    const signal = aSignal();
    const [record, claim] = await Promise.all([table().accept(signal), table().claim(signal)]);
    expect(record).toMatchObject({ id: signal.id, status: 'accepted' });
    expect(claim).toMatchObject({ outcome: 'claimed', record: { attempts: 1 } });
    await holdOf(claim).end('sent');
    expect(await table().accept(signal)).toMatchObject({ status: 'sent' });
  }
});

test('only what failed is opened again, with the time that it is given', async () => {
  const until = place.clock.time + 600_000;
  for (const status of endings) {
    const signal = aSignal();
    await holdOf(await table().claim(signal)).end(status, 'unavailable');
    const reopened = await table().reopen(signal.id, until);
    if (status === 'failed') {
      expect(reopened).toMatchObject({ status: 'accepted', expiresAt: until });
      expect(reopened).not.toHaveProperty('endedAt');
      expect(reopened).not.toHaveProperty('reason');
      expect((await table().claim(signal)).outcome).toBe('claimed');
    } else expect(reopened).toBeUndefined();
  }
  expect(await table().reopen(aSignal().id, until)).toBeUndefined();
});

test('a signal that is opened again is known until its new time is over', async () => {
  const now = place.clock.time;
  const signal = aSignal({ sameUntil: now + 300_000 });
  await holdOf(await table().claim(signal)).end('failed', 'unavailable');
  await table().reopen(signal.id, now + day);
  await holdOf(await table().claim(signal)).end('sent');
  place.clock.time = now + day;
  expect((await table().claim(signal)).outcome).toBe('ended');
});

test('only what has ended is forgotten', async () => {
  const signal = aSignal();
  const hold = holdOf(await table().claim(signal));
  expect(await table().forget(signal.id)).toBe(false);
  await hold.end('sent');
  expect(await table().forget(signal.id)).toBe(true);
  expect(await table().read(signal.id)).toBeUndefined();
});

test('all records of a person are found, the oldest first, and nobody else’s', async () => {
  const to = `person-${randomUUID()}`;
  const now = place.clock.time;
  const ages = [50, 3, 40, 1, 2, 33];
  for (const age of ages) await table().accept(newSignal(now - age, { to }));
  await table().accept(newSignal(now, { to: `${to}-2` }));
  const found = await allOf(to);
  expect(found.map(({ acceptedAt }) => now - acceptedAt)).toEqual(ages.toSorted((a, b) => b - a));
});

test('a person’s records are found whole, page by page', async () => {
  const to = `pages-${randomUUID()}`;
  // One answer of DynamoDB ends at a megabyte.
  const source = 'x'.repeat(100_000);
  for (let at = 0; at < 24; at++) await table().accept(newSignal(place.clock.time + at, { to, source }));
  const before = place.tableGate.calls.length;
  const found = await allOf(to);
  const times = found.map(({ acceptedAt }) => acceptedAt);
  expect(times).toEqual(Array.from({ length: 24 }, (_, at) => place.clock.time + at));
  expect(place.tableGate.calls.length - before).toBeGreaterThan(1);
});

const repeats: readonly [string, string, (signal: Signal) => Promise<void>][] = [
  [
    'a first claim',
    'PutItem',
    async (signal) => {
      expect((await table().claim(signal)).outcome).toBe('claimed');
    },
  ],
  [
    'a second claim',
    'UpdateItem',
    async (signal) => {
      await table().accept(signal);
      expect((await table().claim(signal)).outcome).toBe('claimed');
    },
  ],
  [
    'a record',
    'PutItem',
    async (signal) => {
      expect(await table().accept(signal)).toMatchObject({ status: 'accepted' });
      expect((await table().claim(signal)).outcome).toBe('claimed');
    },
  ],
  [
    '“sending”',
    'UpdateItem',
    async (signal) => {
      const hold = holdOf(await table().claim(signal));
      expect(await hold.sending()).toBe(true);
    },
  ],
  [
    'an end',
    'UpdateItem',
    async (signal) => {
      await holdOf(await table().claim(signal)).end('sent');
      expect(await table().read(signal.id)).toMatchObject({ status: 'sent' });
    },
  ],
  [
    'a reopening',
    'UpdateItem',
    async (signal) => {
      const { fateOf } = place.tableGate;
      place.tableGate.fateOf = () => undefined;
      await holdOf(await table().claim(signal)).end('failed', 'unavailable');
      place.tableGate.fateOf = fateOf;
      expect(await table().reopen(signal.id, signal.expiresAt + 5)).toMatchObject({ status: 'accepted' });
    },
  ],
  [
    'a removal',
    'DeleteItem',
    async (signal) => {
      await holdOf(await table().claim(signal)).end('sent');
      expect(await table().forget(signal.id)).toBe(true);
    },
  ],
];

test.each(repeats)('where the answer to %s is lost, it counts all the same', async (_, operation, use) => {
  loseAnAnswer(operation);
  await use(aSignal());
});

test('where the answer to a cancellation is lost, nobody is looked for all the same', async () => {
  const { table, lines } = place.worker();
  const signal = waitingSignal(place.clock.time, { to: 'lost-cancel' });
  await holdOf(await table.claim(signal)).wait();
  await lines.join(signal);
  loseAnAnswer('UpdateItem');
  expect(await table.cancel(signal.id)).toMatchObject({ status: 'cancelled' });
  expect((await lines.read(signal)).signals).toEqual([]);
});
