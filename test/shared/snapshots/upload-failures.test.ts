import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { deadlineIn } from '../../../shared/runtime/deadline.ts';
import type { S3Fate } from '../../support/s3-gate.ts';
import { content, fail, gatedBucket, key, long, short, upload } from './gated-bucket.ts';

const requests = [
  ['PutObject', short],
  ['CreateMultipartUpload', long],
  ['UploadPart', long],
  ['CompleteMultipartUpload', long],
] as const;

const failures: readonly (readonly [string, S3Fate])[] = [
  ['an error inside', { error: 'InternalError', status: 500 }],
  ['a connection that breaks', 'unreached'],
  ['silence', 'silent'],
  ['a refusal', { error: 'AccessDenied', status: 403 }],
];

/** S3 asks for less with the status of an error of its own, so the client waits longer. */
const passing: typeof failures = [
  ...failures.filter(([what]) => what !== 'a refusal'),
  ['a wish for less', { error: 'SlowDown', status: 503 }],
];

describe.concurrent.each(requests)('When %s', (operation, bytes) => {
  test.each(failures)('meets %s, nothing is to be seen, and nothing stays', async (_what, fate) => {
    await using gated = await gatedBucket({ patienceMs: fate === 'silent' ? 600 : 5_000 });
    fail(gated, operation, fate);
    await expect(upload(gated, bytes)).rejects.toThrow();
    expect(await gated.keys()).toEqual([]);
    expect(gated.gate.open).toEqual(new Set());
  });

  test.each(passing)('meets %s once, all goes well', async (_what, fate) => {
    await using gated = await gatedBucket({ patienceMs: fate === 'silent' ? 1_000 : 5_000 });
    fail(gated, operation, fate, 1);
    await upload(gated, bytes);
    expect((await gated.bytes(key)).equals(bytes)).toBe(true);
    expect(gated.gate.open).toEqual(new Set());
  });
});

test.each([
  ['PutObject', short],
  ['UploadPart', long],
] as const)('An answer that is lost once is asked for again: %s', async (operation, bytes) => {
  await using gated = await gatedBucket();
  fail(gated, operation, 'unanswered', 1);
  await upload(gated, bytes);
  expect((await gated.bytes(key)).equals(bytes)).toBe(true);
});

test.each([
  ['PutObject', 'unanswered', short],
  ['CompleteMultipartUpload', 'unanswered', long],
  ['CompleteMultipartUpload', 'cut', long],
] as const)(
  'When the last answer is lost, nobody is told that all is well: %s %s',
  async (operation, fate, bytes) => {
    await using gated = await gatedBucket();
    fail(gated, operation, fate);
    await expect(upload(gated, bytes)).rejects.toThrow();
    expect((await gated.bytes(key)).equals(bytes)).toBe(true);
  },
);

test('When the id of an upload is lost on the way, nothing is to be seen', async () => {
  await using gated = await gatedBucket();
  fail(gated, 'CreateMultipartUpload', 'cut');
  await expect(upload(gated, long)).rejects.toThrow();
  expect(await gated.keys()).toEqual([]);
});

test('An error in an answer that begins as if all were well is one', async () => {
  await using gated = await gatedBucket();
  fail(gated, 'CompleteMultipartUpload', { error: 'InternalError', status: 200 });
  await expect(upload(gated, long)).rejects.toMatchObject({ name: 'InternalError' });
  expect(gated.gate.steps.at(-1)).toBe('AbortMultipartUpload');
  fail(gated, 'CompleteMultipartUpload', { error: 'InternalError', status: 200 }, 1);
  await upload(gated, long);
  expect((await gated.bytes(key)).equals(long)).toBe(true);
});

test.each(passing)('Giving up is tried again, and told as what it was for: %s', async (_what, fate) => {
  await using gated = await gatedBucket({ patienceMs: 1_000 });
  const { gate } = gated;
  gate.fateOf = ({ operation }) => {
    if (operation === 'UploadPart') return { error: 'InvalidDigest', status: 400 };
    return operation === 'AbortMultipartUpload' && gate.count(operation) < 2 ? fate : undefined;
  };
  await expect(upload(gated, long)).rejects.toMatchObject({ name: 'InvalidDigest' });
  expect(await gated.keys()).toEqual([]);
  expect(gate.open).toEqual(new Set());
});

test('When nobody may give up, that is no failure of its own', async () => {
  await using gated = await gatedBucket();
  gated.gate.fateOf = ({ operation }) =>
    /^(UploadPart|AbortMultipartUpload)$/.test(operation) ? { error: operation, status: 403 } : undefined;
  await expect(upload(gated, long)).rejects.toMatchObject({ name: 'UploadPart' });
  expect(await gated.keys()).toEqual([]);
});

test('Once a part has failed, the next piece is refused', async () => {
  await using gated = await gatedBucket();
  fail(gated, 'UploadPart', { error: 'AccessDenied', status: 403 });
  const one = gated.bucket.startUpload(key);
  await one.write(long);
  await vi.waitFor(() => expect(gated.gate.steps).toContain('UploadPart'));
  await sleep(50);
  await expect(one.write(Buffer.of(1))).rejects.toMatchObject({ name: 'AccessDenied' });
  await expect(one.write(Buffer.of(1))).rejects.toMatchObject({ name: 'AccessDenied' });
  await one.abort();
  await expect(one.finish()).rejects.toMatchObject({ name: 'AccessDenied' });
  expect(gated.gate.open).toEqual(new Set());
});

test('When the last part fails, what has to be done beforehand is not done', async () => {
  await using gated = await gatedBucket();
  gated.gate.fateOf = ({ url }) =>
    url.searchParams.get('partNumber') === '2' ? { error: 'AccessDenied', status: 403 } : undefined;
  const one = gated.bucket.startUpload(key);
  await one.write(long);
  const beforehand = vi.fn(() => Promise.resolve());
  await expect(one.finish(beforehand)).rejects.toMatchObject({ name: 'AccessDenied' });
  expect(beforehand).not.toHaveBeenCalled();
});

describe('Giving up leaves nothing', () => {
  test('before anything was sent', async () => {
    await using gated = await gatedBucket();
    const one = gated.bucket.startUpload(key);
    await one.write(short);
    await one.abort();
    await expect(one.write(short)).rejects.toThrow('aborted');
    await expect(one.finish()).rejects.toThrow('aborted');
    expect(gated.gate.calls).toEqual([]);
  });

  test.each(['CreateMultipartUpload', 'UploadPart'] as const)('during %s, twice', async (operation) => {
    await using gated = await gatedBucket();
    fail(gated, operation, 'silent');
    const one = gated.bucket.startUpload(key);
    await one.write(long);
    await vi.waitFor(() => expect(gated.gate.steps).toContain(operation));
    const begin = Date.now();
    await Promise.all([one.abort(), one.abort()]);
    expect(Date.now() - begin).toBeLessThan(2_000);
    await expect(one.write(short)).rejects.toThrow('aborted');
    expect(gated.gate.count('AbortMultipartUpload')).toBe(operation === 'UploadPart' ? 1 : 0);
    expect(gated.gate.open).toEqual(new Set());
    expect(await gated.keys()).toEqual([]);
  });

  test('in the very moment in which S3 has told the id', async () => {
    await using gated = await gatedBucket();
    const one = gated.bucket.startUpload(key);
    const aborted = Promise.withResolvers<void>();
    gated.client.middlewareStack.add((next, { commandName }) => async (input) => {
      const answer = await next(input);
      if (commandName === 'CreateMultipartUploadCommand') one.abort().then(aborted.resolve);
      return answer;
    });
    await one.write(long);
    await aborted.promise;
    expect(gated.gate.steps).toEqual(['CreateMultipartUpload', 'AbortMultipartUpload']);
    expect(gated.gate.open).toEqual(new Set());
  });

  test('while a write waits', async () => {
    await using gated = await gatedBucket();
    fail(gated, 'UploadPart', 'silent');
    const one = gated.bucket.startUpload(key);
    const refused = expect(one.write(content)).rejects.toThrow('aborted');
    await vi.waitFor(() => expect(gated.gate.steps).toContain('UploadPart'));
    await one.abort();
    await refused;
    expect(gated.gate.open).toEqual(new Set());
  });

  test.each([
    ['a short', short],
    ['a long', long],
  ])('of %s object while something is done beforehand', async (_what, bytes) => {
    await using gated = await gatedBucket();
    const one = gated.bucket.startUpload(key);
    await one.write(bytes);
    await expect(one.finish(() => one.abort())).rejects.toThrow('aborted');
    expect(await gated.keys()).toEqual([]);
    expect(gated.gate.open).toEqual(new Set());
  });
});

test.each([
  ['PutObject', short],
  ['CompleteMultipartUpload', long],
] as const)('Giving up comes too late once S3 got %s', async (last, bytes) => {
  await using gated = await gatedBucket();
  const gate = Promise.withResolvers<void>();
  gated.gate.fateOf = ({ operation }) => (operation === last ? gate.promise : undefined);
  const one = gated.bucket.startUpload(key);
  await one.write(bytes);
  const finished = one.finish();
  await vi.waitFor(() => expect(gated.gate.steps).toContain(last));
  const aborted = one.abort();
  gate.resolve();
  await aborted;
  expect(await finished).toMatchObject({ bytes: bytes.length });
  await one.abort();
  expect(await gated.keys()).toEqual([key]);
});

test.each([
  ['a short', 'PutObject', short],
  ['a long', 'UploadPart', long],
] as const)('When time is over, %s upload ends, and nothing stays', async (_what, operation, bytes) => {
  await using gated = await gatedBucket();
  fail(gated, operation, 'silent');
  const one = gated.bucket.startUpload(key, { deadline: deadlineIn(300) });
  const begin = Date.now();
  await one.write(bytes);
  await expect(one.finish()).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(Date.now() - begin).toBeLessThan(3_000);
  expect(await gated.keys()).toEqual([]);
  expect(gated.gate.open).toEqual(new Set());
});
