import type { History, TopPages } from './history.ts';
import { counted, number, time } from './words.ts';

/** The snapshots in a sentence or a few. `room`: for so many, the chart has room. */
export function snapshotNotes({ summary, unreadable, series }: History, room: number): string[] {
  const { snapshots, missing, newest, compared } = summary;
  if (snapshots + missing + unreadable === 0) return ['There is no snapshot of that time.'];
  const unknown =
    missing > 0
      ? [
          `${counted(missing, 'snapshot is', 'snapshots are')} missing, of ${number(snapshots + missing)}: nobody knows who was there then.`,
        ]
      : [];
  // The very first one never is.
  const partly =
    compared < snapshots - 1 && compared > 0
      ? [
          `Arrivals and departures are those of ${counted(compared, 'snapshot')}; the others were not compared.`,
        ]
      : [];
  const damaged =
    unreadable > 0
      ? [
          `${counted(unreadable, 'manifest is', 'manifests are')} of no kind that this release knows, and left out.`,
        ]
      : [];
  const crowded =
    snapshots > room
      ? ['Where the chart has no room for every snapshot, it shows the one with the most visitors.']
      : [];
  const none = newest === undefined ? [] : newestNote(newest.at, series.runs.at(-1)?.until, series.range.to);
  return [...unknown, ...none, ...crowded, ...partly, ...damaged];
}

/** Where it stops before the range does. */
function newestNote(newest: number, until: number | undefined, to: number): string[] {
  const end = Math.min(to, Date.now());
  if (until === undefined || end - newest < 2 * (until - newest)) return [];
  return [`The newest one is that of ${time(newest)} UTC.`];
}

/** Whether not all snapshots were read for the pages. */
export function isSampled({ read, of, unreadable }: TopPages): boolean {
  return read + unreadable < of;
}

/** How the pages were counted, in a sentence or a few. */
export function pageNotes(pages: TopPages): string[] {
  const { visitors, without, beyond, read, of, unreadable } = pages;
  if (visitors === 0 && unreadable === 0) return [`Nobody was there in ${counted(read, 'snapshot')}.`];
  const chosen = isSampled(pages) ? `, evenly chosen among ${number(of)}` : '';
  return [
    `Of ${counted(read, 'snapshot')}${chosen}. A visitor counts once in each.`,
    ...(without > 0 ? [`${number(without)} of ${number(visitors)} had no page.`] : []),
    ...(beyond > 0
      ? [`There are more different pages than are counted apart: ${number(beyond)} visitors were on others.`]
      : []),
    ...(unreadable > 0 ? [`${counted(unreadable, 'snapshot')} could not be read to the end.`] : []),
  ];
}

export const notKept = 'Pages are not kept: "fields" of the group in relay.config.ts does not have "url".';
