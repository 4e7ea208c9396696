import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openPlace, type Place } from './place.ts';
import { newSignal } from './signals.ts';

let place: Place;
beforeAll(async () => {
  place = await openPlace();
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(() => {
  place.tableGate.fateOf = () => undefined;
});

test('in no minute whatsoever a visitor gets more than the limit, and nobody is refused below it', async () => {
  let round = 0;
  const steps = fc.array(
    fc.record({ after: fc.integer({ min: 0, max: 30_000 }), signal: fc.integer({ min: 0, max: 12 }) }),
    { maxLength: 30 },
  );
  const property = fc.asyncProperty(steps, fc.integer({ min: 1, max: 5 }), async (given, most) => {
    round += 1;
    const { counters } = place.worker();
    const signals = Array.from({ length: 13 }, () => newSignal(place.clock.time, { to: `counted-${round}` }));
    // When each signal was admitted last.
    const model = new Map<string, number>();
    for (const { after, signal: index } of given) {
      place.clock.time += after;
      const signal = signals[index] ?? newSignal(place.clock.time);
      const now = place.clock.time;
      const others = [...model].filter(([id, time]) => id !== signal.id && time > now - 60_000);
      const expected = others.length < most;
      expect(await counters.admitSignal(signal, most)).toBe(expected);
      if (expected) model.set(signal.id, now);
    }
  });
  await fc.assert(property, { numRuns: 30 });
});

test.each([1, 3, 12])('of any number of workers at once, as many get through as may: %i', async (most) => {
  const to = `crowded-${most}`;
  const asked = Array.from({ length: 16 }, () =>
    place.worker().counters.admitSignal(newSignal(place.clock.time, { to }), most),
  );
  const admitted = (await Promise.all(asked)).filter(Boolean);
  expect(admitted).toHaveLength(most);
});

test('where the answer to it is lost, a signal counts once', async () => {
  const { counters } = place.worker();
  let isLost = false;
  place.tableGate.fateOf = ({ operation }) => {
    if (operation !== 'PutItem' || isLost) return undefined;
    isLost = true;
    return 'unanswered';
  };
  const signal = () => newSignal(place.clock.time, { to: 'lost' });
  expect(await counters.admitSignal(signal(), 2)).toBe(true);
  expect(isLost).toBe(true);
  expect(await counters.admitSignal(signal(), 2)).toBe(true);
  expect(await counters.admitSignal(signal(), 2)).toBe(false);
});

test('one visitor’s signals do not count for another, nor for another group', async () => {
  const { counters } = place.worker();
  const time = place.clock.time;
  for (const to of ['one', 'two']) expect(await counters.admitSignal(newSignal(time, { to }), 1)).toBe(true);
  const elsewhere = { ...newSignal(time, { to: 'one' }), groupid: '777' as never };
  expect(await counters.admitSignal(elsewhere, 1)).toBe(true);
  expect(await counters.admitSignal(newSignal(time, { to: 'one' }), 1)).toBe(false);
});
