import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  dayOf,
  isLate,
  slotAt,
  slotName,
  slotsBetween,
  slotText,
  slotTime,
} from '../../../shared/snapshots/slot.ts';

/** To the millisecond, over all years of four digits. */
const moment = fc.integer({
  min: Date.parse('1970-01-01T00:00:00Z'),
  max: Date.parse('9999-12-31T23:59:59.999Z'),
});
const noon = slotAt(Date.parse('2026-11-22T12:00:00Z'));
const midnight = slotAt(Date.parse('2026-11-22T00:00:00Z'));

test('a slot is the whole second of what the schedule says', () => {
  expect(slotText.parse('2026-11-22T12:00:00Z')).toBe(noon);
  expect(slotText.parse('2026-11-22T12:00:00.999Z')).toBe(noon);
  expect(slotText.parse('2028-02-29T00:00:00Z')).toBe(Date.parse('2028-02-29T00:00:00Z'));
  fc.assert(
    fc.property(moment, (time) => {
      const slot = slotAt(time);
      expect(slot % 1_000).toBe(0);
      expect(time - slot).toBeGreaterThanOrEqual(0);
      expect(time - slot).toBeLessThan(1_000);
      expect(slotText.parse(new Date(time).toISOString())).toBe(slot);
      expect(slotText.parse(slotTime(slot))).toBe(slot);
    }),
  );
});

test.each([
  '2026-02-29T00:00:00Z',
  '2026-02-31T12:00:00Z',
  '2026-04-31T12:00:00Z',
  '2100-02-29T00:00:00Z',
  '2026-00-01T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-11-00T00:00:00Z',
  '2026-11-22T24:00:00Z',
  '2026-11-22T12:60:00Z',
  '2016-12-31T23:59:60Z',
])('a time that there is not is refused: %s', (text) => {
  expect(slotText.safeParse(text).error?.issues[0]?.message).toBe('is no time that there is');
});

test.each([
  '',
  '2026-11-22',
  '2026-11-22T12:00Z',
  '2026-11-22T12:00:00',
  '2026-11-22T12:00:00+00:00',
  '2026-11-22T12:00:00+02:00',
  '2026-11-22T12:00:00.Z',
  '2026-11-22T12:00:00z',
  '2026-11-22 12:00:00Z',
  ' 2026-11-22T12:00:00Z',
  '2026-11-22T12:00:00Z\n',
  '+002026-11-22T12:00:00Z',
  '<aws.scheduler.scheduled-time>',
  noon,
  null,
])('what is no time in UTC is refused: %j', (value) => {
  expect(slotText.safeParse(value).success).toBe(false);
});

test('names are in the order of time, and each has its own', () => {
  fc.assert(
    fc.property(moment, moment, (one, other) => {
      const [first, second] = [slotAt(one), slotAt(other)];
      expect(Math.sign(first - second)).toBe(order(slotName(first), slotName(second)));
      expect(slotName(first)).toMatch(/^\d{8}T\d{6}Z$/);
      expect(slotName(first)).toBe(slotTime(first).replaceAll('-', '').replaceAll(':', ''));
      expect(dayOf(first)).toBe(new Date(one).toISOString().slice(0, 10));
    }),
  );
});

function order(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

test.each([60, 300, 301, 86_400])(
  'of a period of %i seconds, half is in time, and a millisecond more is late',
  (period) => {
    const half = noon + (period * 1_000) / 2;
    expect(isLate(noon, period, noon)).toBe(false);
    expect(isLate(noon, period, half)).toBe(false);
    expect(isLate(noon, period, half + 1)).toBe(true);
  },
);

test('what comes before its time is not late', () => {
  expect(isLate(noon, 300, noon - 5_000)).toBe(false);
});

test('the number of slots between two is that of the snapshots that are missing', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(60, 300, 3_600, 86_400),
      fc.integer({ min: 1, max: 5_000 }),
      (period, steps) => {
        expect(slotsBetween(midnight, slotAt(midnight + steps * period * 1_000), period)).toBe(steps - 1);
      },
    ),
  );
});

test('a snapshot that somebody took in between stands for no missing slot, and the same one has none before it', () => {
  expect(slotsBetween(noon, slotAt(noon + 120_000), 300)).toBe(0);
  expect(slotsBetween(slotAt(noon + 120_000), slotAt(noon + 300_000), 300)).toBe(0);
  expect(slotsBetween(slotAt(noon + 120_000), slotAt(noon + 600_000), 300)).toBe(1);
  expect(slotsBetween(slotAt(noon + 480_000), slotAt(noon + 900_000), 300)).toBe(1);
  expect(slotsBetween(slotAt(noon + 480_000), slotAt(noon + 540_000), 300)).toBe(0);
  expect(slotsBetween(noon, noon, 300)).toBe(0);
  expect(slotsBetween(slotAt(noon + 900_000), noon, 300)).toBe(0);
});
