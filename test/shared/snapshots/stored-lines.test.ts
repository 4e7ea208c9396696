import { constants, zstdCompressSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { storedLines } from '../../../shared/snapshots/stored-lines.ts';
import { fail, gatedBucket, key } from './gated-bucket.ts';

const text = Array.from({ length: 5_000 }, (_, at) => `{"line":${at},"noise":"${Math.random()}"}\n`).join('');
const checked = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };
const whole = zstdCompressSync(text, checked);

/** A bucket where this is stored. */
async function bucketWith(bytes: Buffer) {
  const gated = await gatedBucket();
  onTestFinished(() => gated[Symbol.asyncDispose]());
  await gated.bucket.put(key, bytes);
  return gated;
}

async function read({ bucket }: Awaited<ReturnType<typeof bucketWith>>, of = key): Promise<string> {
  const lines: string[] = [];
  for await (const line of storedLines(bucket, of)) lines.push(`${line}\n`);
  return lines.join('');
}

test('the lines of a snapshot come back as they were; where there is none, there are none', async () => {
  const gated = await bucketWith(whole);
  expect(await read(gated)).toBe(text);
  expect(await read(gated, 'snapshots/another')).toBe('');
});

const damaged = Buffer.from(whole);
damaged[whole.length - 1] = 255 - (whole.at(-1) ?? 0);

test.each([
  ['is stored cut off', whole.subarray(0, -1_000)],
  ['is stored damaged', damaged],
  ['is not compressed', Buffer.from(text)],
  ['has a last line without an end', zstdCompressSync(text.slice(0, -1))],
])('one that %s is not read as if it were whole', async (_, bytes) => {
  await expect(read(await bucketWith(bytes))).rejects.toThrow();
});

test('one that is cut off on its way is not read as if it were whole', async () => {
  const gated = await bucketWith(whole);
  fail(gated, 'GetObject', 'cut');
  await expect(read(gated)).rejects.toThrow();
});
