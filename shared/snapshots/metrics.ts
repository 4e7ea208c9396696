import type { Metric } from '../runtime/metrics.ts';

const ofGroup = ['Stage', 'Group'] as const;

/** Who was there at the last snapshot. */
export const visitorsPresent = {
  name: 'VisitorsPresent',
  unit: 'Count',
  dimensions: ofGroup,
} as const satisfies Metric;

/** Who came between two snapshots. */
export const visitorArrivals = {
  name: 'VisitorArrivals',
  unit: 'Count',
  dimensions: ofGroup,
} as const satisfies Metric;

/** Who is held to have left. */
export const visitorDepartures = {
  name: 'VisitorDepartures',
  unit: 'Count',
  dimensions: ofGroup,
} as const satisfies Metric;

/** Snapshots that are whole. */
export const snapshotsTaken = {
  name: 'SnapshotsTaken',
  unit: 'Count',
  dimensions: ofGroup,
} as const satisfies Metric;

/** Slots of which nobody knows any more who was there. */
export const snapshotGaps = {
  name: 'SnapshotGaps',
  unit: 'Count',
  dimensions: ofGroup,
} as const satisfies Metric;

/** How old the newest whole snapshot is whenever one was tried: it grows while none succeeds. */
export const snapshotAge = {
  name: 'SnapshotAge',
  unit: 'Milliseconds',
  dimensions: ofGroup,
} as const satisfies Metric;

/** From the question to the Presence service until all was stored and compared. */
export const snapshotDuration = {
  name: 'SnapshotDuration',
  unit: 'Milliseconds',
  dimensions: ofGroup,
} as const satisfies Metric;
