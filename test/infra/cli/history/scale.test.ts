import fc from 'fast-check';
import { expect, test } from 'vitest';
import { numberTicks, timeTicks } from '../../../../infra/cli/history/scale.ts';

test.for([
  [0, [0, 1]],
  [1, [0, 1]],
  [5, [0, 2, 4, 6]],
  [100, [0, 25, 50, 75, 100]],
  [357, [0, 100, 200, 300, 400]],
  [41_000, [0, 20_000, 40_000, 60_000]],
] as const)('an axis for %d has the numbers %j', ([most, ticks]) => {
  expect(numberTicks(most)).toEqual(ticks);
});

test('an axis reaches whatever there is, in whole numbers and at most four steps', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e12 }), (most) => {
      const ticks = numberTicks(most);
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(most);
      expect(ticks.length).toBeGreaterThan(1);
      expect(ticks.length).toBeLessThanOrEqual(5);
      expect(ticks.every(Number.isSafeInteger)).toBe(true);
    }),
  );
});

const labels = (from: string, to: string, most = 9) =>
  timeTicks({ from: Date.parse(from), to: Date.parse(to) }, most).map(({ label }) => label);

test.for([
  [
    '2026-11-22T12:00:00Z',
    '2026-11-22T12:31:00Z',
    ['12:00', '12:05', '12:10', '12:15', '12:20', '12:25', '12:30'],
  ],
  [
    '2026-11-21T17:07:00Z',
    '2026-11-22T08:07:00Z',
    ['18:00', '20:00', '22:00', '22 Nov', '02:00', '04:00', '06:00', '08:00'],
  ],
  ['2026-11-17T12:00:00Z', '2026-11-20T12:00:00Z', ['12:00', '18 Nov', '12:00', '19 Nov', '12:00', '20 Nov']],
  ['2026-10-20T00:00:00Z', '2026-11-20T00:00:00Z', ['26 Oct', '2 Nov', '9 Nov', '16 Nov']],
  [
    '2026-01-10T00:00:00Z',
    '2026-12-10T00:00:00Z',
    ['Mar 2026', 'May 2026', 'Jul 2026', 'Sept 2026', 'Nov 2026'],
  ],
] as const)('from %s to %s the times are round', ([from, to, wanted]) => {
  expect(labels(from, to)).toEqual(wanted);
});

test('times are in the range, in order, and not too many', () => {
  const time = fc.integer({ min: 0, max: Date.parse('2035-01-01') });
  fc.assert(
    fc.property(time, fc.integer({ min: 60_000, max: 3_650 * 86_400_000 }), (from, length) => {
      const ticks = timeTicks({ from, to: from + length }, 9);
      expect(ticks.length).toBeLessThanOrEqual(10);
      expect(ticks.map(({ at }) => at)).toEqual(ticks.map(({ at }) => at).toSorted((a, b) => a - b));
      for (const { at } of ticks) {
        expect(at).toBeGreaterThanOrEqual(from);
        expect(at).toBeLessThan(from + length);
      }
    }),
  );
});
