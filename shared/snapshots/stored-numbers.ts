import type { SnapshotBucket } from './bucket.ts';
import type { Written } from './claim-record.ts';
import { idOfLine } from './lines.ts';
import { storedLines } from './stored-lines.ts';

const lineBreakBytes = 1;

/**
 * The numbers of the snapshot that is in the bucket, nothing where there is none: those that were put down last, if they
 * are about it. Else an earlier try got there whose answer was lost, or somebody was removed from it: it is counted.
 * Rejects where the bucket cannot be asked.
 */
export async function storedNumbers(
  bucket: SnapshotBucket,
  key: string,
  putDown: Written,
): Promise<Written | undefined> {
  const found = await bucket.head(key);
  if (!found) return undefined;
  if (found.bytes === putDown.bytes) return putDown;
  try {
    return { takenAt: putDown.takenAt, bytes: found.bytes, ...(await countLines(bucket, key)) };
  } catch (error) {
    if (isNoSnapshot(error)) return undefined;
    throw error;
  }
}

async function countLines(bucket: SnapshotBucket, key: string) {
  const counted = { visitors: 0, unnamed: 0, lineBytes: 0 };
  for await (const line of storedLines(bucket, key)) {
    counted.visitors += 1;
    counted.lineBytes += line.length + lineBreakBytes;
    if (idOfLine(line) === undefined) counted.unnamed += 1;
  }
  return counted;
}

/** What is not compressed, or damaged, no worker has put there: of theirs, nobody sees what is not whole. */
function isNoSnapshot(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^Z(STD)?_/.test(String(error.code));
}
