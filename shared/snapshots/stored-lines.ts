import type { SnapshotBucket } from './bucket.ts';
import { decompressed } from './compression.ts';
import { linesOf } from './lines.ts';

/**
 * The lines of a snapshot in the bucket, each without its line break, in constant memory; none where there is no such
 * object. Rejects when it is cut off or damaged.
 */
export async function* storedLines(bucket: SnapshotBucket, key: string): AsyncGenerator<Buffer, void> {
  const stored = await bucket.stream(key);
  if (stored) yield* linesOf(decompressed(stored.body));
}
