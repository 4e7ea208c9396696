import { slotAt, slotTime } from '../../../shared/snapshots/slot.ts';
import { type History, shareOf } from './history.ts';
import type { Point } from './series.ts';

/** A history as programs read it: times as schedules have them, `visitors` null where nobody knows. */
export function forScripts({ groupid, series, summary, manifests, unreadable, pages }: History): object {
  const { peak, newest, average, ...counts } = summary;
  return {
    groupid,
    from: slotTime(slotAt(series.range.from)),
    to: slotTime(slotAt(series.range.to)),
    ...counts,
    peak: pointOf(peak),
    average: average ?? null,
    newest: pointOf(newest),
    unreadable,
    series: manifests.map((manifest) => ({
      snapshot: slotTime(manifest.snapshot),
      visitors: manifest.status === 'taken' ? manifest.visitors : null,
      ...(manifest.status === 'gap' && { reason: manifest.reason }),
    })),
    gaps: series.gaps.map(({ from, to, missing }) => ({
      from: slotTime(slotAt(from)),
      to: slotTime(slotAt(to)),
      missing,
    })),
    pages:
      pages === undefined || pages === 'not kept'
        ? null
        : { ...pages, top: pages.top.map((page) => ({ ...page, share: shareOf(page, pages) })) },
  };
}

function pointOf(point: Point | undefined): object | null {
  return point ? { snapshot: slotTime(slotAt(point.at)), visitors: point.visitors } : null;
}
