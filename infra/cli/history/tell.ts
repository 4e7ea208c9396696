import { width, wrapped } from '../lines.ts';
import { chartLines, gapMark } from './chart.ts';
import { type History, shareOf, type TopPages } from './history.ts';
import { isSampled, notKept, pageNotes, snapshotNotes } from './notes.ts';
import { harmless, number, percent, time } from './words.ts';

const barWidth = 24;
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** A history for a terminal of so many characters; one that does not know has 0, and what is none has nothing. */
export function historyLines(history: History, columns?: number): string[] {
  const { groupid, from, series, summary, pages } = history;
  const { range } = series;
  const room = Math.min(width, columns || width);
  const heading = `Visitors of group ${groupid}, ${time(range.from)} to ${time(range.to)} UTC, ${from}`;
  if (summary.snapshots === 0)
    return [heading, '', ...snapshotNotes(history, room).flatMap((note) => wrapped(note, room))];
  const notes = snapshotNotes(history, room).map((note, index) =>
    index === 0 && summary.missing > 0 ? `${gapMark} ${note}` : note,
  );
  return [
    heading,
    '',
    ...chartLines(series, room),
    '',
    ...numbers(history),
    ...notes.flatMap((note) => wrapped(note, room)),
    ...(pages === undefined ? [] : ['', ...pageLines(pages, room)]),
  ];
}

function numbers({ summary }: History): string[] {
  const { snapshots, peak, average, newest, arrivals, departures, compared } = summary;
  if (!peak || !newest || average === undefined) return [];
  return [
    `most         ${number(peak.visitors)}, at ${time(peak.at)}`,
    `on average   ${number(average)}`,
    `newest       ${number(newest.visitors)}, at ${time(newest.at)}`,
    `snapshots    ${number(snapshots)}`,
    `changes      ${compared === 0 ? 'none was compared' : `${number(arrivals)} came, ${number(departures)} left`}`,
  ];
}

function pageLines(pages: TopPages | 'not kept', room: number): string[] {
  if (pages === 'not kept') return wrapped(notKept, room);
  const most = pages.top[0] ? shareOf(pages.top[0], pages) : 1;
  const lines = pages.top.map((page) => {
    const share = shareOf(page, pages);
    const text = harmless(page.page, Math.max(20, room - barWidth - 12));
    return `${percent(share).padStart(8)}  ${barOf(share / most).padEnd(barWidth)}  ${text}`;
  });
  const notes = [...pageNotes(pages), ...(isSampled(pages) ? ['With --all, all of them are read.'] : [])];
  return [
    'Pages',
    '',
    ...lines,
    ...(lines.length > 0 ? [''] : []),
    ...notes.flatMap((note) => wrapped(note, room)),
  ];
}

/** `share`: of the longest one. */
function barOf(share: number): string {
  const marks = Math.max(1, Math.round(share * barWidth * 8));
  return '█'.repeat(Math.floor(marks / 8)) + (eighths[marks % 8] ?? '');
}
