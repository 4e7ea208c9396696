import type { Manifest } from '../../../shared/snapshots/manifest.ts';
import type { Point, Series } from './series.ts';

/** A range in numbers. */
export interface Summary {
  readonly snapshots: number;
  /** How many there should be besides. */
  readonly missing: number;
  /** Of the most visitors, the first. */
  readonly peak?: Point;
  /** Of all snapshots. */
  readonly average?: number;
  readonly newest?: Point;
  /** Of the snapshots that were compared with one before. */
  readonly arrivals: number;
  readonly departures: number;
  readonly compared: number;
}

export function summaryOf({ runs, gaps }: Series, manifests: readonly Manifest[]): Summary {
  const points = runs.flatMap((run) => run.points);
  const newest = points.at(-1);
  const missing = gaps.reduce((sum, gap) => sum + gap.missing, 0);
  const compared = manifests.flatMap((one) =>
    one.status === 'taken' && one.arrivals !== null && one.departures !== null
      ? [{ arrivals: one.arrivals, departures: one.departures }]
      : [],
  );
  const changes = {
    arrivals: compared.reduce((sum, { arrivals }) => sum + arrivals, 0),
    departures: compared.reduce((sum, { departures }) => sum + departures, 0),
    compared: compared.length,
  };
  const counts = { snapshots: points.length, missing, ...changes };
  if (newest === undefined) return counts;
  const peak = points.reduce((most, point) => (point.visitors > most.visitors ? point : most));
  const average = points.reduce((sum, { visitors }) => sum + visitors, 0) / points.length;
  return { ...counts, peak, average, newest };
}
