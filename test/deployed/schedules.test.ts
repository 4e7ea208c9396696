import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { refreshQueueName, secretName, stackName, stageName } from '../../infra/names.ts';
import { manifestKey } from '../../shared/snapshots/keys.ts';
import { slotAt } from '../../shared/snapshots/slot.ts';
import { askAws } from '../support/aws.ts';
import { snapshotBucket } from '../support/deployed-snapshots.ts';
import { RelayUnderTest } from '../support/relay.ts';

const stage = stageName();
let relay: RelayUnderTest;
let groupid: string;
beforeAll(async () => {
  relay = await RelayUnderTest.open();
  groupid = String(relay.addresses.groupid);
});
afterAll(() => relay[Symbol.asyncDispose]());

const minuteMs = 60_000;

/** The object of that key, if it is there. */
async function objectOf(s3: S3Client, Bucket: string, Key: string): Promise<string | undefined> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: Key }));
  if (Contents.length === 0) return undefined;
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return await Body?.transformToString();
}

const schedule = z.looseObject({
  Name: z.string(),
  ScheduleExpression: z.string(),
  State: z.string(),
  Target: z.looseObject({ Arn: z.string(), RoleArn: z.string(), Input: z.string() }),
});

/** A schedule of the tokens, as EventBridge Scheduler has it. */
async function tokenSchedule(): Promise<z.infer<typeof schedule>> {
  const group = stackName(stage);
  const path = `/schedules/${group}-${groupid}?groupName=${group}`;
  return schedule.parse(await (await askAws({ name: 'scheduler' }, path)).json());
}

/** The version of the secret that the functions read. */
async function tokenVersion(): Promise<string | undefined> {
  const client = new SecretsManagerClient({});
  const SecretId = secretName(stage, groupid);
  const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId }));
  client.destroy();
  return Object.keys(VersionIdsToStages).find((id) => VersionIdsToStages[id]?.includes('AWSCURRENT'));
}

describe.concurrent('without anybody asking', () => {
  test('a snapshot is taken every minute', async () => {
    const s3 = new S3Client({});
    const bucket = await snapshotBucket();
    const began = Date.now();
    // No other test takes one of a full minute.
    const minutes = [-1, 0, 1, 2].map((some) => (Math.floor(began / minuteMs) + some) * minuteMs);
    const keys = minutes.map((time) => manifestKey(groupid, slotAt(time)));
    let found: string | undefined;
    while (found === undefined && Date.now() < began + 75_000) {
      const texts = await Promise.all(keys.map((key) => objectOf(s3, bucket, key)));
      found = texts.find((text) => text !== undefined);
      if (found === undefined) await sleep(500);
    }
    expect(JSON.parse(found ?? '{}')).toMatchObject({
      groupid,
      status: 'taken',
      snapshot: expect.stringMatching(/:00Z$/),
    });
  }, 90_000);

  test('a new token is asked for long before one of Glance ends', async () => {
    const { State, ScheduleExpression, Target } = await tokenSchedule();
    const [, minutes] = /^rate\((\d+) minutes\)$/.exec(ScheduleExpression) ?? [];
    expect(State).toBe('ENABLED');
    // It lives for two hours.
    expect(Number(minutes)).toBeLessThanOrEqual(60);
    expect(Target.Arn).toMatch(new RegExp(`:${refreshQueueName(stage)}$`));
    expect(Target).toMatchObject({
      SqsParameters: { MessageGroupId: groupid },
      RoleArn: expect.stringMatching(/^arn:aws:iam::\d+:role\//),
    });
    expect(JSON.parse(Target.Input)).toMatchObject({ groupid, because: 'schedule' });
  });

  /** Nobody waits for fifty minutes: one more schedule, of now, has the very same target. */
  test('when it is time, a new token is got', async ({ expect }) => {
    const version = await tokenVersion();
    const { Target } = await tokenSchedule();
    const group = stackName(stage);
    const soon = new Date(Date.now() + 2_000);
    const path = `/schedules/${group}-test-${randomUUID().slice(0, 8)}`;
    const body = JSON.stringify({
      GroupName: group,
      ScheduleExpression: `at(${soon.toISOString().slice(0, 19)})`,
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target,
    });
    const headers = { 'content-type': 'application/json' };
    const made = await askAws({ name: 'scheduler' }, path, { method: 'POST', headers, body });
    expect(made.status, await made.text()).toBe(200);
    try {
      await expect.poll(tokenVersion, { timeout: 75_000, interval: 500 }).not.toBe(version);
    } finally {
      await askAws({ name: 'scheduler' }, `${path}?groupName=${group}`, { method: 'DELETE' });
    }
  }, 90_000);
});
