import { dayOf, type Slot, slotName } from './slot.ts';

/** What stands in the bucket, each kind under a prefix of its own. */
export const prefixes = {
  /** Visitors, a line for each; whatever is here is whole. */
  snapshots: 'snapshots/',
  /** What is known of each snapshot, put when all else is. */
  manifests: 'manifests/',
  /** Who was there, for the next comparison. */
  state: 'state/',
  /** What Athena answers. */
  results: 'results/',
} as const;

type Kind = 'snapshots' | 'manifests' | 'state';

/** Everything of a group: `snapshots/groupid=12345/`. */
export function groupPrefix(kind: Kind, groupid: string): string {
  return `${prefixes[kind]}groupid=${groupid}/`;
}

/** Everything of a group of one UTC day, `2026-11-22`. */
export function dayPrefix(kind: Kind, groupid: string, day: string): string {
  return `${groupPrefix(kind, groupid)}day=${day}/`;
}

/** The visitors of a snapshot: lines of JSON, compressed with Zstandard (RFC 8878). */
export function snapshotKey(groupid: string, slot: Slot): string {
  return `${dayPrefix('snapshots', groupid, dayOf(slot))}${slotName(slot)}.jsonl.zst`;
}

export function manifestKey(groupid: string, slot: Slot): string {
  return `${dayPrefix('manifests', groupid, dayOf(slot))}${slotName(slot)}.json`;
}

export function stateKey(groupid: string, slot: Slot): string {
  return `${dayPrefix('state', groupid, dayOf(slot))}${slotName(slot)}.ids`;
}
