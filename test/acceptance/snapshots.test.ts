import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { zstdDecompressSync } from 'node:zlib';
import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { functionName, localStage } from '../../infra/names.ts';
import { snapshotAnswer } from '../../shared/snapshots/answer.ts';
import { scheduledSnapshot } from '../../shared/snapshots/request.ts';
import { slotAt, slotTime } from '../../shared/snapshots/slot.ts';
import { at, RelayUnderTest } from '../support/relay.ts';

let relay: RelayUnderTest;
let lambda: LambdaClient;
let s3: S3Client;
beforeAll(async () => {
  relay = await RelayUnderTest.open();
  lambda = new LambdaClient(at(relay.addresses.functions));
  s3 = new S3Client(at(relay.addresses.bucket));
});
afterAll(() => relay[Symbol.asyncDispose]());
beforeEach(async () => {
  await relay.emulator('DELETE', '/faults');
  await betweenSchedules();
});

/** No test is longer, and no snapshot of a schedule takes so long. */
const [longestMs, snapshotMs] = [20_000, 2_000];

/** Schedules fire at full minutes. What they take meanwhile would be what a test is about to take. */
async function betweenSchedules(): Promise<void> {
  const since = Date.now() % 60_000;
  if (since > 60_000 - longestMs) await sleep(60_000 - since + snapshotMs);
  else if (since < snapshotMs) await sleep(snapshotMs - since);
}

const FunctionName = functionName(process.env.RELAY_STAGE ?? localStage, 'snapshot');

async function invoke(time = slotTime(slotAt(Date.now()))) {
  const Payload = scheduledSnapshot(String(relay.addresses.groupid), time);
  const { Payload: answer, FunctionError } = await lambda.send(new InvokeCommand({ FunctionName, Payload }));
  const json: unknown = JSON.parse(Buffer.from(answer ?? '').toString());
  if (FunctionError !== undefined) throw new Error(JSON.stringify(json));
  return snapshotAnswer.parse(json);
}

async function take() {
  // Two of one second would be one.
  await sleep(1_000 - (Date.now() % 1_000));
  const answer = await invoke();
  if (answer.outcome !== 'taken' || answer.manifest.status !== 'taken')
    throw new Error(`not taken: ${JSON.stringify(answer)}`);
  return answer.manifest;
}

async function objectOf(Key: string): Promise<Buffer> {
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const Bucket = Environment?.Variables?.RELAY_SNAPSHOT_BUCKET;
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return await buffer(Body as AsyncIterable<Uint8Array>); // as it is in Node
}

async function visitorsIn(key: string): Promise<Record<string, Record<string, unknown>>> {
  const lines = zstdDecompressSync(await objectOf(key))
    .toString()
    .trimEnd()
    .split('\n')
    .filter(Boolean);
  return Object.fromEntries(lines.map((line) => JSON.parse(line)).map((line) => [line.visitorid, line]));
}

describe('a snapshot', () => {
  test('has who is there, with what Glance knows of them', async () => {
    const id = randomUUID();
    await using _ = await relay.visitor(id, { url: 'https://shop.example/basket', basket: '3' });
    const { object, visitors } = await take();
    const there = await visitorsIn(object);
    expect(Object.keys(there)).toHaveLength(visitors);
    expect(there[id]).toMatchObject({ visitor: { url: 'https://shop.example/basket', basket: '3' } });
  });

  test('tells who came, and who is gone one snapshot later', async () => {
    await take();
    const visitor = await relay.visitor(randomUUID());
    expect((await take()).arrivals).toBeGreaterThanOrEqual(1);
    await visitor[Symbol.asyncDispose]();
    // Glance holds somebody for present a little longer.
    await sleep(6_000);
    const missing = await take();
    const left = await take();
    expect((missing.departures ?? 0) + (left.departures ?? 0)).toBeGreaterThanOrEqual(1);
  });

  test('is whole although an answer of Glance was cut off', async () => {
    const id = randomUUID();
    await using _ = await relay.visitor(id);
    await relay.fault('query', { kind: 'cut', afterBytes: 40 });
    const { object } = await take();
    expect(await visitorsIn(object)).toHaveProperty(id);
  });

  test('of an hour ago is a gap', async () => {
    const answer = await invoke(slotTime(slotAt(Date.now() - 3_600_000)));
    expect(answer).toMatchObject({ outcome: 'gap', manifest: { reason: 'late' } });
  });
});
