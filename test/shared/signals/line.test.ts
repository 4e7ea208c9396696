import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { lookPauseMs } from '../../../shared/signals/pauses.ts';
import { readMessage, writeMessage } from '../../../shared/signals/queue-message.ts';
import type { Signal } from '../../../shared/signals/signal.ts';
import { type Reply, status } from '../../support/presence-server.ts';
import { type Between, openPlace, type Place, type Worker } from './place.ts';
import { ample, waitingSignal } from './signals.ts';
import { Simulation } from './simulation.ts';

let place: Place;
let simulation: Simulation;
let person = 0;
beforeAll(async () => {
  place = await openPlace();
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(() => {
  place.present.clear();
  place.received.length = 0;
  place.replies = {};
  person += 1;
  anew();
});

/** A queue with nothing in it. */
function anew(): void {
  simulation = new Simulation(place);
}

const to = () => `waiter-${person}`;
const aSignal = (more: Parameters<typeof waitingSignal>[1] = {}) =>
  waitingSignal(place.clock.time, { to: to(), ...more });
const recordOf = (signal: Signal) => place.worker().table.read(signal.id);
const arrived = () => place.received.map(({ data }) => data);

test('a signal arrives within three seconds of its visitor, while it is young', async () => {
  const worker = place.worker();
  const signal = aSignal();
  const start = place.clock.time;
  simulation.send(signal);
  await simulation.run(worker, start + 31_300);
  expect(await recordOf(signal)).toMatchObject({ status: 'waiting', waitingSince: expect.any(Number) });
  place.present.add(to());
  await simulation.run(worker, start + 34_300);
  expect(arrived()).toEqual([signal.id]);
  expect(await recordOf(signal)).toMatchObject({ status: 'sent' });
  // Nobody looks any more.
  expect(simulation.queued).toEqual([]);
});

test('nobody is looked for longer than the last signal waits', async () => {
  const signal = aSignal({ expiresAt: place.clock.time + 20_700 });
  simulation.send(signal);
  await simulation.run(place.worker());
  expect(await recordOf(signal)).toMatchObject({ status: 'expired', reason: 'visitor-not-present' });
  expect((await recordOf(signal))?.endedAt).toBeLessThan(signal.expiresAt + 1_500);
  expect(place.received).toEqual([]);
});

test('whoever cannot be asked for when its time is over has not been absent: it failed', async () => {
  const signal = aSignal({ expiresAt: place.clock.time + 30_000 });
  simulation.send(signal);
  await simulation.run(place.worker(), place.clock.time + 1_000);
  place.replies = { find: () => status(503) };
  await simulation.run(place.worker());
  expect(await recordOf(signal)).toMatchObject({ status: 'failed', reason: 'unavailable' });
});

test.each([
  [600, 60],
  [3_600, 900],
])('a service that asks for %i seconds is not asked for %i', async (asked, kept) => {
  const signal = aSignal({ expiresAt: place.clock.time + 86_400_000 });
  simulation.send(signal);
  const worker = place.worker();
  await simulation.run(worker, place.clock.time);
  place.replies = { find: () => status(503, { 'retry-after': String(asked) }) };
  const before = place.finds();
  await simulation.run(worker, place.clock.time + 3_000);
  expect(place.finds()).toBeGreaterThan(before);
  place.replies = {};
  const told = place.finds();
  await simulation.run(worker, place.clock.time + (kept - 10) * 1_000);
  expect(place.finds()).toBe(told);
  place.present.add(to());
  await simulation.run(worker, place.clock.time + 1_000_000);
  expect(arrived()).toEqual([signal.id]);
  expect(simulation.dead).toEqual([]);
});

test('ten signals for one visitor are looked for together, and sent in their order', async () => {
  const worker = place.worker();
  const start = place.clock.time;
  const signals = Array.from({ length: 10 }, (_, at) => aSignal({ acceptedAt: start + at }));
  simulation.send(...signals);
  await simulation.run(worker, start + 2_000);
  const before = place.finds();
  await simulation.run(worker, start + 22_000);
  expect(place.finds() - before).toBe(10);
  place.present.add(to());
  await simulation.run(worker, start + 30_000);
  expect(arrived()).toEqual(signals.map(({ id }) => id));
});

test('however many begin to wait at once, one look is left', async () => {
  const start = place.clock.time;
  for (let at = 0; at < 10; at++) simulation.send(aSignal({ acceptedAt: start + at }));
  const messages = [...simulation.queued];
  await Promise.all(
    messages.map(async ({ body }) => {
      const message = readMessage(body);
      if ('signals' in message)
        for (const signal of message.signals) await place.worker().delivery.signal(signal, ample);
    }),
  );
  anew();
  const worker = place.worker();
  const line = await worker.lines.read(aSignal());
  expect(line.signals).toHaveLength(10);
  simulation.put(writeMessage({ look: { ...lookOf(), line: line.look?.line ?? '' } }), start + 2_000);
  await simulation.run(worker, start + 3_000);
  expect(simulation.looks).toHaveLength(1);
});

const lookOf = () => {
  const { groupid, visitorid } = aSignal();
  return { groupid, visitorid };
};

test('a new signal brings a look within two seconds, however seldom the old one was looked for', async () => {
  const worker = place.worker();
  const start = place.clock.time;
  const old = aSignal({ acceptedAt: start - 1_200_000 });
  simulation.send(old);
  await simulation.run(worker, start + 130_000);
  expect(simulation.looks[0]).toBeGreaterThan(start + 150_000);
  const fresh = aSignal();
  simulation.send(fresh);
  await simulation.run(worker, start + 130_500);
  place.present.add(to());
  await simulation.run(worker, start + 132_500);
  expect(arrived()).toEqual([old.id, fresh.id]);
});

test('a signal that joins in the middle of a look is not left to the pace of the old ones', async () => {
  const start = place.clock.time;
  const old = aSignal({ acceptedAt: start - 1_200_000 });
  simulation.send(old);
  await simulation.run(place.worker(), start + 3_000);
  const fresh = aSignal();
  // It joins while the answer to the find is on its way.
  const joins: Reply = async (response, request) => {
    place.replies = {};
    await place.worker().delivery.signal(fresh, ample);
    response.writeHead(200).end(JSON.stringify({ visitorfound: false, of: request.path }));
  };
  place.replies = { find: () => joins };
  await simulation.step(() => place.worker());
  expect(place.replies).toEqual({});
  const next = simulation.looks.toSorted((a, b) => a - b)[0] ?? Number.NaN;
  expect(next - place.clock.time).toBeLessThanOrEqual(2_000);
  place.present.add(to());
  await simulation.run(place.worker(), place.clock.time + 2_500);
  expect(arrived()).toEqual([old.id, fresh.id]);
});

test('copies of a look die out', async () => {
  const start = place.clock.time;
  simulation.send(aSignal());
  const worker = place.worker();
  await simulation.run(worker, start);
  for (const { body, at } of simulation.queued) for (let copy = 0; copy < 5; copy++) simulation.put(body, at);
  expect(simulation.looks).toHaveLength(6);
  await simulation.run(worker, start + 5_000);
  expect(simulation.looks).toHaveLength(1);
});

test('of copies of a look that are handled at once, one goes on', async () => {
  const signals = [1, 2, 3].map((at) => aSignal({ acceptedAt: place.clock.time + at }));
  simulation.send(...signals);
  await simulation.run(place.worker(), place.clock.time);
  const [next] = simulation.queued;
  const message = readMessage(next?.body ?? '');
  place.present.add(to());
  if ('look' in message)
    await Promise.all([1, 2, 3].map(() => place.worker().delivery.look(message.look, ample)));
  await simulation.run(place.worker(), place.clock.time + 200_000);
  expect(arrived()).toEqual(signals.map(({ id }) => id));
  expect(simulation.queued).toEqual([]);
});

test('a visitor who leaves in the middle gets the rest later', async () => {
  const signals = [1, 2, 3, 4].map((at) => aSignal({ acceptedAt: place.clock.time + at }));
  simulation.send(...signals);
  const worker = place.worker();
  await simulation.run(worker, place.clock.time);
  place.present.add(to());
  const [first, second] = signals;
  place.replies = {
    find: () => {
      if (arrived().length === 2) place.present.clear();
      return undefined;
    },
  };
  await simulation.run(worker, place.clock.time + 60_000);
  expect(arrived()).toEqual([first?.id, second?.id]);
  place.replies = {};
  place.present.add(to());
  await simulation.run(worker, place.clock.time + 60_000);
  expect(arrived()).toEqual(signals.map(({ id }) => id));
});

test('when the last one that waits is cancelled, nobody looks any more', async () => {
  const signal = aSignal();
  simulation.send(signal);
  const worker = place.worker();
  await simulation.run(worker, place.clock.time + 5_000);
  await worker.table.cancel(signal.id);
  const before = place.finds();
  await simulation.run(worker);
  expect(place.finds()).toBe(before);
  expect(await recordOf(signal)).toMatchObject({ status: 'cancelled' });
});

test('one that is cancelled right before it stands in the line is not looked for', async () => {
  const signal = aSignal();
  let isCancelled = false;
  const between: Between = async (what, call) => {
    const isJoin = what === 'PutItemCommand' && (await recordOf(signal))?.status === 'waiting';
    if (isJoin && !isCancelled) {
      isCancelled = true;
      await place.worker().table.cancel(signal.id);
    }
    return await call();
  };
  simulation.send(signal);
  await simulation.run(place.worker({ between }), place.clock.time);
  expect(isCancelled).toBe(true);
  const before = place.finds();
  await simulation.run(place.worker());
  expect(place.finds()).toBe(before);
});

test('a dead letter that waits again has its new time', async () => {
  const { table } = place.worker();
  const signal = aSignal({ expiresAt: place.clock.time + 1_000 });
  const claim = await table.claim(signal);
  if ('hold' in claim) await claim.hold.end('failed', 'unavailable');
  place.clock.time += 5_000;
  await table.reopen(signal.id, place.clock.time + 60_000);
  simulation.send(signal);
  await simulation.run(place.worker(), place.clock.time + 30_000);
  expect(await recordOf(signal)).toMatchObject({ status: 'waiting' });
  place.present.add(to());
  await simulation.run(place.worker(), place.clock.time + 5_000);
  expect(arrived()).toEqual([signal.id]);
});

test('where the answer to a write is lost, the visitor is looked for all the same', async () => {
  // Each write of a join and of the looks after it, in turn.
  for (let point = 1; point <= 14; point++) {
    anew();
    const signal = aSignal({ to: `${to()}-${point}`, acceptedAt: place.clock.time - 700_000 });
    let writes = 0;
    place.tableGate.fateOf = ({ operation, input }) => {
      const isOfLine = JSON.stringify(input).includes(`line#12345#${signal.visitorid}`);
      if (!isOfLine || operation === 'Query') return undefined;
      writes += 1;
      return writes === point ? 'unanswered' : undefined;
    };
    simulation.send(signal);
    // The look comes before it is named, so that it has to name itself.
    const start = place.clock.time;
    await simulation.run(place.worker(), start + 200_000);
    place.present.add(signal.visitorid);
    await simulation.run(place.worker(), start + 300_000);
    place.tableGate.fateOf = () => undefined;
    expect(await recordOf(signal), `write ${point}`).toMatchObject({ status: 'sent' });
  }
});

test('a look that names itself, and whose answer is lost, goes on', async () => {
  const signal = aSignal();
  const { lines, table } = place.worker();
  const claim = await table.claim(signal);
  if ('hold' in claim) await claim.hold.wait();
  await lines.join(signal);
  const { look: next } = await lines.read(signal);
  anew();
  // Its announcer died before it could be named.
  simulation.put(writeMessage({ look: { ...lookOf(), line: 'heir', after: next?.line ?? '' } }));
  let lost = false;
  place.tableGate.fateOf = ({ operation }) => {
    if (operation !== 'PutItem' || lost) return undefined;
    lost = true;
    return 'unanswered';
  };
  place.present.add(to());
  await simulation.run(place.worker(), place.clock.time + 5_000);
  place.tableGate.fateOf = () => undefined;
  expect(lost).toBe(true);
  expect(arrived()).toEqual([signal.id]);
});

test('all workers together ask no more often than they may in a second', async () => {
  place.clock.time = Math.ceil(place.clock.time / 1_000) * 1_000;
  const workers = Array.from({ length: 6 }, () => place.worker());
  const admitted = async () => {
    const asked = workers.flatMap(({ counters }) =>
      Array.from({ length: 5 }, () => counters.admitFind('12345', 7)),
    );
    return (await Promise.all(asked)).filter(Boolean).length;
  };
  expect(await admitted()).toBe(7);
  place.clock.time += 999;
  expect(await admitted()).toBe(0);
  place.clock.time += 1;
  expect(await admitted()).toBe(7);
});

test('whoever may not ask now does so a little later', async () => {
  const signal = aSignal();
  simulation.send(signal);
  const none = place.worker({ findsPerSecond: 0 });
  await simulation.run(none, place.clock.time + 10_000);
  expect(simulation.looks).toHaveLength(1);
  place.present.add(to());
  await simulation.run(place.worker(), place.clock.time + 3_000);
  expect(arrived()).toEqual([signal.id]);
});

test('a signal that joins while the line is closed is looked for, in whatever order things happen', async () => {
  let round = 0;
  const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
    round += 1;
    anew();
    const visitorid = `${to()}-race-${round}`;
    place.present.add(visitorid);
    const [first, second, third] = [1, 2, 3].map((at) =>
      aSignal({ to: visitorid, acceptedAt: place.clock.time + at }),
    ) as [Signal, Signal, Signal];
    const worker = place.worker();
    // The first one waits, and its look comes while the others join.
    const claim = await worker.table.claim(first);
    if ('hold' in claim) await claim.hold.wait();
    await worker.lines.join(first);
    const [next] = simulation.queued;
    const message = readMessage(next?.body ?? '');
    anew();
    const between: Between = (what, call) => scheduler.schedule(Promise.resolve(), what).then(call);
    const scheduled = (): Worker => place.worker({ between });
    const wait = async (signal: Signal) => {
      const { table, lines } = scheduled();
      const claimed = await table.claim(signal);
      if ('hold' in claimed) await claimed.hold.wait();
      await lines.join(signal, { atOnce: true });
    };
    const all = Promise.all([
      'look' in message ? scheduled().delivery.look(message.look, ample) : undefined,
      wait(second),
      wait(third),
    ]);
    await scheduler.waitFor(all);
    await simulation.run(worker, place.clock.time + 20_000);
    const records = await Promise.all([first, second, third].map((signal) => worker.table.read(signal.id)));
    expect(records.map((record) => record?.status)).toEqual(['sent', 'sent', 'sent']);
    expect(simulation.queued).toEqual([]);
    const { look, signals } = await worker.lines.read(first);
    expect([look, signals]).toEqual([undefined, []]);
  });
  await fc.assert(property, { numRuns: 25 });
}, 60_000);

test('the pause grows with the wait, and no signal is kept a second beyond its time', () => {
  const ages = fc.record({
    acceptedAgo: fc.integer({ min: 0, max: 86_400_000 }),
    left: fc.integer({ min: 0, max: 86_400_000 }),
  });
  fc.assert(
    fc.property(fc.array(ages, { minLength: 1, maxLength: 8 }), (given) => {
      const now = 2_000_000_000_000;
      const signals = given.map(({ acceptedAgo, left }) => ({
        acceptedAt: now - acceptedAgo,
        expiresAt: now + left,
      }));
      const pause = lookPauseMs(signals, now);
      const youngest = Math.min(...given.map(({ acceptedAgo }) => acceptedAgo));
      const nearest = Math.min(...given.map(({ left }) => left));
      const usual = youngest < 60_000 ? 2_000 : youngest < 600_000 ? 10_000 : 60_000;
      expect(pause).toBeGreaterThanOrEqual(1_000);
      expect(pause).toBeLessThanOrEqual(usual);
      expect(pause).toBeLessThanOrEqual(Math.max(1_000, nearest + 1_000));
      if (nearest > usual) expect(pause).toBe(usual);
    }),
  );
});
