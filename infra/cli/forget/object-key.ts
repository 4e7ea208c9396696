import { prefixes } from '../../../shared/snapshots/keys.ts';

/** What the key of a snapshot tells of it. */
export interface SnapshotObject {
  readonly key: string;
  readonly groupid: string;
  /** In milliseconds since 1970. */
  readonly slot: number;
  readonly manifestKey: string;
}

const form =
  /^snapshots\/(groupid=(\d+)\/day=\d{4}-\d{2}-\d{2}\/(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z)\.jsonl\.zst$/;

/** Nothing for a key that the relay would not make. */
export function snapshotObject(key: string): SnapshotObject | undefined {
  const [, path, groupid, ...time] = form.exec(key) ?? [];
  if (path === undefined || groupid === undefined) return undefined;
  const [year = 0, month = 0, day = 0, ...rest] = time.map(Number);
  const slot = Date.UTC(year, month - 1, day, ...rest);
  return { key, groupid, slot, manifestKey: `${prefixes.manifests}${path}.json` };
}
