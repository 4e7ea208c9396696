import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { dayPrefix } from '../../../shared/snapshots/keys.ts';
import { type Manifest, readManifest } from '../../../shared/snapshots/manifest.ts';
import { dayOf, slotAt, slotTime } from '../../../shared/snapshots/slot.ts';
import { snapshot } from '../../functions.ts';
import { functionName, npmRun } from '../../names.ts';
import { AwsTrouble, onAws } from '../aws.ts';
import { type Finding, finding } from '../report.ts';
import { bucketOf, fromBucket, type SnapshotPlace, settingsOf } from '../snapshot/place.ts';
import type { DeployedRelay } from './relay.ts';
import { mostWaitMs, schedulesOfTokens } from './schedule-metrics.ts';
import { type Surroundings, wakeful } from './step.ts';

const pollMs = 5_000;
const minuteMs = 60_000;

/** That time alone makes the relay do something: take a snapshot, or else ask for a token. */
export async function schedules(relay: DeployedRelay, surroundings: Surroundings): Promise<Finding> {
  if (relay.snapshots) return await ofSnapshots(relay, placeOf(relay), surroundings);
  if (relay.refreshQueue !== undefined) return await schedulesOfTokens(relay, surroundings);
  return finding(
    'warn',
    'not checked: the relay has no schedule. It takes no snapshots, and its tokens come from elsewhere',
  );
}

function placeOf({ stage }: DeployedRelay): SnapshotPlace {
  const options = onAws();
  const name = functionName(stage, snapshot.name);
  return {
    s3: new S3Client(options),
    lambda: new LambdaClient(options),
    dynamo: new DynamoDBClient(options),
    secretsManager: new SecretsManagerClient(options),
    ...{ stage, functionName: name, log: `the log of the function ${name}` },
    command: (text) => npmRun(stage, text),
    missing: 'deploy the relay again',
  };
}

/** Looks at the snapshots of each group that has some, and waits a while where none is due yet. */
export async function ofSnapshots(
  { deployedAt }: Pick<DeployedRelay, 'deployedAt'>,
  place: SnapshotPlace,
  surroundings: Surroundings,
  clock = wakeful(surroundings),
): Promise<Finding> {
  const { RELAY_SNAPSHOTS, RELAY_SNAPSHOT_BUCKET: bucket } = await settingsOf(place);
  const found: Finding[] = [];
  // They are waited for together: what one group has to wait, the next one has waited.
  const begin = clock.now();
  for (const [groupid, { periodSeconds }] of Object.entries(RELAY_SNAPSHOTS)) {
    const periodMs = periodSeconds * 1_000;
    const until = begin + waitMs(periodMs, begin - deployedAt);
    let newest = await newestOf(place, bucket, { groupid, periodMs }, clock.now());
    while (!isRecent(newest, periodMs, clock.now()) && clock.now() < until) {
      surroundings.tell(
        `waiting for the schedule of group ${groupid}: ${Math.floor((clock.now() - begin) / 1_000)} s`,
      );
      await clock.sleep(pollMs);
      newest = await newestOf(place, bucket, { groupid, periodMs }, clock.now());
    }
    found.push(judge(newest, { groupid, periodMs, deployedAt, place, now: clock.now() }));
  }
  return together(found);
}

/** Of a relay that is older than two periods, there has to be a snapshot; else one period is waited for, and a minute. */
function waitMs(periodMs: number, ageMs: number): number {
  return ageMs > 2 * periodMs + minuteMs ? 0 : Math.min(periodMs + minuteMs, mostWaitMs);
}

/** Not older than two periods. */
function isRecent(manifest: Manifest | undefined, periodMs: number, now: number): boolean {
  return manifest !== undefined && now - manifest.snapshot <= 2 * periodMs + minuteMs;
}

interface Wanted {
  readonly groupid: string;
  readonly periodMs: number;
}

/** The newest of a time of the schedule; those that were taken by hand lie anywhere between. */
async function newestOf(
  place: SnapshotPlace,
  bucket: string,
  { groupid, periodMs }: Wanted,
  now: number,
): Promise<Manifest | undefined> {
  const kept = bucketOf(place, bucket);
  const ask = <T>(answer: Promise<T>) => fromBucket(place, bucket, 's3:ListBucket and s3:GetObject', answer);
  for (const day of [dayOf(slotAt(now)), dayOf(slotAt(now - 24 * 60 * minuteMs))]) {
    const listed = await ask(keysOf(kept.list(dayPrefix('manifests', groupid, day))));
    for (const key of listed.toReversed()) {
      if (!isOfSchedule(key, periodMs)) continue;
      const text = await ask(kept.read(key));
      if (text) return manifestIn(text.toString('utf8'), key);
    }
  }
  return undefined;
}

function manifestIn(text: string, key: string): Manifest {
  try {
    return readManifest(text);
  } catch (cause) {
    const how = 'is the relay of another release than this checkout? Deploy, or check that one out';
    throw new AwsTrouble(`${key} of the bucket is no manifest that is known here`, how, { cause });
  }
}

async function keysOf(listed: AsyncIterable<{ readonly key: string }>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of listed) keys.push(key);
  return keys;
}

/** Times of the schedule are the multiples of its period, since that divides a day. */
function isOfSchedule(key: string, periodMs: number): boolean {
  const [, day, hour, minute, second] = /\/(\d{8})T(\d{2})(\d{2})(\d{2})Z\.json$/.exec(key) ?? [];
  if (day === undefined) return false;
  const ofDay = (Number(hour) * 60 + Number(minute)) * minuteMs + Number(second) * 1_000;
  return ofDay % periodMs === 0;
}

interface Judged extends Wanted {
  readonly deployedAt: number;
  readonly place: SnapshotPlace;
  readonly now: number;
}

function judge(newest: Manifest | undefined, { groupid, periodMs, deployedAt, place, now }: Judged): Finding {
  const every = `every ${periodMs / minuteMs} min`;
  if (!newest || !isRecent(newest, periodMs, now)) {
    const last = newest ? `the last one is of ${slotTime(newest.snapshot)}` : 'there is none';
    const says = `group ${groupid}: a snapshot is due ${every}, and ${last}`;
    const isYoung = now - deployedAt <= 2 * periodMs + minuteMs;
    if (isYoung)
      return finding('warn', `${says}; the stack is too young`, 'ask again when two periods are over');
    return finding(
      'fail',
      says,
      `is the schedule there and enabled (aws scheduler list-schedules --group-name ${stackOf(place)}-snapshots)? ${place.log} tells whether it ran`,
    );
  }
  const at = slotTime(newest.snapshot);
  if (newest.status === 'gap')
    return finding(
      'warn',
      `group ${groupid}: the schedule of ${at} fired, and the snapshot was not taken: ${newest.reason}`,
      `"snapshot-gap" in docs/runbook.md; ${place.log} tells why`,
    );
  const lateSeconds = (Date.parse(newest.takenAt) - newest.snapshot) / 1_000;
  return finding(
    'ok',
    `group ${groupid}, ${every}: the one of ${at} was taken ${lateSeconds.toFixed(1)} s after its time`,
  );
}

function stackOf({ functionName: name }: SnapshotPlace): string {
  return name.slice(0, -`-${snapshot.name}`.length);
}

const worst = ['fail', 'warn', 'ok', 'skipped'] as const;

function together(found: readonly Finding[]): Finding {
  const verdict = worst.find((one) => found.some((each) => each.verdict === one)) ?? 'warn';
  const { hint } = found.find((each) => each.verdict === verdict) ?? {};
  return finding(verdict, found.map(({ says }) => says).join('; ') || 'no group has snapshots', hint);
}
