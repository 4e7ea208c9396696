import { zstdCompressSync } from 'node:zlib';
import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import { Forgetting } from '../../../../infra/cli/forget/forgetting.ts';
import type { Person } from '../../../../infra/cli/forget/person.ts';
import { openStore } from '../../../../infra/cli/forget/store.ts';
import { manifestKey, snapshotKey } from '../../../../shared/snapshots/keys.ts';
import { type TakenManifest, writeManifest } from '../../../../shared/snapshots/manifest.ts';
import { type Slot, slotAt, slotTime } from '../../../../shared/snapshots/slot.ts';
import { startSnapshotStore } from '../../../support/snapshot-store.ts';
import { startBucketGate } from './bucket-gate.ts';

export const noon = slotAt(Date.parse('2026-11-22T12:00:00Z'));

/** So many five minutes after noon. */
export function slot(at: number): Slot {
  return slotAt(noon + at * 300_000);
}

/** A line as snapshots have it; `element` is JSON. */
export function lineOf(id: string | undefined, element = '{"page":"/"}'): string {
  const last = id === undefined ? '' : `,"visitorid":${JSON.stringify(id)}`;
  return `{"snapshot":"2026-11-22T12:00:00Z","visitor":${element}${last}}`;
}

export function compressed(lines: readonly string[]): Buffer {
  return zstdCompressSync(Buffer.from(lines.map((line) => `${line}\n`).join('')));
}

interface PutOptions {
  readonly groupid?: string;
  /** Unless given, there is one. */
  readonly manifest?: boolean;
}

/** A bucket with snapshots, behind a gate for whoever looks for a person. */
export async function standIn() {
  const held = await startSnapshotStore();
  const gate = await startBucketGate(held.endpoints.s3);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const s3 = new S3Client({ endpoint: gate.url, region: 'us-east-1', credentials, maxAttempts: 1 });
  onTestFinished(async () => {
    s3.destroy();
    await held[Symbol.asyncDispose]();
  });
  const { bucket: Bucket } = held;

  async function put(Key: string, Body: string | Buffer): Promise<void> {
    await held.s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  }

  return {
    ...held,
    gate,
    put,
    store: openStore({ s3 }, Bucket),
    /** Puts a snapshot there; gives its key. */
    async snapshot(
      at: Slot,
      lines: readonly string[],
      { groupid = '12345', manifest = true }: PutOptions = {},
    ) {
      const key = snapshotKey(groupid, at);
      const body = compressed(lines);
      await put(key, body);
      const lineBytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
      const known = manifestOf(groupid, at, { visitors: lines.length, bytes: body.length, lineBytes });
      if (manifest) await put(manifestKey(groupid, at), `${writeManifest(known)}\n`);
      return key;
    },
    /** The same for the same bytes. */
    async etag(Key: string) {
      return (await held.s3.send(new HeadObjectCommand({ Bucket, Key }))).ETag;
    },
    /** Of a day later than the noon that the snapshots are of. */
    forgetting(id: string | Person, options: Partial<ConstructorParameters<typeof Forgetting>[0]> = {}) {
      return new Forgetting({
        store: this.store,
        person: typeof id === 'string' ? { in: () => (found) => found === id } : id,
        signal: new AbortController().signal,
        progress: () => undefined,
        now: () => noon + 86_400_000,
        ...options,
      });
    },
  };
}

function manifestOf(groupid: string, at: Slot, part: Partial<TakenManifest>): TakenManifest {
  return {
    status: 'taken',
    groupid,
    snapshot: at,
    takenAt: `${slotTime(at).slice(0, -1)}.123Z`,
    durationMs: 1_234,
    ...{ visitors: 0, unnamed: 0, bytes: 0, lineBytes: 0 },
    object: snapshotKey(groupid, at),
    ...{ previous: null, missed: 0, arrivals: null, departures: null },
    ...part,
  };
}
