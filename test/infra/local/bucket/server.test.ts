import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { request } from 'undici';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startBucket } from '../../../../infra/local/bucket/server.ts';

const Bucket = 'toys';
const MiB = 2 ** 20;
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/** A bucket and the client as it comes; gone after the test. */
async function toyBucket() {
  const server = await startBucket({ port: 0 });
  onTestFinished(() => server.close());
  await server.create(Bucket);
  const client = new S3Client({ endpoint: server.url, region: 'us-east-1', credentials });
  onTestFinished(() => client.destroy());
  return {
    server,
    client,
    put: (Key: string, Body: Buffer | string, IfMatch?: string) =>
      client.send(new PutObjectCommand({ Bucket, Key, Body, IfMatch })),
    async get(Key: string): Promise<Buffer> {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      return await buffer(Body as AsyncIterable<Uint8Array>); // as it is in Node
    },
  };
}

test('The client as it comes finds the bucket by AWS_ENDPOINT_URL_S3', async () => {
  const { server, get } = await toyBucket();
  vi.stubEnv('AWS_ENDPOINT_URL_S3', server.url);
  onTestFinished(() => void vi.unstubAllEnvs());
  const client = new S3Client({ region: 'us-east-1', credentials });
  onTestFinished(() => client.destroy());
  await client.send(new PutObjectCommand({ Bucket, Key: 'kite', Body: 'red' }));
  expect((await get('kite')).toString()).toBe('red');
});

test.each([
  ['in one request', 20 * MiB],
  ['that is empty', 0],
])('An object %s comes back as it was, with its type', async (_what, bytes) => {
  const { client, get } = await toyBucket();
  const Body = randomBytes(bytes);
  await client.send(new PutObjectCommand({ Bucket, Key: 'kite', Body, ContentType: 'application/zstd' }));
  expect((await get('kite')).equals(Body)).toBe(true);
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'kite' }));
  expect(head).toMatchObject({ ContentLength: bytes, ContentType: 'application/zstd' });
});

test('An object in parts is there when it is completed, and not before', async () => {
  const { client, get } = await toyBucket();
  const parts = [randomBytes(8 * MiB), randomBytes(8 * MiB), randomBytes(1)];
  const Key = 'kite';
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const Parts: CompletedPart[] = [];
  for (const [index, Body] of parts.entries()) {
    const part = { PartNumber: index + 1 };
    const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key, UploadId, ...part, Body }));
    Parts.push({ ...part, ETag });
  }
  await expect(get(Key)).rejects.toMatchObject({ name: 'NoSuchKey' });
  const MultipartUpload = { Parts };
  await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
  expect((await get(Key)).equals(Buffer.concat(parts))).toBe(true);
});

test('Nothing stays of parts that are abandoned, and no more can follow', async () => {
  const { client } = await toyBucket();
  const upload = { Bucket, Key: 'kite' };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload));
  const part = () => client.send(new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: 'red' }));
  await part();
  await client.send(new AbortMultipartUploadCommand({ ...upload, UploadId }));
  await expect(part()).rejects.toMatchObject({ name: 'NoSuchUpload' });
  expect((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
});

test.each([
  'snapshots/groupid=12345/day=2026-11-22/20261122T120500Z.jsonl.zst',
  'a+b c&d%e<f>"g',
  `long/${'k'.repeat(1_000)}`,
])('The key %j is kept', async (key) => {
  const { client, put, get } = await toyBucket();
  await put(key, 'red');
  expect((await get(key)).toString()).toBe('red');
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  expect(Contents.map(({ Key }) => Key)).toEqual([key]);
  await client.send(new DeleteObjectCommand({ Bucket, Key: key }));
  await expect(get(key)).rejects.toMatchObject({ name: 'NoSuchKey' });
});

test('Keys are listed by the thousand, in the order of their bytes, each once', async () => {
  const { client, put } = await toyBucket();
  // In a dictionary, these would stand in another order.
  const keys = ['a', 'B', 'a-', 'a=', 'A/', 'a.b', 'ab'].flatMap((start) =>
    Array.from({ length: 358 }, (_, index) => `toys/${start}${index}`),
  );
  await Promise.all([...keys, 'tools/hammer', 'toyshop'].map((key) => put(key, 'x')));
  const list = async (ContinuationToken?: string, StartAfter?: string) => {
    const input = { Bucket, Prefix: 'toys/', ContinuationToken, StartAfter };
    const { Contents = [], NextContinuationToken } = await client.send(new ListObjectsV2Command(input));
    return { keys: Contents.map(({ Key = '' }) => Key), next: NextContinuationToken };
  };
  const first = await list();
  const second = await list(first.next);
  const third = await list(second.next);
  expect([first, second, third].map((page) => page.keys.length)).toEqual([1000, 1000, 506]);
  expect(third.next).toBeUndefined();
  expect([...first.keys, ...second.keys, ...third.keys]).toEqual(keys.sort());
  expect((await list(undefined, keys[99])).keys[0]).toBe(keys[100]);
});

test('Of two that would replace the same object, the second is told that it changed', async () => {
  const { put, get } = await toyBucket();
  const { ETag } = await put('kite', 'red');
  await put('kite', 'blue', ETag);
  await expect(put('kite', 'green', ETag)).rejects.toMatchObject({ name: 'PreconditionFailed' });
  await expect(put('ball', 'green', ETag)).rejects.toMatchObject({ name: 'NoSuchKey' });
  expect((await get('kite')).toString()).toBe('blue');
});

test('What the engine would take for something else is refused', async () => {
  const { client, put, get } = await toyBucket();
  await put('kite', 'red');
  const Tagging = { TagSet: [{ Key: 'made', Value: 'by hand' }] };
  const notImplemented = { name: 'NotImplemented' };
  const tag = client.send(new PutObjectTaggingCommand({ Bucket, Key: 'kite', Tagging }));
  await expect(tag).rejects.toMatchObject(notImplemented);
  const uploads = client.send(new ListMultipartUploadsCommand({ Bucket }));
  await expect(uploads).rejects.toMatchObject(notImplemented);
  expect((await get('kite')).toString()).toBe('red');
});

test('A bucket that is not there takes nothing', async () => {
  const { client } = await toyBucket();
  const put = new PutObjectCommand({ Bucket: 'elsewhere', Key: 'kite', Body: 'red' });
  await expect(client.send(put)).rejects.toMatchObject({ name: 'NoSuchBucket' });
});

test('A name that S3 would not take is refused', async () => {
  const { server } = await toyBucket();
  await expect(server.create('Toys')).rejects.toThrow('S3 refuses the bucket Toys');
});

test('A port that is taken is told', async () => {
  const { server } = await toyBucket();
  const { port } = new URL(server.url);
  await expect(startBucket({ port: Number(port) })).rejects.toThrow(
    `Port ${port} is not to be had for S3: it is taken`,
  );
});

test('Nothing listens on any other address than 127.0.0.1', async () => {
  const { server } = await toyBucket();
  const socket = connect(Number(new URL(server.url).port), '127.0.0.2');
  await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

const signed = { authorization: 'AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b, Signature=c' };
const form = { 'content-type': 'multipart/form-data; boundary=b' };
const json = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.ListQueues' };

test.each([
  ['for a host of the internet', 'GET', '/toys/kite', { ...signed, host: 'rebound.example' }],
  ['for a bucket by host name', 'GET', '/kite', { ...signed, host: 'toys.localhost' }],
  ['of a page that asks whether it may call', 'OPTIONS', '/toys/kite', { origin: 'https://evil.example' }],
  ['of whoever looks in', 'GET', '/toys/kite', {}],
  ['that a page could send as a form', 'POST', '/toys', { ...form, origin: 'https://evil.example' }],
  ['for SQS', 'POST', '/', { ...signed, ...json }],
  ["for the engine's own pages", 'GET', '/_fauxqs/queues', signed],
  ['for its health', 'GET', '/health', signed],
])('A request %s is refused', async (_what, method, path, headers) => {
  const { server, put } = await toyBucket();
  await put('kite', 'red');
  const answer = await request(server.url + path, { method, headers, body: method === 'POST' ? '{}' : null });
  expect(answer.statusCode).toBe(403);
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  expect(await answer.body.text()).not.toMatch(/red|kite|ok/);
});

test('A page of another site cannot read what it is told', async () => {
  const { server, put } = await toyBucket();
  await put('kite', 'red');
  const headers = { ...signed, origin: 'https://evil.example' };
  const answer = await request(`${server.url}/toys/kite`, { headers });
  expect(answer.statusCode).toBe(200);
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  await answer.body.dump();
});

test('A client that goes away in the middle of an object leaves nothing of it, and takes nobody with it', async () => {
  const { server, client, put, get } = await toyBucket();
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  await once(socket, 'connect');
  const lines = Object.entries({ host: '127.0.0.1', ...signed, 'content-length': 1000 });
  socket.write(`PUT /toys/kite HTTP/1.1\r\n${lines.map((line) => `${line.join(': ')}\r\n`).join('')}\r\nre`);
  await new Promise((done) => setTimeout(done, 50));
  socket.resetAndDestroy();
  await new Promise((done) => setTimeout(done, 50));
  expect((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
  await put('ball', 'blue');
  expect((await get('ball')).toString()).toBe('blue');
});
