import type { BusEvent, EventBus } from '../runtime/bus.ts';
import type { Deadline } from '../runtime/deadline.ts';
import type { SnapshotBucket } from './bucket.ts';
import type { Changes } from './compare.ts';
import { arrivedEvent, type Between, changedEvent, leftEvent } from './events.ts';
import { IdHash } from './id-hash.ts';
import { has, type SortedHashes } from './id-hashes.ts';
import { snapshotKey } from './keys.ts';
import { idOfLine, visitorOfLine } from './lines.ts';
import { storedLines } from './stored-lines.ts';

interface TellOptions {
  readonly between: Between;
  /** Who is there now. */
  readonly visitors: number;
  /** What the ids were hashed with. */
  readonly key: Uint8Array;
  /** More changes than this are told by one event. */
  readonly mostEvents: number;
  readonly bucket: SnapshotBucket;
  readonly bus: EventBus;
  readonly deadline: Deadline;
}

/**
 * Puts on the bus who came and who left; each by an event, or all by one when they are too many. Gives how many events
 * the bus did not take. Rejects where the snapshots that name them cannot be read.
 */
export async function tellChanges(changes: Changes, options: TellOptions): Promise<number> {
  const { arrivals, departures } = changes;
  const { bus, between, visitors, mostEvents, deadline } = options;
  if (arrivals + departures === 0) return 0;
  const events =
    arrivals + departures > mostEvents
      ? [changedEvent(between, { visitors, arrivals, departures })]
      : eventsOf(changes, options);
  const { unsent } = await bus.put(events, deadline);
  return unsent;
}

/** Hashes name nobody, so the ids are looked for in the snapshots where they last stood. */
async function* eventsOf(
  { arrivals, arrived, left }: Changes,
  { between, key, bucket }: TellOptions,
): AsyncGenerator<BusEvent> {
  const { groupid, slot } = between;
  if (arrivals > 0) {
    for await (const { id, line } of named(bucket, snapshotKey(groupid, slot), arrived, key))
      yield arrivedEvent(between, id, visitorOfLine(line));
  }
  for (const [lastSeen, hashes] of left) {
    for await (const { id } of named(bucket, snapshotKey(groupid, lastSeen), hashes, key))
      yield leftEvent(between, id, lastSeen);
  }
}

/**
 * Each of those once, even where an answer had somebody twice. While the bus is slow nobody reads, and S3's connection may
 * come to its time-out: it is read anew then, as long as that gets further.
 */
async function* named(
  bucket: SnapshotBucket,
  object: string,
  wanted: SortedHashes,
  key: Uint8Array,
): AsyncGenerator<{ id: string; line: Buffer }> {
  const hash = new IdHash(key);
  const seen = new Set<string>();
  for (let before = -1; before < seen.size; ) {
    before = seen.size;
    try {
      for await (const line of storedLines(bucket, object)) {
        const id = idOfLine(line);
        if (id === undefined || seen.has(id)) continue;
        const bytes = Buffer.from(id);
        if (!has(wanted, hash, bytes, 0, bytes.length)) continue;
        seen.add(id);
        yield { id, line };
      }
      return;
    } catch (error) {
      if (seen.size === before) throw error;
    }
  }
}
