import type { Range } from './range.ts';
import { numberTicks, timeTicks } from './scale.ts';
import { type Cell, cellsOf, type Series } from './series.ts';
import { number } from './words.ts';

/** One, two, three and four steps of the axis fit it. */
const rows = 12;
const eighths = ['', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
/** Where snapshots are missing. */
export const gapMark = '░';

/** Visitors over time, in lines of at most so many characters. What is missing is marked, and never looks like nobody. */
export function chartLines(series: Series, width: number): string[] {
  const ticks = numberTicks(mostIn(series));
  const top = ticks.at(-1) ?? 1;
  const labels = ticks.map(number);
  const gutter = Math.max(...labels.map(({ length }) => length));
  const cells = cellsOf(series, Math.max(10, width - gutter - 2));

  const body = Array.from({ length: rows }, (_, row) => {
    // The upper edge of a row is at its label.
    const step = ((rows - row) / rows) * (ticks.length - 1);
    const label = Number.isInteger(step) ? (labels[step] ?? '') : '';
    const marks = cells.map((cell) => markOf(cell, top, rows - 1 - row)).join('');
    return `${label.padStart(gutter)} ${label === '' ? '│' : '┤'}${marks}`;
  });
  const times = timeTicks(series.range, Math.floor(cells.length / 12));
  const at = times.map((tick) => ({ ...tick, column: columnOf(tick.at, series.range, cells.length) }));
  const axis = cells.map((cell, column) => {
    if (at.some((tick) => tick.column === column)) return '┬';
    return cell.kind === 'known' ? '─' : '╌';
  });
  const margin = ' '.repeat(gutter + 2);
  const lines = [...body, `${(labels[0] ?? '').padStart(gutter)} ┼${axis.join('')}`];
  if (series.gaps.length > 0)
    lines.push(margin + cells.map((cell) => (isMissing(cell) ? gapMark : ' ')).join(''));
  lines.push(margin + labelLine(at, cells.length));
  return lines.map((line) => line.trimEnd());
}

function mostIn({ runs }: Series): number {
  return runs.reduce(
    (most, { points }) => points.reduce((sofar, { visitors }) => Math.max(sofar, visitors), most),
    0,
  );
}

function isMissing(cell: Cell): boolean {
  return cell.kind === 'gap' || (cell.kind === 'known' && cell.isPartial);
}

/** `row`: from below. */
function markOf(cell: Cell, top: number, row: number): string {
  if (cell.kind !== 'known') return cell.kind === 'gap' ? gapMark : ' ';
  const { visitors } = cell;
  // One visitor is more than none, however many there can be.
  const height = visitors === 0 ? 0 : Math.max(1, Math.round((visitors / top) * rows * 8));
  return eighths[Math.max(0, Math.min(8, height - row * 8))] || ' ';
}

function columnOf(time: number, { from, to }: Range, columns: number): number {
  return Math.floor(((time - from) / (to - from)) * columns);
}

/** Each label below its tick; one that has no room is left out. */
function labelLine(ticks: readonly { label: string; column: number }[], columns: number): string {
  let line = '';
  for (const { label, column } of ticks) {
    const centred = Math.max(0, column - Math.floor(label.length / 2));
    const start = Math.min(centred, columns - label.length);
    if (line === '' || start > line.length + 1) line = line.padEnd(start) + label;
  }
  return line;
}
