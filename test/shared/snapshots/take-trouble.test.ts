import { DeleteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { snapshotKey, stateKey } from '../../../shared/snapshots/keys.ts';
import { slotName } from '../../../shared/snapshots/slot.ts';
import type { GatedRequest } from '../../support/http-gate.ts';
import { group } from '../../support/presence-pair.ts';
import { json, status } from '../../support/presence-server.ts';
import { minute, openSite, type Site } from './site.ts';

/** How long nobody else may take a slot whose worker is dead, and a little more. */
const afterLeaseMs = 61_000;

function changes({ events }: Site): string[] {
  return events.map(({ type, detail: { visitorid } }) => `${type} ${visitorid}`).toSorted();
}

function isOf(slot: ReturnType<typeof minute>, method: string) {
  const key = snapshotKey(group, slot);
  return (request: GatedRequest) =>
    request.method === method && decodeURIComponent(request.path).endsWith(`/${key}`);
}

test.each([
  ['damaged', Buffer.from('prstate1, but not for long')],
  ['of another version', Buffer.from('prstate2')],
])('a state that is %s ends the comparison with what was, and not the snapshots', async (_, state) => {
  await using site = await openSite();
  const { bucket, s3 } = site.store;
  site.visitors('ada');
  await site.take(minute(0));
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: stateKey(group, minute(0)), Body: state }));
  site.visitors('bob');
  expect(await site.take(minute(1))).toMatchObject({ outcome: 'taken', manifest: { arrivals: null } });
  site.visitors('bob', 'cy');
  expect(await site.take(minute(2))).toMatchObject({ outcome: 'taken', manifest: { arrivals: 1 } });
  expect(changes(site)).toEqual(['Visitor Arrived cy']);
});

test.each(['unreached', 'unanswered'] as const)(
  'a worker who dies while it tells of changes is followed by one who does, though a later snapshot was taken meanwhile (%s)',
  async (fate) => {
    await using site = await openSite();
    const plan = { leftAfter: 1 };
    site.visitors('ada', 'bob');
    await site.take(minute(0), { plan });
    site.visitors('bob', 'cy');
    let isDead = false;
    await site
      .take(minute(1), {
        plan,
        fateOf: ({ service }) => {
          const dies = service === 'eventbridge' && !isDead;
          isDead ||= dies;
          return isDead ? (dies ? fate : 'unreached') : undefined;
        },
      })
      .catch(() => undefined);
    site.visitors('bob', 'cy', 'dan');
    await site.take(minute(2), { plan });
    site.clock.time = minute(1) + 2 * afterLeaseMs;
    expect(await site.take(minute(1), { plan })).toMatchObject({
      outcome: 'taken',
      manifest: { arrivals: 1, departures: 1 },
    });
    expect(changes(site)).toEqual(['Visitor Arrived cy', 'Visitor Arrived dan', 'Visitor Left ada']);
    site.visitors('bob');
    await site.take(minute(3), { plan });
    expect(changes(site)).toEqual([
      'Visitor Arrived cy',
      'Visitor Arrived dan',
      'Visitor Left ada',
      'Visitor Left cy',
      'Visitor Left dan',
    ]);
  },
);

test('what is in the bucket is no gap, though its last answer was lost and nothing went well after that', async () => {
  await using site = await openSite();
  site.visitors('ada', 'bob');
  const puts = isOf(minute(0), 'PUT');
  const heads = isOf(minute(0), 'HEAD');
  let headed = 0;
  const taken = await site.take(minute(0), {
    plan: { periodSeconds: 4 },
    fateOf: (request) => {
      if (puts(request)) {
        site.reply = status(503);
        return 'unanswered';
      }
      return heads(request) && ++headed === 1 ? { status: 503 } : undefined;
    },
  });
  expect(taken).toMatchObject({ outcome: 'taken', manifest: { visitors: 2, unnamed: 0 } });
  expect(await site.idsIn(minute(0))).toEqual(['ada', 'bob']);
});

test('the manifest is about what is in the bucket, and not about a later try that did not get there', async () => {
  await using site = await openSite();
  site.reply = json([{ visitorid: 'ada' }, { url: 'https://shop.example/' }]);
  const puts = isOf(minute(0), 'PUT');
  const heads = isOf(minute(0), 'HEAD');
  let put = 0;
  let headed = 0;
  const taken = await site.take(minute(0), {
    plan: { periodSeconds: 4 },
    fateOf: (request) => {
      if (puts(request)) {
        if (++put === 1) site.visitors('ada', 'bob', 'cy');
        else site.reply = status(503);
        return put === 1 ? 'unanswered' : 'unreached';
      }
      return heads(request) && ++headed === 1 ? { status: 503 } : undefined;
    },
  });
  const object = await site.store.bytes(snapshotKey(group, minute(0)));
  const lines = await site.store.lines(snapshotKey(group, minute(0)));
  expect(taken).toMatchObject({
    outcome: 'taken',
    manifest: {
      visitors: 2,
      unnamed: 1,
      bytes: object.length,
      lineBytes: Buffer.byteLength(lines.map((line) => `${line}\n`).join('')),
    },
  });
});

test('a service that wants to be asked again after half a period is not asked so late', async () => {
  await using site = await openSite();
  site.reply = status(503, { 'retry-after': '40' });
  await expect(site.take(minute(0))).rejects.toThrow();
  // Once for each try, of which there are three within half a minute.
  expect(site.asked).toBe(3);
});

test('nobody knows yet who will be there: a slot that is yet to come is not taken', async () => {
  await using site = await openSite();
  site.visitors('ada');
  await site.take(minute(0));
  site.clock.time = minute(1);
  await expect(site.take(minute(60), { isEarly: true })).rejects.toThrow('yet to come');
  site.visitors('ada', 'bob');
  await site.take(minute(2));
  expect(changes(site)).toEqual(['Visitor Arrived bob']);
});

test('what is in the bucket and is no snapshot is replaced', async () => {
  await using site = await openSite();
  const { bucket: Bucket, s3 } = site.store;
  const puts = isOf(minute(0), 'PUT');
  site.visitors('ada');
  const fateOf = (request: GatedRequest) => (puts(request) ? 'unreached' : undefined);
  await expect(site.take(minute(0), { plan: { periodSeconds: 3_600 }, fateOf })).rejects.toThrow();
  await s3.send(new PutObjectCommand({ Bucket, Key: snapshotKey(group, minute(0)), Body: 'what is this?' }));
  expect(await site.take(minute(0), { plan: { periodSeconds: 3_600 } })).toMatchObject({ outcome: 'taken' });
  expect(await site.idsIn(minute(0))).toEqual(['ada']);
});

test('what a dead worker was about to compare, and a later snapshot passed over, is not told of afterwards', async () => {
  await using site = await openSite();
  const plan = { leftAfter: 1 };
  site.visitors('ada', 'bob');
  await site.take(minute(0), { plan });
  site.visitors('bob', 'cy');
  // The first is the claim, the second moves the cursor.
  let puts = 0;
  const fateOf = ({ operation }: GatedRequest) => {
    if (operation === 'PutItem') puts += 1;
    return puts < 2 ? undefined : 'unreached';
  };
  await expect(site.take(minute(1), { plan, fateOf })).rejects.toThrow();
  site.visitors('ada', 'bob');
  await site.take(minute(2), { plan });
  site.clock.time += afterLeaseMs;
  expect(await site.take(minute(1), { plan })).toMatchObject({
    outcome: 'taken',
    manifest: { visitors: 2, arrivals: null, departures: null },
  });
  expect(site.told).toEqual([]);
});

test('a snapshot stays one, though nobody remembers that it was taken', async () => {
  await using site = await openSite();
  site.visitors('ada');
  await site.take(minute(0));
  const known = await site.manifest(minute(0));
  // As after thirty days.
  const { endpoints, table: TableName } = site.store;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: endpoints.dynamodb, region: 'us-east-1', credentials });
  const Key = { pk: { S: `snapshot#${group}` }, sk: { S: slotName(minute(0)) } };
  await client.send(new DeleteItemCommand({ TableName, Key }));
  client.destroy();
  site.clock.time = minute(120);
  expect(await site.take(minute(0))).toMatchObject({ outcome: 'taken' });
  expect(await site.manifest(minute(0))).toEqual(known);
});
