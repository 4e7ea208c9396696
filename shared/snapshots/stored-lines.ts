import { pipeline } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import type { SnapshotBucket } from './bucket.ts';
import { linesOf } from './lines.ts';

/**
 * The lines of a snapshot in the bucket, each without its line break, in constant memory; none where there is no such
 * object. Rejects when it is cut off or damaged.
 */
export async function* storedLines(bucket: SnapshotBucket, key: string): AsyncGenerator<Buffer, void> {
  const stored = await bucket.stream(key);
  if (!stored) return;
  // What goes wrong ends the last of them with an error, which is met below.
  const decompressed = pipeline(stored.body, createZstdDecompress(), () => {});
  yield* linesOf(decompressed);
}
