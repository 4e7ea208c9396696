import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type EmulatedAccount, emulatedAccount } from '../../infra/emulated/account.ts';
import { type PresenceEmulator, startPresenceEmulator } from '../../infra/local/presence/emulator.ts';
import { beyond, type Listing, listAccount } from '../support/account-listing.ts';
import { Contents } from '../support/lifecycle/contents.ts';
import { TrialStack } from '../support/lifecycle/stack.ts';
import { delivered, keyOf, sendingDuring, signal, webhook } from '../support/lifecycle/traffic.ts';
import type { RelayUnderTest } from '../support/relay.ts';

const stage = 'lifecycle';
let account: EmulatedAccount;
let presence: PresenceEmulator;
let stack: TrialStack;
/** What it holds. */
let contents: Contents;
/** All that there was before. */
let before: Listing;
/** The relay of that stack, once it is deployed. */
let relay: RelayUnderTest;

const isEmulated = Boolean(process.env.AWS_ENDPOINT_URL);
beforeAll(async () => {
  if (!isEmulated) return;
  account = await emulatedAccount();
  presence = await startPresenceEmulator({ groups: [12345, 72, 777] });
  stack = new TrialStack(account, stage, presence);
  contents = new Contents(account, stage);
  before = await listAccount(account);
});
beforeEach(({ skip }) =>
  skip(!isEmulated, 'stacks come and go here, which is for an account on an emulator'),
);
afterAll(async () => {
  if (!isEmulated) return;
  await using _ = presence;
  if ((await stack.status()) !== undefined) await stack.destroy();
});

/** What there is of the stack. */
async function added(): Promise<Listing> {
  return beyond(await listAccount(account), before);
}

/** Nothing is left of the stack, and nothing else is gone. */
async function expectAsBefore(): Promise<void> {
  const now = await listAccount(account);
  expect(beyond(now, before)).toEqual({});
  expect(now).toEqual(before);
}

/** What holds something, or is known by its address; CloudFormation would make it anew where it is not the same any more. */
const lasting = /::(Queue|Table|Secret|RestApi|Stage|Bucket|EventBus|LogGroup|Function|EventSourceMapping)$/;

/** In the last lines of the CDK: the resource, and why. */
const failedAtTheBus =
  /^Failed resources:\n.*WebhooksEventRelayssales.*Event bus aws\.partner\S+ does not exist/m;

/** Is not there while things happen. */
const absent = randomUUID();
const five = ['one', 'two', 'three', 'four', 'five'];

describe('a stack that comes and goes, one step after the other', () => {
  test('a first deployment that fails says what it failed at, and leaves nothing but its name', async () => {
    expect(await stack.failureOf('failing')).toMatch(failedAtTheBus);
    expect(await stack.status()).toBe('ROLLBACK_COMPLETE');
    expect(await added()).toEqual({ stacks: [stack.name] });
  });

  test('it can be deployed afterwards, and is in use', async () => {
    relay = await stack.deploy('first');
    expect(await stack.status()).toBe('CREATE_COMPLETE');
    await stack.provision('first');
    expect((await relay.call('lookupvisitor', relay.of(absent))).status).toBe(200);
  });

  test('signals wait, of two sources of webhooks and of a caller', async () => {
    for (const id of ['one', 'two']) expect((await webhook(relay, { id, visitor: absent })).status).toBe(202);
    for (const id of ['three', 'four']) expect(await signal(relay, id, absent)).toBe(202);
    expect((await webhook(relay, { source: 'desk', id: 'five', visitor: absent })).status).toBe(202);
    await expect
      .poll(() => contents.statuses(absent), { timeout: 10_000 })
      .toEqual(five.map(() => 'waiting'));
  });

  test('a second deployment updates it in place, and no signal that comes meanwhile is lost or doubled', async () => {
    const had = Object.entries(await stack.resources(lasting));
    const kept = had.filter(([, id]) => !id.includes('/webhooks/desk'));
    expect(kept).toHaveLength(had.length - 1);
    await using _ = await relay.visitor('present');
    const sent = await sendingDuring(relay, 'present', stack.deploy('second'));
    expect(await stack.status()).toBe('UPDATE_COMPLETE');
    const now = await stack.resources(lasting);
    expect(now).toMatchObject(Object.fromEntries(kept));
    expect(await contents.rates(relay)).toContain(50);
    const ids = async () => (await delivered(relay, 'present')).map(({ id }) => id).toSorted();
    await expect.poll(ids, { timeout: 15_000 }).toEqual(sent.toSorted());
    expect(sent.length).toBeGreaterThan(5);
  });

  test('a source that was removed is one that never was, and its keys are gone', async () => {
    const event = { id: randomUUID(), visitor: absent, key: keyOf('desk') };
    const unknown = await webhook(relay, { ...event, source: 'never-was' });
    expect(unknown.status).toBe(401);
    expect(await webhook(relay, { ...event, source: 'desk' })).toEqual(unknown);
    expect((await added()).secrets?.filter((arn) => arn.includes('desk'))).toEqual([]);
  });

  test('a group that was added has its calls answered once it has credentials', async () => {
    const visitor = { groupid: '72', visitorid: absent };
    expect(await relay.call('lookupvisitor', visitor)).toMatchObject({ status: 502 });
    await stack.provision('second');
    expect(await relay.call('lookupvisitor', visitor)).toMatchObject({ status: 200 });
  });

  test('an update that fails says what it failed at, and leaves the relay as it was', async () => {
    const [was, had, took] = [await added(), await stack.resources(/./), await contents.rates(relay)];
    await using _ = await relay.visitor('witness');
    const failure = stack.failureOf('failing');
    const sent = await sendingDuring(relay, 'witness', failure);
    expect(await failure).toMatch(failedAtTheBus);
    expect(await stack.status()).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect([await added(), await stack.resources(/./), await contents.rates(relay)]).toEqual([
      was,
      had,
      took,
    ]);
    const ids = async () => (await delivered(relay, 'witness')).map(({ id }) => id).toSorted();
    await expect.poll(ids, { timeout: 15_000 }).toEqual(sent.toSorted());
    await webhook(relay, { id: 'afterwards', visitor: 'witness' });
    await expect
      .poll(() => delivered(relay, 'witness'), { timeout: 15_000 })
      .toContainEqual({ id: 'afterwards', deployment: 'second' });
    for (const [groupid, status] of Object.entries({ 12345: 200, 72: 200, 777: 403 }))
      expect(await relay.call('lookupvisitor', { groupid, visitorid: absent })).toMatchObject({ status });
  });

  test('what has waited through all of that arrives when its visitor comes: in order, and once', async () => {
    await using _ = await relay.visitor(absent);
    const ids = async () => (await delivered(relay, absent)).map(({ id }) => id);
    await expect.poll(ids, { timeout: 30_000 }).toEqual(five);
    await expect.poll(() => contents.statuses(absent)).toEqual(five.map(() => 'sent'));
    expect(await ids()).toEqual(five);
  });

  test('removed, it leaves nothing behind: neither objects and their versions, nor messages, records, secrets, logs', async () => {
    const [bucket = ''] = Object.values(await stack.resources(/::Bucket$/));
    await contents.takeSnapshot();
    await contents.putDeadLetter();
    expect((await webhook(relay, { id: 'too late', visitor: 'nobody' })).status).toBe(202);
    await contents.leaveVersions(bucket);
    expect(await contents.versionsIn(bucket)).toBeGreaterThan(3);
    const there = await added();
    const never = ['policies', 'topics', 'backups', 'role of API Gateway'];
    expect(Object.keys(there).toSorted()).toEqual(
      Object.keys(before)
        .filter((kind) => !never.includes(kind))
        .toSorted(),
    );
    await stack.destroy();
    await expectAsBefore();
  });

  test('it can be deployed again under the same names, and removed again', async () => {
    relay = await stack.deploy('second');
    expect(await stack.status()).toBe('CREATE_COMPLETE');
    await stack.provision('second');
    await using _ = await relay.visitor('newcomer');
    // As before: nobody remembers that it has been sent.
    expect((await webhook(relay, { id: 'one', visitor: 'newcomer' })).status).toBe(202);
    await expect.poll(() => delivered(relay, 'newcomer'), { timeout: 15_000 }).toHaveLength(1);
    await stack.destroy();
    await expectAsBefore();
  });
});
