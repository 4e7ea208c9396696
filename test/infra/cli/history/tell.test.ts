import { expect, test } from 'vitest';
import { seriesOf } from '../../../../infra/cli/history/series.ts';
import { summaryOf } from '../../../../infra/cli/history/summary.ts';
import { historyLines } from '../../../../infra/cli/history/tell.ts';
import { slotAt } from '../../../../shared/snapshots/slot.ts';
import { minute, taken } from '../snapshot/stand-in.ts';

test('a terminal that does not say how wide it is, gets what one gets that is wide enough', () => {
  const start = Date.parse('2026-11-22T12:00:00Z');
  const manifests = [taken(slotAt(start), { visitors: 7 })];
  const series = seriesOf(manifests, { from: start, to: start + 60 * minute }, 5 * minute);
  const counts = { visitors: 7, without: 0, beyond: 0, read: 1, of: 1, unreadable: 0 };
  const pages = { top: [{ page: 'shop.example/cart', visitors: 7 }], ...counts };
  const history = { groupid: '12345', from: 'the local run', manifests, series, unreadable: 0, pages };
  const lines = (columns?: number) =>
    historyLines({ ...history, summary: summaryOf(series, manifests) }, columns);
  expect(lines(0)).toEqual(lines(200));
  expect(lines(undefined)).toEqual(lines(200));
});
