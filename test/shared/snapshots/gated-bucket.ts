import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import * as module from '@aws-sdk/client-s3';
import { startBucket } from '../../../infra/local/bucket/server.ts';
import { SnapshotBucket } from '../../../shared/snapshots/bucket.ts';
import { s3Of } from '../../../shared/snapshots/s3.ts';
import { type S3Fate, type S3Operation, startS3Gate } from '../../support/s3-gate.ts';

/** S3 takes no shorter part, but for the last one. */
export const partBytes = 5 * 2 ** 20;

/** A bucket behind a gate, and ways to look into it that do not go through the gate. */
export async function gatedBucket({ patienceMs = 5_000 }: { patienceMs?: number } = {}) {
  const server = await startBucket({ port: 0 });
  const name = 'snapshots-of-a-test';
  await server.create(name);
  const gate = await startS3Gate(server.url);
  const direct = clientOf(server.url, patienceMs);
  const gated = clientOf(gate.url, patienceMs);
  const open = () => ({ ...s3Of(module), client: gated });
  return {
    gate,
    /** The one that the bucket uses. */
    client: gated,
    bucket: new SnapshotBucket({ bucket: name, open, partBytes }),

    async keys(): Promise<string[]> {
      const { Contents = [] } = await direct.send(new module.ListObjectsV2Command({ Bucket: name }));
      return Contents.map(({ Key = '' }) => Key);
    },

    /** Puts a byte under each of the keys. */
    async fill(keys: readonly string[]): Promise<void> {
      for (let at = 0; at < keys.length; at += 50) {
        const some = keys.slice(at, at + 50);
        const put = (Key: string) =>
          direct.send(new module.PutObjectCommand({ Bucket: name, Key, Body: 'x' }));
        await Promise.all(some.map(put));
      }
    },

    async bytes(Key: string): Promise<Buffer> {
      const { Body } = await direct.send(new module.GetObjectCommand({ Bucket: name, Key }));
      return await buffer(Body as AsyncIterable<Uint8Array>); // as it is in Node
    },

    async [Symbol.asyncDispose]() {
      for (const client of [direct, gated]) client.destroy();
      await gate[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

export const key = 'snapshots/groupid=12345/day=2026-11-22/20261122T120500Z.jsonl.zst';
export const content = randomBytes(3 * partBytes);
export const short = content.subarray(0, 1_000);
export const long = content.subarray(0, partBytes + 1_000);

type GatedBucket = Awaited<ReturnType<typeof gatedBucket>>;

/** Writes and finishes. */
export async function upload({ bucket }: GatedBucket, bytes: Buffer) {
  const one = bucket.startUpload(key);
  await one.write(bytes);
  return await one.finish();
}

/** Fails every try of an operation, or the first one alone. */
export function fail(
  { gate }: GatedBucket,
  operation: S3Operation,
  fate: S3Fate,
  tries = Number.POSITIVE_INFINITY,
): void {
  let failed = 0;
  gate.fateOf = (call) => {
    if (call.operation !== operation || failed === tries) return undefined;
    failed += 1;
    return fate;
  };
}

function clientOf(endpoint: string, patienceMs: number): module.S3Client {
  const patience = { requestTimeout: patienceMs, socketTimeout: patienceMs, throwOnRequestTimeout: true };
  return new module.S3Client({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestHandler: { connectionTimeout: 5_000, ...patience },
  });
}
