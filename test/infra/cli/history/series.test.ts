import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellsOf, seriesOf } from '../../../../infra/cli/history/series.ts';
import type { GapManifest, Manifest } from '../../../../shared/snapshots/manifest.ts';
import { slotAt } from '../../../../shared/snapshots/slot.ts';
import { minute, taken } from '../snapshot/stand-in.ts';

const start = Date.parse('2026-11-22T12:00:00Z');
const period = 5 * minute;
/** The so-and-so-many-th slot of five minutes. */
const slot = (index: number) => slotAt(start + index * period);
const range = { from: start, to: start + 12 * period };
const whole = (index: number, visitors: number, missed = 0) =>
  taken(slot(index), { visitors, missed, previous: slot(index - missed - 1) });
const gap = (index: number): GapManifest => ({
  ...{ status: 'gap', groupid: '12345', snapshot: slot(index), reason: 'late' },
});
const drawn = (...manifests: Manifest[]) => seriesOf(manifests, range, period);
const missing = ({ gaps }: ReturnType<typeof seriesOf>) => gaps.map((one) => one.missing);
const points = (...numbers: [index: number, visitors: number][]) =>
  numbers.map(([index, visitors]) => ({ at: slot(index), visitors }));

describe('a series', () => {
  test('of snapshots with none missing is one run, which ends a period after the newest', () => {
    const { runs, gaps } = drawn(whole(1, 20), whole(0, 10), whole(2, 0));
    expect(runs).toEqual([{ points: points([0, 10], [1, 20], [2, 0]), until: slot(3) }]);
    expect(gaps).toEqual([]);
  });

  test('is interrupted where a snapshot says that some before it are missing', () => {
    const { runs, gaps } = drawn(whole(0, 10), whole(3, 30, 2));
    expect(gaps).toEqual([{ from: slot(1), to: slot(3), missing: 2 }]);
    expect(runs).toEqual([
      { points: points([0, 10]), until: slot(1) },
      { points: points([3, 30]), until: slot(4) },
    ]);
  });

  test('begins with the beginning of the range, and has nothing of its end', () => {
    const { runs } = drawn(whole(-1, 9), whole(0, 10), whole(12, 11));
    expect(runs.flatMap((run) => run.points)).toEqual(points([0, 10]));
  });

  test('counts a slot once that is both told as a gap and missed by the next snapshot', () => {
    expect(missing(drawn(whole(0, 10), gap(1), whole(3, 30, 2)))).toEqual([2]);
  });

  test('has a gap at its end while nothing has come after it', () => {
    const series = drawn(whole(0, 10), gap(1), gap(2));
    expect(series.gaps).toEqual([{ from: slot(1), to: slot(3), missing: 2 }]);
    expect(series.runs).toEqual([{ points: points([0, 10]), until: slot(1) }]);
  });

  test('of nothing but gaps has no run', () => {
    expect(drawn(gap(0), gap(1))).toMatchObject({ runs: [], gaps: [{ missing: 2 }] });
  });

  test('counts of what is missing at its beginning only what belongs to it', () => {
    expect(drawn(whole(2, 30, 100)).gaps).toEqual([{ from: slot(0), to: slot(2), missing: 2 }]);
  });

  test('has no gap where a snapshot became whole only after the next one', () => {
    expect(missing(drawn(whole(0, 10), whole(1, 20), whole(2, 30, 1)))).toEqual([]);
    expect(missing(drawn(whole(0, 10), whole(2, 20), whole(4, 30, 3)))).toEqual([1]);
  });

  test('takes a snapshot between two slots for no gap', () => {
    const between = taken(slotAt(slot(0) + 100_000), { visitors: 15, previous: slot(0) });
    const next = taken(slot(1), { visitors: 20, previous: between.snapshot });
    expect(drawn(whole(0, 10), between, next).runs).toHaveLength(1);
  });
});

describe('the stretches of a series', () => {
  const cells = (count: number, ...manifests: Manifest[]) => cellsOf(drawn(...manifests), count);

  test('that are shorter than a period show its snapshot until the next', () => {
    const kinds = cells(24, whole(0, 10), whole(1, 20)).slice(0, 6);
    expect(kinds.map((cell) => (cell.kind === 'known' ? cell.visitors : cell.kind))).toEqual([
      ...[10, 10, 20, 20],
      ...['nothing', 'nothing'],
    ]);
  });

  test('that are longer show the most, and that some are missing', () => {
    expect(cells(3, whole(0, 10), whole(1, 40), whole(3, 0, 1), whole(4, 5))).toEqual([
      { kind: 'known', visitors: 40, isPartial: true },
      { kind: 'known', visitors: 5, isPartial: false },
      { kind: 'nothing' },
    ]);
  });

  test('without a snapshot are a gap, and never nobody', () => {
    expect(cells(12, whole(0, 10), whole(3, 0, 2)).slice(0, 4)).toEqual([
      { kind: 'known', visitors: 10, isPartial: false },
      { kind: 'gap' },
      { kind: 'gap' },
      { kind: 'known', visitors: 0, isPartial: false },
    ]);
  });

  test('show every snapshot, and a mark for each that is missing, however long they are', () => {
    const kinds = fc.array(fc.constantFrom('whole', 'gap', 'lost'), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(kinds, fc.integer({ min: 1, max: 60 }), (slots, count) => {
        let missed = 0;
        const manifests = slots.flatMap((kind, index): Manifest[] => {
          const before = missed;
          missed = kind === 'whole' ? 0 : missed + 1;
          if (kind === 'lost') return [];
          return kind === 'gap' ? [gap(index)] : [whole(index, 100 + index, before)];
        });
        const series = drawn(...manifests);
        const result = cellsOf(series, count);
        const cellOf = (index: number) => result[Math.floor((index / 12) * count + 1e-9)];
        for (const [index, kind] of slots.entries()) {
          const cell = cellOf(index);
          if (kind === 'whole') expect(cell?.kind).toBe('known');
          if (kind === 'whole' && cell?.kind === 'known')
            expect(cell.visitors).toBeGreaterThanOrEqual(100 + index);
          const isShown = cell?.kind === 'gap' || (cell?.kind === 'known' && cell.isPartial);
          if (kind === 'gap') expect(isShown).toBe(true);
        }
      }),
    );
  });
});
