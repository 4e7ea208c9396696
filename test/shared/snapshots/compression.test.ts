import { randomBytes } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compressLines } from '../../../shared/snapshots/compression.ts';

async function compressed(pieces: readonly Buffer[]): Promise<Buffer> {
  const all: Buffer[] = [];
  async function store(some: AsyncIterable<Buffer>) {
    for await (const piece of some) all.push(piece);
  }
  await compressLines(pieces, store, new AbortController().signal);
  return Buffer.concat(all);
}

const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

test('whatever comes in whichever pieces is one frame, and comes out as it was', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 200_000, size: 'max' }), { maxLength: 8 }),
      async (some) => {
        const pieces = some.map((piece) => Buffer.from(piece));
        const bytes = await compressed(pieces);
        expect(zstdDecompressSync(bytes).equals(Buffer.concat(pieces))).toBe(true);
        // A second frame, with nothing in it, would have its checksum and be as long as this.
        expect(bytes.length === 13 ? -1 : bytes.subarray(-13).indexOf(magic)).toBe(-1);
      },
    ),
    { numRuns: 60 },
  );
});

test('one that is stopped rejects with the reason', async () => {
  const stop = new AbortController();
  function* text() {
    yield randomBytes(100);
    stop.abort(new Error('enough'));
    yield randomBytes(100);
  }
  const store = async (some: AsyncIterable<Buffer>) => {
    for await (const _ of some);
  };
  await expect(compressLines(text(), store, stop.signal)).rejects.toThrow(/^enough$/);
});

test('what goes wrong at either end is what it rejects with, and the other end is closed', async () => {
  let isClosed = false;
  function* text() {
    try {
      for (;;) yield randomBytes(100_000);
    } finally {
      isClosed = true;
    }
  }
  const store = () => Promise.reject(new Error('no room'));
  await expect(compressLines(text(), store, new AbortController().signal)).rejects.toThrow('no room');
  expect(isClosed).toBe(true);
});
