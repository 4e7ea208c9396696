import { zstdCompressSync } from 'node:zlib';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import { onThisMachine } from '../../../../infra/cli/aws.ts';
import { region } from '../../../../infra/local/account.ts';
import { startBucket } from '../../../../infra/local/bucket/server.ts';
import { startFunctionsApi } from '../../../../infra/local/lambda/api.ts';
import { portCount, portsFrom } from '../../../../infra/local/ports.ts';
import { createSignalTable } from '../../../../infra/local/signals.ts';
import { startTables } from '../../../../infra/local/table/server.ts';
import { functionName, localStage } from '../../../../infra/names.ts';
import { defineRelay } from '../../../../shared/api/config/relay.ts';
import { snapshotVariables } from '../../../../shared/api/config/snapshot-environment.ts';
import { manifestKey, snapshotKey } from '../../../../shared/snapshots/keys.ts';
import { type Manifest, type TakenManifest, writeManifest } from '../../../../shared/snapshots/manifest.ts';
import { type Slot, slotAt, slotTime } from '../../../../shared/snapshots/slot.ts';
import { freePorts } from '../../../support/ports.ts';
import { someAws } from '../running.ts';

type Config = Parameters<typeof defineRelay>[0];

interface StandInOptions {
  readonly groups?: Config['groups'];
  /** What the function does with an event. */
  readonly target?: (event: unknown) => Promise<unknown>;
  /** The environment of the function, where it is not as it should be. */
  readonly variables?: Readonly<Record<string, string>>;
}

const name = 'snapshots-of-a-test';
export const minute = 60_000;

/** Bucket, table and function of a stage that has snapshots, as a local run and as `prod`; nobody takes any by itself. */
export async function standIn({
  groups = { 12345: { snapshots: { everyMinutes: 5 } } },
  target = async () => ({ outcome: 'over' }),
  variables,
}: StandInOptions = {}) {
  const port = await freePorts(portCount);
  const ports = portsFrom(port);
  const bucket = await startBucket({ port: ports.bucket });
  const tables = await startTables({ port: ports.table });
  await bucket.create(name);
  const signalTable = await createSignalTable(tables, localStage);
  const environment =
    variables ??
    snapshotVariables(defineRelay({ groups }), {
      ...{ stage: localStage, secretOf: () => 'token', refreshQueue: undefined, signalTable },
      ...{ idKey: 'ids', bus: 'bus', snapshotBucket: name },
    });
  const one = { target: { invoke: target }, environment };
  const api = await startFunctionsApi({
    port: ports.functions,
    functions: { [functionName(localStage, 'snapshot')]: one, [functionName('prod', 'snapshot')]: one },
  });
  const s3 = new S3Client(onThisMachine(ports.bucket));
  onTestFinished(async () => {
    s3.destroy();
    await Promise.all([api.close(), bucket.close(), tables.close()]);
  });
  const put = (Key: string, Body: string | Uint8Array) =>
    s3.send(new PutObjectCommand({ Bucket: name, Key, Body }));

  return {
    name,
    ports,
    local: ['--port', String(port)],
    /** For `--deployed`. */
    environment: {
      ...someAws,
      AWS_REGION: region,
      AWS_ENDPOINT_URL_S3: bucket.url,
      AWS_ENDPOINT_URL_DYNAMODB: tables.url,
      AWS_ENDPOINT_URL_LAMBDA: api.url,
    },
    put,
    putManifest: (manifest: Manifest) =>
      put(manifestKey(manifest.groupid, manifest.snapshot), `${writeManifest(manifest)}\n`),
    /** A snapshot with these visitors. */
    async putSnapshot(slot: Slot, visitors: readonly object[], part: Partial<TakenManifest> = {}) {
      const manifest = taken(slot, { visitors: visitors.length, ...part });
      const lines = visitors.map(
        (visitor, index) =>
          `{"snapshot":"${slotTime(slot)}","visitor":${JSON.stringify(visitor)},"visitorid":"v${index}"}\n`,
      );
      await put(manifest.object, zstdCompressSync(lines.join('')));
      await put(manifestKey(manifest.groupid, slot), `${writeManifest(manifest)}\n`);
    },
  };
}

/** What is known of a snapshot that nothing is missing before. */
export function taken(slot: Slot, part: Partial<TakenManifest> = {}): TakenManifest {
  const groupid = part.groupid ?? '12345';
  return {
    ...{ status: 'taken', groupid, snapshot: slot, takenAt: new Date(slot + 250).toISOString() },
    ...{ durationMs: 1_400, visitors: 3, unnamed: 0, object: snapshotKey(groupid, slot) },
    ...{ bytes: 100, lineBytes: 1_000, previous: slotAt(slot - 5 * minute), missed: 0 },
    ...{ arrivals: 1, departures: 1 },
    ...part,
  };
}

const newest = Math.floor(Date.now() / (5 * minute)) * 5 * minute;

/** A slot of five minutes: the newest when this began, or so many before it. */
export function slotsAgo(count: number): Slot {
  return slotAt(newest - count * 5 * minute);
}
