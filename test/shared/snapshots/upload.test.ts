import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { expect, test, vi } from 'vitest';
import { content, gatedBucket, key, long, partBytes, short, upload } from './gated-bucket.ts';

test.each([
  ['nothing', []],
  ['a little', [1_000]],
  ['just a part', [partBytes]],
  ['a byte more than a part', [partBytes, 1]],
  ['pieces across the end of a part', [1, partBytes - 2, 7, 0, partBytes, 3]],
  ['three parts at once', [3 * partBytes]],
])(
  'An upload of %s is there as it was written, when it is finished and not before',
  async (_what, lengths) => {
    await using gated = await gatedBucket();
    const { bucket, gate } = gated;
    const one = bucket.startUpload(key);
    let bytes = 0;
    for (const length of lengths) {
      const piece = Buffer.from(content.subarray(bytes, bytes + length));
      await one.write(piece);
      piece.fill(0); // whoever wrote it may use it again
      bytes += length;
    }
    expect(await gated.keys()).toEqual([]);
    const { etag, ...told } = await one.finish();
    expect(told).toEqual({ bytes });
    expect(await bucket.head(key)).toEqual({ bytes, etag });
    expect((await gated.bytes(key)).equals(content.subarray(0, bytes))).toBe(true);
    expect(gate.open).toEqual(new Set());
  },
);

test('What fits into a part takes one request, what does not, parts', async () => {
  await using few = await gatedBucket();
  await upload(few, short);
  expect(few.gate.steps).toEqual(['PutObject']);
  await using more = await gatedBucket();
  await upload(more, long);
  expect(more.gate.steps).toEqual(['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload']);
});

test('S3 can check that it got every byte, and readers do not take it for compressed on the way', async () => {
  await using gated = await gatedBucket();
  await upload(gated, short);
  await upload(gated, long);
  const { gate } = gated;
  const withBytes = gate.calls.filter(({ operation }) => /^(PutObject|UploadPart)$/.test(operation));
  expect(withBytes).toHaveLength(3);
  for (const { headers, body } of withBytes) {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(body));
    expect(headers).toMatchObject({ 'x-amz-checksum-crc32': sum.toString('base64') });
    expect(headers).toMatchObject({ 'content-length': String(body.length) });
    expect(headers).not.toHaveProperty('content-encoding');
  }
  const whole = gate.calls.filter(({ operation }) => /^(PutObject|CreateMultipartUpload)$/.test(operation));
  expect(whole.map(({ headers }) => headers['content-type'])).toEqual([
    'application/zstd',
    'application/zstd',
  ]);
  const complete = gate.calls.find(({ operation }) => operation === 'CompleteMultipartUpload');
  expect(complete?.headers).toMatchObject({ 'x-amz-mp-object-size': String(long.length) });
  expect(complete?.body.toString().match(/<ChecksumCRC32>/g)).toHaveLength(2);
});

test('However slow S3 is, no more than two parts are held', async () => {
  await using gated = await gatedBucket();
  const gate = Promise.withResolvers<void>();
  gated.gate.fateOf = ({ operation }) => (operation === 'UploadPart' ? gate.promise : undefined);
  const one = gated.bucket.startUpload(key);
  let taken = 0;
  const step = partBytes / 8;
  const writing = (async () => {
    for (; taken < content.length; taken += step) await one.write(content.subarray(taken, taken + step));
  })();
  await vi.waitFor(() => expect(gated.gate.steps).toContain('UploadPart'));
  await sleep(200);
  expect(taken).toBe(2 * partBytes);
  gate.resolve();
  await writing;
  await one.finish();
  expect((await gated.bytes(key)).equals(content)).toBe(true);
});

test.each([
  ['PutObject', short],
  ['CompleteMultipartUpload', long],
] as const)('What has to be done beforehand is done when all is there but %s', async (last, bytes) => {
  await using gated = await gatedBucket();
  const one = gated.bucket.startUpload(key);
  await one.write(bytes);
  let before: readonly string[] = [];
  await one.finish((length) => {
    expect(length).toBe(bytes.length);
    before = gated.gate.calls.map(({ operation }) => operation);
    return Promise.resolve();
  });
  expect(gated.gate.calls.map(({ operation }) => operation)).toEqual([...before, last]);
});

test.each([
  ['a short', short],
  ['a long', long],
])('When what has to be done beforehand fails, nothing stays of %s object', async (_what, bytes) => {
  await using gated = await gatedBucket();
  const one = gated.bucket.startUpload(key);
  await one.write(bytes);
  const lost = new Error('the claim is lost');
  await expect(one.finish(() => Promise.reject(lost))).rejects.toBe(lost);
  expect(await gated.keys()).toEqual([]);
  expect(gated.gate.open).toEqual(new Set());
});

test('Two writes at a time are refused, before they mix', async () => {
  await using gated = await gatedBucket();
  const one = gated.bucket.startUpload(key);
  const first = one.write(content);
  await expect(one.write(short)).rejects.toThrow('under way');
  await expect(one.finish()).rejects.toThrow('under way');
  await first;
  await one.finish();
  await expect(one.finish()).rejects.toThrow('under way');
  expect((await gated.bytes(key)).equals(content)).toBe(true);
});
