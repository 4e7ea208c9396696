import { buffer } from 'node:stream/consumers';
import { zstdDecompressSync } from 'node:zlib';
import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { startBucket } from '../../infra/local/bucket/server.ts';
import { startSignalStore } from './signal-store.ts';

export interface SnapshotStore extends AsyncDisposable {
  /** Of S3 and DynamoDB, for clients that are given an `endpoint`. */
  readonly endpoints: { readonly s3: string; readonly dynamodb: string };
  /** For clients that find them by themselves: what a function has in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** The name of the bucket. */
  readonly bucket: string;
  /** For looking in from outside. */
  readonly s3: S3Client;
  /** The name of the table. */
  readonly table: string;
  keys(prefix?: string): Promise<string[]>;
  /** The bytes of an object. Rejects if there is none. */
  bytes(key: string): Promise<Buffer>;
  /** The lines of a compressed object, without their line breaks. */
  lines(key: string): Promise<string[]>;
  json(key: string): Promise<unknown>;
}

/** S3 and DynamoDB on free ports, with the bucket of the snapshots, and the table as the stack makes it. */
export async function startSnapshotStore(): Promise<SnapshotStore> {
  const [buckets, signals] = await Promise.all([startBucket({ port: 0 }), startSignalStore()]);
  const bucket = 'snapshots-of-a-test';
  await buckets.create(bucket);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const s3 = new S3Client({ endpoint: buckets.url, region: 'us-east-1', credentials });

  async function bytes(Key: string): Promise<Buffer> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
    return await buffer(Body as AsyncIterable<Uint8Array>); // as it is in Node
  }

  return {
    endpoints: { s3: buckets.url, dynamodb: signals.endpoints.dynamodb },
    environment: { ...signals.environment, AWS_ENDPOINT_URL_S3: buckets.url },
    bucket,
    s3,
    table: signals.table,
    async keys(prefix = '') {
      const keys: string[] = [];
      const pages = paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix });
      for await (const { Contents = [] } of pages) keys.push(...Contents.map(({ Key = '' }) => Key));
      return keys;
    },
    bytes,
    async lines(key) {
      const text = zstdDecompressSync(await bytes(key)).toString();
      const lines = text.split('\n');
      if (lines.pop() !== '') throw new Error(`The last line of ${key} has no end.`);
      return lines;
    },
    json: async (key) => JSON.parse((await bytes(key)).toString()),
    async [Symbol.asyncDispose]() {
      s3.destroy();
      await Promise.all([buckets.close(), signals[Symbol.asyncDispose]()]);
    },
  };
}
