import { expect, test } from 'vitest';
import { chartLines } from '../../../../infra/cli/history/chart.ts';
import { seriesOf } from '../../../../infra/cli/history/series.ts';
import type { Manifest } from '../../../../shared/snapshots/manifest.ts';
import { slotAt } from '../../../../shared/snapshots/slot.ts';
import { minute, taken } from '../snapshot/stand-in.ts';

const start = Date.parse('2026-11-22T12:00:00Z');
const period = 5 * minute;
const slot = (index: number) => slotAt(start + index * period);
const whole = (index: number, visitors: number, missed = 0) =>
  taken(slot(index), { visitors, missed, previous: slot(index - missed - 1) });

function chart(manifests: readonly Manifest[], { slots = 12, width = 60 } = {}): string[] {
  const range = { from: start, to: start + slots * period };
  return chartLines(seriesOf(manifests, range, period), width);
}

test('a chart has twelve rows, round numbers at its side, times below, and marks where snapshots are missing', () => {
  const manifests = [whole(0, 40), whole(1, 100), whole(2, 0), whole(3, 1), whole(7, 60, 3)];
  expect(chart(manifests, { width: 41 }).join('\n')).toBe(
    [
      '100 ┤   ███      ░░░░░░░░░',
      '    │   ███      ░░░░░░░░░',
      '    │   ███      ░░░░░░░░░',
      ' 75 ┤   ███      ░░░░░░░░░',
      '    │   ███      ░░░░░░░░░▂▂▂',
      '    │   ███      ░░░░░░░░░███',
      ' 50 ┤   ███      ░░░░░░░░░███',
      '    │▆▆▆███      ░░░░░░░░░███',
      '    │██████      ░░░░░░░░░███',
      ' 25 ┤██████      ░░░░░░░░░███',
      '    │██████      ░░░░░░░░░███',
      '    │██████   ▁▁▁░░░░░░░░░███',
      '  0 ┼┬───────────╌╌╌╌╌╌┬╌╌───╌╌╌╌╌╌╌╌╌╌╌╌',
      '                 ░░░░░░░░░',
      '     12:00           12:30',
    ].join('\n'),
  );
});

test('one snapshot that is missing among many has its mark', () => {
  const most = Array.from({ length: 287 }, (_, index) => whole(index + 1, 50, index === 99 ? 1 : 0));
  const manifests = most.filter(({ snapshot }) => snapshot !== slot(99));
  const lines = chart(manifests, { slots: 288, width: 110 });
  expect(lines.filter((line) => line.includes('░')).map((line) => line.trim())).toEqual(['░']);
});

test('a chart fits its width, whatever there is to show', () => {
  const manifests = Array.from({ length: 50 }, (_, index) => whole(index, index * 123_456));
  for (const width of [40, 77, 110]) {
    const lengths = chart(manifests, { slots: 50, width }).map((line) => Array.from(line).length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(width);
    expect(lengths.length).toBe(14);
  }
});

test('a chart of nothing is an empty one', () => {
  expect(
    chart([])
      .join('')
      .replaceAll(/[\d: ]/g, ''),
  ).toMatch(/^[┤│]+┼[╌┬]+$/);
});
