import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import * as module from '@aws-sdk/client-s3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { SnapshotBucket } from '../../../shared/snapshots/bucket.ts';
import { s3Of } from '../../../shared/snapshots/s3.ts';
import { startSnapshotStore } from '../../support/snapshot-store.ts';
import { gatedBucket } from './gated-bucket.ts';

const key = 'state/groupid=12345/day=2026-11-22/20261122T120500Z.ids';

test('A function finds the bucket by what it has in its environment', async () => {
  await using store = await startSnapshotStore();
  for (const [name, value] of Object.entries(store.environment)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const bucket = new SnapshotBucket({ bucket: store.bucket, open: () => s3Of(module) });
  await bucket.put(key, '{"a":1}', { contentType: 'application/json' });
  expect(await store.keys('state/')).toEqual([key]);
  expect(await store.json(key)).toEqual({ a: 1 });
});

test('What was put is read as it was, at once or as a stream, with its ETag', async () => {
  await using gated = await gatedBucket();
  const { bucket } = gated;
  const bytes = randomBytes(300_000);
  const { etag } = await bucket.put(key, bytes, { contentType: 'application/json' });
  expect(gated.gate.calls[0]?.headers).toMatchObject({ 'content-type': 'application/json' });
  expect((await bucket.read(key))?.equals(bytes)).toBe(true);
  expect(await bucket.head(key)).toEqual({ bytes: bytes.length, etag });
  const { body, ...told } = (await bucket.stream(key)) ?? {};
  expect(told).toEqual({ bytes: bytes.length, etag });
  expect(body && (await buffer(body)).equals(bytes)).toBe(true);
});

test('An object without a byte is there', async () => {
  await using gated = await gatedBucket();
  await gated.bucket.startUpload(key).finish();
  expect(await gated.bucket.read(key)).toEqual(Buffer.alloc(0));
});

test('What is not there is told apart from what cannot be read', async () => {
  await using gated = await gatedBucket();
  const { bucket, gate } = gated;
  expect(await bucket.read(key)).toBeUndefined();
  expect(await bucket.stream(key)).toBeUndefined();
  expect(await bucket.head(key)).toBeUndefined();
  for (const status of [403, 500]) {
    gate.fateOf = () => ({ error: status === 403 ? 'AccessDenied' : 'InternalError', status });
    await expect(bucket.read(key)).rejects.toThrow();
    await expect(bucket.stream(key)).rejects.toThrow();
    await expect(bucket.head(key)).rejects.toThrow();
  }
  gate.fateOf = () => ({ error: 'NoSuchBucket', status: 404 });
  await expect(bucket.read(key)).rejects.toMatchObject({ name: 'NoSuchBucket' });
});

test.each([
  ['cut off', 'cut'],
  ['damaged on its way', 'damaged'],
] as const)('An object that is %s is not taken for whole', async (_what, fate) => {
  await using gated = await gatedBucket();
  const { bucket, gate } = gated;
  await bucket.put(key, randomBytes(300_000));
  gate.fateOf = () => fate;
  await expect(bucket.read(key)).rejects.toThrow();
  const found = await bucket.stream(key);
  if (!found) throw new Error('There is one.');
  await expect(buffer(found.body)).rejects.toThrow();
});

test('An object that stops coming is not waited for forever', async () => {
  await using gated = await gatedBucket({ patienceMs: 300 });
  await gated.bucket.put(key, 'red');
  gated.gate.fateOf = () => 'stalled';
  await expect(gated.bucket.read(key)).rejects.toThrow();
});

test('A change of what somebody else has changed is refused', async () => {
  await using gated = await gatedBucket();
  const { bucket, gate } = gated;
  const { etag } = await bucket.put(key, 'red');
  await bucket.put(key, 'blue', { ifMatch: etag });
  expect(gate.calls.at(-1)?.headers).toMatchObject({ 'if-match': etag });
  await expect(bucket.put(key, 'green', { ifMatch: etag })).rejects.toMatchObject({
    name: 'PreconditionFailed',
  });
  expect((await bucket.read(key))?.toString()).toBe('blue');
});

test('An upload that shall replace nothing, or one object, replaces no other', async () => {
  await using gated = await gatedBucket();
  const { bucket, gate } = gated;
  const put = async (text: string, replacing: Parameters<typeof bucket.startUpload>[1]) => {
    const upload = bucket.startUpload(key, replacing);
    await upload.write(Buffer.from(text));
    return await upload.finish();
  };
  const { etag } = await put('red', { replacing: 'nothing' });
  expect(gate.calls.at(-1)?.headers).toMatchObject({ 'if-none-match': '*' });
  await expect(put('blue', { replacing: 'nothing' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
  await put('green', { replacing: { etag } });
  expect(gate.calls.at(-1)?.headers).toMatchObject({ 'if-match': etag });
  await expect(put('blue', { replacing: { etag } })).rejects.toMatchObject({ name: 'PreconditionFailed' });
  expect((await bucket.read(key))?.toString()).toBe('green');
});

test('However many keys there are, each is listed once, in order, from wherever one likes', async () => {
  await using gated = await gatedBucket();
  const { bucket, gate } = gated;
  const keys = Array.from({ length: 1_100 }, (_, index) => `manifests/groupid=1/${index + 1_000}.json`);
  await gated.fill([...keys, 'manifests/groupid=12/1000.json']);
  const list = (after?: string) => allOf(bucket.list('manifests/groupid=1/', after));
  const all = await list();
  expect(all.map((one) => one.key)).toEqual(keys);
  expect(all[0]).toEqual({ key: keys[0], ...(await bucket.head('manifests/groupid=1/1000.json')) });
  expect((await list(keys[40])).map((one) => one.key)).toEqual(keys.slice(41));
  expect(await list(keys.at(-1))).toEqual([]);

  // A list that breaks off is none.
  gate.fateOf = ({ url }) =>
    url.searchParams.has('continuation-token') ? { error: 'AccessDenied', status: 403 } : undefined;
  await expect(list()).rejects.toMatchObject({ name: 'AccessDenied' });
});

async function allOf<One>(list: AsyncIterable<One>): Promise<One[]> {
  const all: One[] = [];
  for await (const one of list) all.push(one);
  return all;
}
