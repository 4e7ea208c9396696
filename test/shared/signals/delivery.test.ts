import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readMessage } from '../../../shared/signals/queue-message.ts';
import type { Signal } from '../../../shared/signals/signal.ts';
import { cutBody, json, type Reply, reset, silence, status, text } from '../../support/presence-server.ts';
import { openPlace, type Place } from './place.ts';
import { ample, invoke, newSignal, waitingSignal } from './signals.ts';

let place: Place;
let person = 0;
beforeAll(async () => {
  place = await openPlace();
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(async () => {
  place.clock.time = Date.now();
  place.present.clear();
  place.received.length = 0;
  place.replies = {};
  person += 1;
  await place.store.takeDeadLetters();
});

const to = () => `person-${person}`;
const aSignal = (more: Parameters<typeof newSignal>[1] = {}) =>
  newSignal(place.clock.time, { to: to(), ...more });
const arrivals = ({ id }: Signal) => place.received.filter(({ data }) => data === id).length;
const recordOf = (signal: Signal) => place.worker().table.read(signal.id);
const deliver = (signal: Signal) => place.worker().delivery.signal(signal, ample);

test('a signal for somebody who is there arrives', async () => {
  place.present.add(to());
  const signal = aSignal();
  expect(await deliver(signal)).toBe('nothing');
  expect(arrivals(signal)).toBe(1);
  expect(await recordOf(signal)).toMatchObject({ status: 'sent', attempts: 1 });
});

test('of two copies that come at once, one is sent', async () => {
  place.present.add(to());
  for (let round = 0; round < 5; round++) {
    const signal = aSignal();
    await Promise.all([deliver(signal), deliver(signal), deliver(signal)]);
    expect(arrivals(signal)).toBe(1);
    expect(await recordOf(signal)).toMatchObject({ status: 'sent' });
  }
});

test('a copy that comes days later does nothing', async () => {
  place.present.add(to());
  const signal = aSignal();
  await deliver(signal);
  for (const days of [1, 4, 14]) {
    place.clock.time = signal.acceptedAt + days * 86_400_000;
    expect(await deliver(signal)).toBe('nothing');
  }
  expect(arrivals(signal)).toBe(1);
});

test('whoever is not there gets nothing, and that is known', async () => {
  const signal = aSignal();
  expect(await deliver(signal)).toBe('nothing');
  expect(await recordOf(signal)).toMatchObject({ status: 'expired', reason: 'visitor-not-present' });
});

test('what comes too late is not sent any more', async () => {
  place.present.add(to());
  const signal = aSignal();
  place.clock.time = signal.expiresAt;
  await deliver(signal);
  expect(await recordOf(signal)).toMatchObject({ status: 'expired', reason: 'too-late' });
  expect(arrivals(signal)).toBe(0);
});

test('of two requests with the same key, the one that was refused is not sent, whichever comes first', async () => {
  place.present.add(to());
  for (const waits of [false, true]) {
    const taken = { ...aSignal(), fingerprint: 'of the first', ...(waits && { waits: true as const }) };
    const refused = { ...taken, fingerprint: 'of another' };
    await place.worker().table.accept(taken);
    place.received.length = 0;
    expect(await deliver(refused)).toBe('nothing');
    expect(place.received).toEqual([]);
    expect(await recordOf(taken)).toMatchObject({ status: 'accepted' });
    expect(await deliver(taken)).toBe('nothing');
    expect(await deliver(refused)).toBe('nothing');
    expect(place.received).toHaveLength(1);
    expect(await recordOf(taken)).toMatchObject({ status: 'sent', fingerprint: 'of the first' });
  }
});

test('a hundred signals wait for one visitor, and no more', async () => {
  const waiting = Array.from({ length: 101 }, (_, at) => waitingSignal(place.clock.time + at, { to: to() }));
  const [last] = waiting.splice(100);
  const { lines } = place.worker();
  for (const signal of waiting) await lines.join(signal);
  if (!last) throw new Error('there are 101');
  expect(await deliver(last)).toBe('nothing');
  expect(await recordOf(last)).toMatchObject({ status: 'failed', reason: 'rate-limited' });
  await lines.leave(waiting[0] ?? last);
  const next = waitingSignal(place.clock.time + 200, { to: to() });
  expect(await deliver(next)).toBe('waiting');
});

test('what is cancelled while its visitor’s server is asked for is not sent', async () => {
  const signal = aSignal();
  place.replies.find = () => async (response, request) => {
    place.replies.find = () => undefined;
    expect(await place.worker().table.cancel(signal.id)).toMatchObject({ status: 'cancelled' });
    place.present.add(to());
    json({ visitorfound: true, direct: '127.0.0.1', httpsport: 1 })(response, request);
  };
  expect(await deliver(signal)).toBe('nothing');
  expect(await recordOf(signal)).toMatchObject({ status: 'cancelled' });
  expect(arrivals(signal)).toBe(0);
});

interface Trouble {
  readonly reason: string;
  readonly find?: Reply;
  readonly signal?: Reply;
}

const passing: readonly Trouble[] = [
  { reason: 'unavailable', find: status(503) },
  { reason: 'unavailable', find: reset },
  { reason: 'unavailable', signal: status(503) },
  { reason: 'unavailable', signal: status(429, { 'retry-after': '7' }) },
];
test.each(passing)(
  'what may pass is tried again, until it has passed: $reason',
  async ({ find, signal: reply }) => {
    place.present.add(to());
    place.replies = { find: () => find, signal: () => reply };
    const signal = aSignal();
    const left = await deliver(signal);
    expect(left).toMatchObject({ againMs: expect.any(Number) });
    expect(await recordOf(signal)).toMatchObject({ status: 'accepted', reason: 'unavailable', attempts: 1 });
    place.replies = {};
    // Nobody has to wait for a lease.
    expect(await deliver(signal)).toBe('nothing');
    expect(arrivals(signal)).toBe(1);
    expect(await place.store.takeDeadLetters()).toEqual([]);
  },
);

test('nobody comes again sooner than the service asks', async () => {
  place.present.add(to());
  place.replies = { signal: () => status(503, { 'retry-after': '90' }) };
  expect(await deliver(aSignal())).toEqual({ againMs: 90_000 });
});

test.each(passing)(
  'what does not pass in time ends as a dead letter: $reason',
  async ({ find, signal: reply }) => {
    place.present.add(to());
    place.replies = { find: () => find, signal: () => reply };
    const signal = aSignal();
    place.clock.time = signal.expiresAt - 100;
    expect(await deliver(signal)).toBe('nothing');
    expect(await recordOf(signal)).toMatchObject({ status: 'failed', reason: 'unavailable' });
    const letters = await place.store.takeDeadLetters();
    expect(letters).toHaveLength(1);
  },
);

test('a signal that could not be sent until it was too late failed for what was in the way', async () => {
  place.replies = { find: () => status(503) };
  const signal = aSignal();
  await deliver(signal);
  place.clock.time = signal.expiresAt + 1;
  await deliver(signal);
  expect(await recordOf(signal)).toMatchObject({ status: 'failed', reason: 'unavailable' });
  expect((await place.store.takeDeadLetters()).map(({ attributes }) => attributes.reason)).toEqual([
    'unavailable',
  ]);
});

const lasting: readonly Trouble[] = [
  { reason: 'authorization', find: status(401) },
  { reason: 'authorization', signal: status(403) },
  { reason: 'invalid-answer', find: text('<html>') },
  { reason: 'invalid-answer', signal: status(400) },
  { reason: 'refused-server', find: json({ visitorfound: true, direct: 'evil.example' }) },
];
test.each(lasting)('what another try would not change is a dead letter at once: $reason', async (trouble) => {
  place.present.add(to());
  place.replies = { find: () => trouble.find, signal: () => trouble.signal };
  const signal = aSignal({
    message: { mtype: 'signal', data: { digits: JSON.parse('12.5'), text: '\uffff🎈' } },
  });
  expect(await deliver(signal)).toBe('nothing');
  expect(await recordOf(signal)).toMatchObject({ status: 'failed', reason: trouble.reason });
  const [letter, ...more] = await place.store.takeDeadLetters();
  expect(more).toEqual([]);
  expect(letter?.attributes).toMatchObject({ reason: trouble.reason, source: 'webhook:crm' });
  expect(readMessage(letter?.body ?? '')).toEqual({ signals: [signal] });
});

const unknown: readonly (readonly [string, Reply])[] = [
  ['the connection broke', reset],
  ['the answer was cut', cutBody],
  ['500', status(500)],
  ['502', status(502)],
  ['no answer', silence],
];
test.each(unknown)('what was sent and not confirmed is not sent again: %s', async (_, reply) => {
  place.present.add(to());
  place.replies = { signal: () => reply };
  const signal = aSignal();
  expect(await deliver(signal)).toBe('nothing');
  expect(await recordOf(signal)).toMatchObject({ status: 'unknown', reason: 'delivery-unknown' });
  place.replies = {};
  await deliver(signal);
  expect(arrivals(signal)).toBe(0);
  expect(await place.store.takeDeadLetters()).toEqual([]);
});

test('what may come twice is sent again when nobody knows whether it arrived', async () => {
  place.present.add(to());
  place.replies = { signal: () => status(500) };
  const signal = aSignal({ resend: true });
  expect(await deliver(signal)).toMatchObject({ againMs: expect.any(Number) });
  place.replies = {};
  expect(await deliver(signal)).toBe('nothing');
  expect(await recordOf(signal)).toMatchObject({ status: 'sent', attempts: 2 });
  expect(arrivals(signal)).toBe(1);
});

test('an invoke is never sent again, whatever its source allows', async () => {
  place.present.add(to());
  place.replies = { signal: () => status(500) };
  const signal = aSignal({ resend: true, message: invoke });
  expect(await deliver(signal)).toBe('nothing');
  expect(await recordOf(signal)).toMatchObject({ status: 'unknown' });
  const another = aSignal({ resend: true, message: invoke });
  await died(another);
  expect(await deliver(another)).toBe('nothing');
  expect(await recordOf(another)).toMatchObject({ status: 'unknown', reason: 'worker-lost' });
  expect(place.received).toEqual([]);
});

/** Somebody has begun to send it, and was not heard of any more. */
async function died(signal: Signal): Promise<void> {
  const claim = await place.worker().table.claim(signal);
  if ('hold' in claim) await claim.hold.sending();
  place.clock.time += 35_000;
}

test('whoever dies before anything is sent has an heir; while sending, nobody knows', async () => {
  place.present.add(to());
  const [claimed, sending, again] = [aSignal(), aSignal(), aSignal({ resend: true })];
  await place.worker().table.claim(claimed);
  await Promise.all([died(sending), died(again)]);
  place.clock.time += 35_000;
  for (const signal of [claimed, sending, again]) expect(await deliver(signal)).toBe('nothing');
  expect(await recordOf(claimed)).toMatchObject({ status: 'sent', attempts: 2 });
  expect(await recordOf(sending)).toMatchObject({ status: 'unknown', reason: 'worker-lost' });
  expect(await recordOf(again)).toMatchObject({ status: 'sent' });
  expect([claimed, sending, again].map(arrivals)).toEqual([1, 0, 1]);
});

test('while somebody works on it, everybody else comes again when that is over', async () => {
  const signal = aSignal();
  await place.worker().table.claim(signal);
  expect(await deliver(signal)).toEqual({ againMs: 35_500 });
});

/** The visitor has got ten others meanwhile. */
async function enough(): Promise<void> {
  const { counters } = place.worker();
  const others = Array.from({ length: 10 }, () => aSignal());
  for (const other of others) await counters.admitSignal(other, 11);
}

/** What the next attempt meets, of a signal that may have arrived at the first one. */
const afterwards: readonly (readonly [string, (signal: Signal) => void | Promise<void>])[] = [
  ['its visitor has left', () => place.present.clear()],
  ['it is too late', ({ expiresAt }) => void Object.assign(place.clock, { time: expiresAt })],
  ['it goes on until then', ({ expiresAt }) => void Object.assign(place.clock, { time: expiresAt - 100 })],
  ['the token is refused', () => void Object.assign(place.replies, { find: () => status(401) })],
  ['its visitor has had enough', enough],
];
test.each(afterwards)(
  'what may have arrived never counts as if it had not: sent again, and %s',
  async (_, then) => {
    for (const begin of [deliver, died]) {
      place.clock.time = Date.now();
      place.present.add(to());
      place.replies = { signal: () => status(500) };
      const signal = aSignal({ resend: true });
      await begin(signal);
      await then(signal);
      expect(await deliver(signal)).toBe('nothing');
      expect(await recordOf(signal)).toMatchObject({ status: 'unknown' });
      expect(await place.store.takeDeadLetters()).toEqual([]);
    }
  },
);

test('what may have arrived, and waits for its visitor to be sent again, ends as unknown if nobody comes', async () => {
  const signal = waitingSignal(place.clock.time, { to: to(), resend: true });
  await died(signal);
  const { delivery, lines } = place.worker();
  expect(await delivery.signal(signal, ample)).toBe('waiting');
  const { look } = await lines.read(signal);
  place.clock.time = signal.expiresAt + 1;
  await delivery.look(
    { groupid: signal.groupid, visitorid: signal.visitorid, line: look?.line ?? '' },
    ample,
  );
  expect(await recordOf(signal)).toMatchObject({ status: 'unknown' });
});

test('a visitor gets ten signals a minute, the eleventh fails', async () => {
  place.present.add(to());
  const signals = Array.from({ length: 12 }, () => aSignal());
  await Promise.all(signals.map(deliver));
  expect(place.received).toHaveLength(10);
  const records = await Promise.all(signals.map(recordOf));
  const failed = records.filter((record) => record?.status === 'failed');
  expect(failed.map((record) => record?.reason)).toEqual(['rate-limited', 'rate-limited']);
  place.clock.time += 60_000;
  await deliver(aSignal());
  expect(place.received).toHaveLength(11);
});

test('a signal that has to be tried often is no more than one', async () => {
  place.present.add(to());
  place.replies = { signal: () => status(503) };
  const signal = aSignal();
  for (let tries = 0; tries < 15; tries++) await deliver(signal);
  place.replies = {};
  await deliver(signal);
  expect(await recordOf(signal)).toMatchObject({ status: 'sent', attempts: 16 });
  for (let more = 0; more < 9; more++) await deliver(aSignal());
  expect(place.received).toHaveLength(10);
});

test('with little time left, nothing is begun', async () => {
  const signal = aSignal();
  const late = { remaining: () => 3_999 };
  expect(await place.worker().delivery.signal(signal, late)).toEqual({ againMs: 0 });
  expect(await recordOf(signal)).toBeUndefined();
});
