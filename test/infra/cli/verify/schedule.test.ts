import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import { onThisMachine } from '../../../../infra/cli/aws.ts';
import type { SnapshotPlace } from '../../../../infra/cli/snapshot/place.ts';
import { ofSnapshots } from '../../../../infra/cli/verify/schedule.ts';
import { manifestKey } from '../../../../shared/snapshots/keys.ts';
import { slotAt } from '../../../../shared/snapshots/slot.ts';
import { testClock } from '../../../support/clock.ts';
import { minute, slotsAgo, standIn, taken } from '../snapshot/stand-in.ts';
import { alone } from './aws-servers.ts';

type Stack = Awaited<ReturnType<typeof standIn>>;

function placeOf({ ports }: Stack): SnapshotPlace {
  return {
    s3: new S3Client(onThisMachine(ports.bucket)),
    lambda: new LambdaClient(onThisMachine(ports.functions)),
    dynamo: new DynamoDBClient(onThisMachine(ports.table)),
    secretsManager: new SecretsManagerClient(onThisMachine(ports.secrets)),
    ...{ stage: 'prod', functionName: 'presence-relay-prod-snapshot', log: 'the log', missing: 'deploy' },
    command: (text) => text,
  };
}

interface Look {
  /** How long ago the stack was deployed. */
  readonly age?: number;
  /** What happens while it waits. */
  readonly meanwhile?: (elapsedMs: number) => Promise<unknown>;
}

/** Soon after the newest slot. */
async function found(stack: Stack, { age = 86_400_000, meanwhile }: Look = {}) {
  const begin = slotsAgo(0) + 20_000;
  const clock = testClock(begin);
  const sleeping = {
    now: clock.now,
    sleep: async (ms: number) => {
      await clock.sleep(ms);
      await meanwhile?.(clock.now() - begin);
    },
  };
  const surroundings = alone();
  const one = await ofSnapshots({ deployedAt: begin - age }, placeOf(stack), surroundings, sleeping);
  return { ...one, waited: clock.now() - begin, told: surroundings.told };
}

test('the newest snapshot of the schedule is told, and how late it was taken', async () => {
  const stack = await standIn();
  const slot = slotsAgo(1);
  for (const ago of [3, 2]) await stack.putManifest(taken(slotsAgo(ago)));
  await stack.putManifest(taken(slot, { takenAt: new Date(slot + 1_300).toISOString() }));
  const { verdict, says, waited } = await found(stack);
  const at = `${new Date(slot).toISOString().slice(0, 19)}Z`;
  expect([verdict, says]).toEqual([
    'ok',
    `group 12345, every 5 min: the one of ${at} was taken 1.3 s after its time`,
  ]);
  expect(waited).toBe(0);
});

test('the last one is found on the day before as well', async () => {
  const stack = await standIn();
  const slot = slotsAgo(288);
  await stack.putManifest(taken(slot));
  const { says } = await found(stack);
  expect(says).toContain(`the last one is of ${new Date(slot).toISOString().slice(0, 19)}Z`);
});

test('one that was taken by hand is none of the schedule', async () => {
  const stack = await standIn();
  await stack.putManifest(taken(slotAt(slotsAgo(0) + 7_000)));
  await stack.putManifest(taken(slotsAgo(9)));
  const { verdict, says } = await found(stack);
  expect([verdict, says]).toEqual(['fail', expect.stringMatching(/due every 5 min, and the last one is of/)]);
});

test('an old relay without any fails at once', async () => {
  const { verdict, says, waited, hint } = await found(await standIn());
  expect([verdict, says, waited]).toEqual([
    'fail',
    'group 12345: a snapshot is due every 5 min, and there is none',
    0,
  ]);
  expect(hint).toContain('--group-name presence-relay-prod-snapshots');
});

test('for a young one, it waits until its schedule has fired', async () => {
  const stack = await standIn();
  const { verdict, waited, told } = await found(stack, {
    age: 30_000,
    meanwhile: async (elapsed) => {
      if (elapsed === 60_000) await stack.putManifest(taken(slotsAgo(0)));
    },
  });
  expect([verdict, waited]).toEqual(['ok', 60_000]);
  expect(told[0]).toBe('waiting for the schedule of group 12345: 0 s');
});

test('a young one for which that is too long is warned of, after a period and a minute', async () => {
  const { verdict, says, waited } = await found(await standIn(), { age: 30_000 });
  expect([verdict, says]).toEqual(['warn', expect.stringContaining('the stack is too young')]);
  expect(waited).toBe(6 * minute);
});

test('a gap tells that the schedule fired, and that nothing was taken', async () => {
  const stack = await standIn();
  await stack.putManifest({
    status: 'gap',
    groupid: '12345' as never,
    snapshot: slotsAgo(0),
    reason: 'failed',
  });
  const { verdict, says } = await found(stack);
  expect([verdict, says]).toEqual([
    'warn',
    expect.stringMatching(/fired, and the snapshot was not taken: failed/),
  ]);
});

test('a manifest of another release is told, not taken for none', async () => {
  const stack = await standIn();
  await stack.put(manifestKey('12345', slotsAgo(0)), '{"status":"new"}');
  await expect(found(stack)).rejects.toThrow('is no manifest that is known here');
});

test('several groups are waited for together, and for six minutes at most', async () => {
  const stack = await standIn({
    groups: { 7: { snapshots: { everyMinutes: 15 } }, 12345: { snapshots: { everyMinutes: 15 } } },
  });
  const { verdict, waited } = await found(stack, { age: minute });
  expect([verdict, waited]).toEqual(['warn', 6 * minute]);
});

test('each group with snapshots is looked at, and the worst of them counts', async () => {
  const stack = await standIn({
    groups: { 7: { snapshots: { everyMinutes: 5 } }, 12345: { snapshots: { everyMinutes: 5 } } },
  });
  await stack.putManifest(taken(slotsAgo(0)));
  const { verdict, says } = await found(stack);
  expect([verdict, says]).toEqual([
    'fail',
    expect.stringMatching(/group 7: .* there is none; group 12345, every 5 min/),
  ]);
});
