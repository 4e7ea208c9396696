import { pipeline as joined, type TransformOptions } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import {
  constants,
  createZstdCompress,
  createZstdDecompress,
  type ZstdDecompress,
  type ZstdOptions,
} from 'node:zlib';

/** What comes out at a time, either way. */
const chunkSize = 131_072;

/** The higher levels take more time than they save room. By the checksum, readers find damage. */
const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 };

const options: ZstdOptions & TransformOptions = {
  params,
  chunkSize,
  /** What may wait for it: while it works, the next text is made. */
  writableHighWaterMark: 524_288,
};

/**
 * Compresses lines as snapshots are kept, with Zstandard (RFC 8878), into one frame; in constant memory. Rejects as either
 * end does, and with the signal's reason; both ends are closed then.
 */
export async function compressLines(
  lines: Iterable<Buffer> | AsyncIterable<Buffer>,
  store: (pieces: AsyncIterable<Buffer>) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const compress = createZstdCompress(options);
  async function* whole(): AsyncGenerator<Buffer> {
    yield* lines;
    // Who ends it while it works gets a second frame, with nothing in it; not every reader takes two.
    while (compress.writableLength > 0 && !compress.destroyed) await setImmediate();
  }
  try {
    await pipeline(whole(), compress, store, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/** The lines again. A body that breaks off, or is damaged, ends them with an error. */
export function decompressed(body: NodeJS.ReadableStream): ZstdDecompress {
  return joined(body, createZstdDecompress({ chunkSize }), () => {});
}
