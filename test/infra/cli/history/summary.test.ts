import { expect, test } from 'vitest';
import { seriesOf } from '../../../../infra/cli/history/series.ts';
import { summaryOf } from '../../../../infra/cli/history/summary.ts';
import type { GapManifest } from '../../../../shared/snapshots/manifest.ts';
import { slotAt } from '../../../../shared/snapshots/slot.ts';
import { minute, taken } from '../snapshot/stand-in.ts';

const start = Date.parse('2026-11-22T12:00:00Z');
const slot = (index: number) => slotAt(start + index * 5 * minute);
const whole = (index: number, visitors: number, changes = {}) => taken(slot(index), { visitors, ...changes });
const gap: GapManifest = { status: 'gap', groupid: '12345', snapshot: slot(1), reason: 'late' };

function summary(...manifests: Parameters<typeof seriesOf>[0]) {
  const range = { from: start, to: slot(12) };
  return summaryOf(seriesOf(manifests, range, 5 * minute), manifests);
}

test('of several snapshots with the most visitors the first is named; gaps are no zeros of an average', () => {
  expect(summary(whole(0, 3), gap, whole(2, 9), whole(3, 0), whole(4, 9))).toMatchObject({
    snapshots: 4,
    missing: 1,
    peak: { at: slot(2), visitors: 9 },
    average: 21 / 4,
    newest: { at: slot(4), visitors: 9 },
  });
});

test('arrivals and departures are those of the snapshots that were compared', () => {
  const first = whole(0, 3, { arrivals: null, departures: null });
  const next = whole(1, 4, { arrivals: 2, departures: 1 });
  const last = whole(2, 4, { arrivals: 0, departures: 5 });
  expect(summary(first, next, last)).toMatchObject({ arrivals: 2, departures: 6, compared: 2 });
});

test('of nothing there is no peak, no average and no newest one', () => {
  const known = summary(gap);
  expect(known).toEqual({ snapshots: 0, missing: 1, arrivals: 0, departures: 0, compared: 0 });
});
