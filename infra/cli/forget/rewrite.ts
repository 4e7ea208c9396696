import { compressLines } from '../../../shared/snapshots/compression.ts';
import type { IsPerson } from './look.ts';
import { linesOfObject } from './object-lines.ts';
import { Passing, triedAgain } from './setbacks.ts';
import { isOvertaken, newestVersion, type SnapshotStore, type Version } from './store.ts';

/** What stands in the place of an object now. */
export interface Rewritten {
  readonly etag: string;
  /** Lines that are gone. */
  readonly lines: number;
  readonly bytes: number;
  /** Before it was compressed. */
  readonly lineBytes: number;
  /** What it replaced. */
  readonly before: Version;
}

/**
 * Replaces an object, in one step, by one with the lines of everybody else, byte for byte. Nothing where the person is
 * not in it. What somebody else puts there meanwhile is not lost: it is read anew. Throws a `Setback`, and what S3's
 * client does; the object is as it was then.
 */
export function rewrite(
  store: SnapshotStore,
  key: string,
  isPerson: IsPerson,
  signal: AbortSignal,
): Promise<Rewritten | undefined> {
  return triedAgain(() => rewriteOnce(store, key, isPerson, signal));
}

async function rewriteOnce(
  store: SnapshotStore,
  key: string,
  isPerson: IsPerson,
  signal: AbortSignal,
): Promise<Rewritten | undefined> {
  const before = await newestVersion(store, key);
  const object = before && (await store.bucket.stream(key));
  if (!before || !object) return undefined;
  const replacement = store.bucket.startUpload(key, { replacing: { etag: object.etag } });
  const counts = { lines: 0, lineBytes: 0 };
  try {
    const others = othersIn(linesOfObject(object.body, object.bytes, signal), isPerson, counts);
    const put = async (pieces: AsyncIterable<Buffer>) => {
      for await (const piece of pieces) await replacement.write(piece);
    };
    await compressLines(others, put, signal);
    if (counts.lines === 0) {
      await replacement.abort();
      return undefined;
    }
    const { bytes, etag } = await replacement.finish(async () => {
      const now = await newestVersion(store, key);
      if (!isSame(before, object.etag) || now?.id !== before.id || !isSame(now, object.etag))
        throw overtaken();
    });
    return { etag, bytes, ...counts, before };
  } catch (error) {
    object.body.destroy();
    await replacement.abort();
    // What was under way fails in a way of its own, when it is broken off.
    signal.throwIfAborted();
    throw isOvertaken(error) ? overtaken() : error;
  }
}

function overtaken(): Passing {
  return new Passing('it is replaced by others all the time');
}

/** S3 puts ETags into quotes in most places. */
function isSame(version: Version | undefined, etag: string): boolean {
  return version?.etag.replaceAll('"', '') === etag.replaceAll('"', '');
}

const pieceBytes = 65_536;

/** The lines of everybody else with their line breaks, many at a time. */
async function* othersIn(
  lines: ReturnType<typeof linesOfObject>,
  isPerson: IsPerson,
  counts: { lines: number; lineBytes: number },
): AsyncGenerator<Buffer> {
  let piece = Buffer.allocUnsafe(pieceBytes);
  let filled = 0;
  for await (const { line, id } of lines) {
    if (id !== undefined && isPerson(id)) {
      counts.lines++;
      continue;
    }
    const needed = line.length + 1;
    counts.lineBytes += needed;
    if (filled + needed > piece.length) {
      if (filled > 0) yield piece.subarray(0, filled);
      piece = Buffer.allocUnsafe(Math.max(pieceBytes, needed));
      filled = 0;
    }
    line.copy(piece, filled);
    piece[filled + needed - 1] = lineBreak;
    filled += needed;
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

const lineBreak = 0x0a;
