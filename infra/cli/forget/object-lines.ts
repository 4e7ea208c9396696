import type { Readable } from 'node:stream';
import { zstdDecompressSync } from 'node:zlib';
import { decompressed } from '../../../shared/snapshots/compression.ts';
import { idOfLine, linesOf } from '../../../shared/snapshots/lines.ts';
import { Damaged, Passing } from './setbacks.ts';

interface ReadLine {
  /** Without its line break; but a view into what the next one stands in, too. */
  readonly line: Buffer;
  readonly id: string | undefined;
}

/**
 * Each line of a compressed object, in constant memory. Throws `Damaged`, `Passing` where it is cut off on the way, and
 * what the signal was aborted with.
 */
export async function* linesOfObject(
  body: Readable,
  bytes: number,
  signal: AbortSignal,
): AsyncGenerator<ReadLine, void> {
  const cut: { by?: unknown } = {};
  let end: Buffer = Buffer.alloc(0);
  body.once('error', (error) => {
    cut.by = error;
  });
  body.on('data', (piece: Buffer) => {
    end = Buffer.concat([end, piece.subarray(-endBytes)]).subarray(-endBytes);
  });
  const text = decompressed(body);
  try {
    for await (const line of linesOf(text)) {
      signal.throwIfAborted();
      yield read(line);
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (cut.by !== undefined) throw new Passing('it could not be read to its end', { cause: cut.by });
    throw new Damaged('it is damaged, or none of the relay', { cause });
  } finally {
    body.destroy();
  }
  checkEnd(end, bytes - text.bytesWritten);
}

/**
 * Decompression ends without a word where a frame does. Behind it there may be one without content: compression puts it
 * there when its input ended before all of it was taken in.
 */
function checkEnd(end: Buffer, unread: number): void {
  if (unread === 0) return;
  if (unread > end.length || !isNothing(end.subarray(-unread)))
    throw new Damaged('it goes on behind its end');
}

function isNothing(frame: Buffer): boolean {
  try {
    return zstdDecompressSync(frame).length === 0;
  } catch {
    return false;
  }
}

/** More than a frame without content has. */
const endBytes = 32;

/** All lines of snapshots begin and end alike. */
function read(line: Buffer): ReadLine {
  if (line.subarray(0, beginning.length).equals(beginning) && line.at(-1) === closingBrace)
    return { line, id: idOfLine(line) };
  throw new Error('a line is none of a snapshot');
}

const beginning = Buffer.from('{"snapshot":"');
const closingBrace = 0x7d;
