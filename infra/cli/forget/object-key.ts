import { manifestKey, snapshotKey } from '../../../shared/snapshots/keys.ts';
import { type Slot, slotAt } from '../../../shared/snapshots/slot.ts';

/** What the key of a snapshot tells of it. */
export interface SnapshotObject {
  readonly key: string;
  readonly groupid: string;
  readonly slot: Slot;
  readonly manifestKey: string;
}

const form = /\/groupid=(\d+)\/.*\/(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z\./;

/** Nothing for a key that the relay would not make. */
export function snapshotObject(key: string): SnapshotObject | undefined {
  const [, groupid, ...time] = form.exec(key) ?? [];
  if (groupid === undefined) return undefined;
  const [year = 0, month = 0, day = 0, ...rest] = time.map(Number);
  const slot = slotAt(Date.UTC(year, month - 1, day, ...rest));
  if (snapshotKey(groupid, slot) !== key) return undefined;
  return { key, groupid, slot, manifestKey: manifestKey(groupid, slot) };
}
