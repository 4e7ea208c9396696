import type { GroupId } from '../presence/ids.ts';

/** How the snapshots of a group are taken. */
export interface SnapshotPlan {
  readonly groupid: GroupId;
  readonly periodSeconds: number;
  /** `all`, or the top-level fields of a visitor that are kept. */
  readonly fields: 'all' | readonly string[];
  /** Whoever is missing from so many snapshots in a row has left. */
  readonly leftAfter: number;
  /** More changes than this are told by one event. */
  readonly mostEvents: number;
  /** Makes what stands in the place of a visitor id; without it, the id stands there. */
  readonly digest?: ((visitorid: string) => string) | undefined;
}
