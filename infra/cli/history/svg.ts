import type { History } from './history.ts';
import { markup } from './markup.ts';
import { numberTicks, timeTicks } from './scale.ts';
import { cellsOf, type Point, type Run } from './series.ts';
import { counted, number, time } from './words.ts';

/** The picture, and the field of it that the axes enclose. */
const picture = { width: 960, height: 340 };
const field = { left: 64, top: 44, right: 944, bottom: 300 };
/** A line has so many points at most, and a tooltip is for so long a stretch. */
export const mostPoints = 440;
const tooltips = 110;

interface Scale {
  x(time: number): string;
  y(visitors: number): string;
}

/** The chart: an image that stands alone, or in a page. */
export function chartSvg(history: History): string {
  const { groupid, series, summary } = history;
  const { range } = series;
  const ticks = numberTicks(summary.peak?.visitors ?? 0);
  const top = ticks.at(-1) ?? 1;
  const scale: Scale = {
    x: (at) => short(field.left + ((at - range.from) / (range.to - range.from)) * (field.right - field.left)),
    y: (visitors) => short(field.bottom - (visitors / top) * (field.bottom - field.top)),
  };
  const runs = series.runs.map((run) => thinned(run, (range.to - range.from) / mostPoints));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${picture.width} ${picture.height}" role="img" aria-labelledby="chart-title chart-about">`,
    `<title id="chart-title">${markup(`Visitors of group ${groupid}`)}</title>`,
    `<desc id="chart-about">${markup(descriptionOf(history))}</desc>`,
    `<style>${style}</style>`,
    '<defs><pattern id="chart-hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="shade" width="7" height="7"/><path class="hatch" d="M0 0V7"/></pattern></defs>',
    `<rect class="paper" width="${picture.width}" height="${picture.height}"/>`,
    ...legend(history),
    ...ticks.map((visitors) => gridLine(visitors, scale)),
    ...timeTicks(range, 9).map(({ at, label }) => timeTick(scale.x(at), label)),
    ...series.gaps.map(({ from, to }) => gapBox(Number(scale.x(from)), Number(scale.x(to)))),
    ...runs.map((run) => `<path class="area" d="${areaOf(run, scale)}"/>`),
    ...runs.map((run) => `<path class="line" d="${lineOf(run, scale)}"/>`),
    ...(summary.peak ? [peakMark(summary.peak, scale)] : []),
    ...stretches(history),
    '</svg>',
  ].join('\n');
}

const style = `
.chart { --paper: #ffffff; --ink: #1c2024; --quiet: #60646c; --rule: #e0e3e7; --line: #0b68cb; --hatch: #b5bac1;
  font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
@media (prefers-color-scheme: dark) {
  .chart { --paper: #15181c; --ink: #edeef0; --quiet: #a0a6ae; --rule: #2b3036; --line: #6cb2ff; --hatch: #565d66; }
}
.chart .paper { fill: var(--paper); }
.chart text { fill: var(--quiet); font-variant-numeric: tabular-nums; }
.chart .heading { fill: var(--ink); font-weight: 600; }
.chart .rule { stroke: var(--rule); fill: none; }
.chart .area { fill: var(--line); fill-opacity: .13; }
.chart .line { stroke: var(--line); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; fill: none; }
.chart .shade { fill: var(--rule); fill-opacity: .45; }
.chart .hatch { stroke: var(--hatch); stroke-width: 2; }
.chart .gap { fill: url(#chart-hatch); }
.chart .peak { fill: var(--paper); stroke: var(--line); stroke-width: 2; }
.chart .most { fill: var(--ink); font-weight: 600; }
.chart .stretch { fill: transparent; }
.chart .stretch:hover { fill: var(--ink); fill-opacity: .08; }
`;

function descriptionOf({ series: { range }, summary }: History): string {
  const { peak, average, snapshots, missing } = summary;
  const between = `${time(range.from)} to ${time(range.to)} UTC`;
  if (!peak || average === undefined) return `${between}: no snapshots.`;
  const most = `at most ${number(peak.visitors)}, at ${time(peak.at)}; ${number(average)} on average`;
  return `${between}: ${most}; ${counted(snapshots, 'snapshot')}, ${number(missing)} missing.`;
}

function legend({ groupid, series, summary: { missing } }: History): string[] {
  const { from, to } = series.range;
  const heading = `<text class="heading" x="${field.left}" y="20">${markup(`Visitors of group ${groupid}`)}<tspan dx="10" style="fill:var(--quiet);font-weight:400">${time(from)} – ${time(to)} UTC</tspan></text>`;
  if (missing === 0) return [heading];
  const words = markup(`no snapshot: ${number(missing)} missing`);
  return [
    heading,
    `<text x="${field.right - 24}" y="20" text-anchor="end">${words}</text>`,
    `<rect class="gap" x="${field.right - 16}" y="9" width="16" height="13" rx="2"/>`,
  ];
}

function gridLine(visitors: number, { y }: Scale): string {
  const at = y(visitors);
  const label = `<text x="${field.left - 10}" y="${short(Number(at) + 4.5)}" text-anchor="end">${number(visitors)}</text>`;
  return `<path class="rule" d="M${field.left} ${at}H${field.right}"/>${label}`;
}

function timeTick(x: string, label: string): string {
  const anchor = Number(x) > field.right - 24 ? 'end' : Number(x) < field.left + 24 ? 'start' : 'middle';
  const text = `<text x="${x}" y="${field.bottom + 22}" text-anchor="${anchor}">${markup(label)}</text>`;
  return `<path class="rule" d="M${x} ${field.bottom}v6"/>${text}`;
}

/** Short ones are to be seen too. */
function gapBox(from: number, to: number): string {
  const width = Math.max(2, to - from);
  const size = `width="${short(width)}" height="${field.bottom - field.top}"`;
  return `<rect class="gap" x="${short(from)}" y="${field.top}" ${size}/>`;
}

function lineOf({ points, until }: Run, { x, y }: Scale): string {
  const all = points.map(({ at, visitors }) => `${x(at)} ${y(visitors)}`);
  return `M${all.join('L')}H${x(until)}`;
}

function areaOf(run: Run, scale: Scale): string {
  const from = scale.x(run.points[0]?.at ?? run.until);
  return `${lineOf(run, scale)}V${field.bottom}H${from}Z`;
}

/** Of points that are closer than that, the one with the most visitors. */
function thinned({ points, until }: Run, closest: number): Run {
  const kept: Point[] = [];
  let begin = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    const last = kept.at(-1);
    if (last === undefined || point.at - begin >= closest) {
      kept.push(point);
      begin = point.at;
    } else if (point.visitors > last.visitors) kept[kept.length - 1] = point;
  }
  return { points: kept, until };
}

function peakMark({ at, visitors }: Point, { x, y }: Scale): string {
  const [left, top] = [Number(x(at)), Number(y(visitors))];
  const isRight = left > field.right - 60;
  const label = `<text class="most" x="${short(left + (isRight ? -9 : 9))}" y="${short(top - 7)}" text-anchor="${isRight ? 'end' : 'start'}">${number(visitors)}</text>`;
  return `<circle class="peak" cx="${short(left)}" cy="${short(top)}" r="4"/>${label}`;
}

/** What each stretch of time shows when it is pointed at. */
function stretches({ series }: History): string[] {
  const { from, to } = series.range;
  const [length, width] = [(to - from) / tooltips, (field.right - field.left) / tooltips];
  return cellsOf(series, tooltips).flatMap((cell, index) => {
    if (cell.kind === 'nothing') return [];
    const [begin, end] = [from + index * length, from + (index + 1) * length].map((at) => toMinute(at));
    const says =
      cell.kind === 'gap'
        ? 'no snapshot'
        : counted(cell.visitors, 'visitor') + (cell.isPartial ? ', and a snapshot is missing' : '');
    const box = `x="${short(field.left + index * width)}" y="${field.top}" width="${short(width)}"`;
    const title = markup(`${time(begin ?? 0)} – ${time(end ?? 0).slice(11)} UTC: ${says}`);
    return [
      `<rect class="stretch" ${box} height="${field.bottom - field.top}"><title>${title}</title></rect>`,
    ];
  });
}

function toMinute(at: number): number {
  return Math.round(at / 60_000) * 60_000;
}

function short(length: number): string {
  return String(Math.round(length * 10) / 10);
}
