import type { PresenceClient } from '../presence/client.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Deadline } from '../runtime/deadline.ts';
import type { SnapshotBucket } from './bucket.ts';
import type { Written } from './claim-record.ts';
import { compressLines } from './compression.ts';
import type { Heartbeat } from './heartbeat.ts';
import { IdHashes } from './id-hashes.ts';
import { snapshotKey } from './keys.ts';
import type { SnapshotPlan } from './plan.ts';
import { VisitorLines } from './scan/visitor-lines.ts';
import { type Slot, slotTime } from './slot.ts';

interface StoreOptions {
  readonly presence: Pick<PresenceClient, 'query'>;
  readonly bucket: SnapshotBucket;
  readonly clock: Pick<Clock, 'now'>;
  readonly deadline: Deadline;
  /** Later than this, nobody is asked any more. */
  readonly askUntil: Deadline;
  readonly heartbeat: Heartbeat;
  /** What the ids are hashed with. */
  readonly hashKey: Uint8Array;
  /** Called right before anything can be seen; what it throws, prevents that. */
  readonly beforehand: (numbers: Written) => Promise<void>;
}

/**
 * Asks who is there now, and stores them as the visitors of the slot: at any number, in constant memory but for eight
 * bytes a visitor. All or nothing: rejects, with nothing to be seen in the bucket, when the answer is cut off or of no
 * known shape, or anything fails on the way; but when the bucket's last answer is lost, all is there.
 */
export async function storeAnswer(
  slot: Slot,
  { groupid, fields, digest }: SnapshotPlan,
  { presence, bucket, clock, deadline, askUntil, heartbeat, hashKey, beforehand }: StoreOptions,
): Promise<{ numbers: Written; hashes: IdHashes }> {
  const takenAt = clock.now();
  const hashes = new IdHashes(hashKey);
  const lines = new VisitorLines({
    time: slotTime(slot),
    fields,
    hashes,
    ...(digest && { replaceId: digest }),
  });
  const key = snapshotKey(groupid, slot);
  // Whoever had the slot before may still be at it, and must not replace what is stored meanwhile, nor we what is theirs.
  const there = await bucket.head(key);
  const answer = await presence.query(groupid, undefined, deadline, askUntil);
  const upload = bucket.startUpload(key, {
    deadline,
    replacing: there ? { etag: there.etag } : 'nothing',
  });

  async function* text(): AsyncGenerator<Buffer> {
    const pieces: AsyncIterable<Buffer> = answer;
    for await (const piece of pieces) {
      // Of a long visitor there may be no text for a while.
      heartbeat.lost.throwIfAborted();
      const some = lines.push(piece);
      heartbeat.visitors = lines.visitors;
      if (some.length > 0) yield some;
    }
    lines.end();
  }

  async function store(pieces: AsyncIterable<Buffer>): Promise<void> {
    heartbeat.bytes = 0;
    for await (const piece of pieces) {
      await upload.write(piece);
      heartbeat.bytes += piece.length;
    }
  }

  try {
    await compressLines(text(), store, heartbeat.lost);
    const numbers = { takenAt, visitors: lines.visitors, unnamed: lines.unnamed, lineBytes: lines.bytes };
    const whole = (bytes: number) => ({ ...numbers, bytes });
    const { bytes } = await upload.finish((length) => beforehand(whole(length)));
    return { numbers: whole(bytes), hashes };
  } catch (error) {
    answer.destroy();
    await upload.abort();
    throw error;
  }
}
