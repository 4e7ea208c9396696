import { describe, expect, test } from 'vitest';
import { defineRelay } from '../../../../shared/api/config/relay.ts';

/** A configuration whose group has these; what the types would not let pass, too. */
function withSnapshots(snapshots: unknown, ofAll: unknown = {}) {
  const config = { groups: { 12345: { snapshots } }, snapshots: ofAll };
  return defineRelay(config as Parameters<typeof defineRelay>[0]); // what is wrong with it is the point
}

/** Those of the only group. */
function snapshotsOf({ groups }: ReturnType<typeof defineRelay>) {
  const [group] = Object.values(groups);
  return group?.snapshots;
}

describe('snapshots of a group', () => {
  test('are taken only where they are configured', () => {
    expect(snapshotsOf(defineRelay({ groups: { 12345: {} } }))).toBeUndefined();
  });

  test('are every five minutes unless something else is said, with all that is known of each visitor', () => {
    expect(snapshotsOf(withSnapshots({}))).toEqual({
      everyMinutes: 5,
      fields: 'all',
      ids: 'plain',
      leftAfter: 2,
      mostEvents: 1_000,
    });
  });

  test('keep what is said', () => {
    const said = { everyMinutes: 60, fields: ['url'], ids: 'digest', leftAfter: 10, mostEvents: 0 };
    expect(snapshotsOf(withSnapshots(said))).toEqual(said);
    expect(snapshotsOf(withSnapshots({ fields: [] }))?.fields).toEqual([]);
  });

  test('can be of a group whose tokens come from elsewhere', () => {
    const secret = { arn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:token-AbCdEf' };
    const { groups } = defineRelay({ groups: { 7: { secret, snapshots: {} } } });
    expect(Object.values(groups)).toEqual([
      expect.objectContaining({ secret, snapshots: expect.objectContaining({ everyMinutes: 5 }) }),
    ]);
  });

  test('can be as often as a day divides into whole minutes, hour by hour, and no other way', () => {
    const taken = Array.from({ length: 1_500 }, (_, at) => at).filter((everyMinutes) => {
      try {
        return withSnapshots({ everyMinutes });
      } catch {
        return false;
      }
    });
    for (const minutes of taken) {
      expect(1_440 % minutes).toBe(0);
      expect(minutes <= 60 ? 60 % minutes : minutes % 60).toBe(0);
    }
    expect(taken.length).toBe(19);
  });

  test.for<[unknown, string]>([
    [true, 'groups.12345.snapshots: must be an object'],
    [{ every: 5 }, 'groups.12345.snapshots.every: is not known here'],
    [{ everyMinutes: 7 }, 'groups.12345.snapshots.everyMinutes: must divide a day: 1, 2, 3'],
    [{ everyMinutes: 0.5 }, 'groups.12345.snapshots.everyMinutes: must be a whole number'],
    [{ everyMinutes: '5' }, 'groups.12345.snapshots.everyMinutes: must be a number'],
    [{ fields: 'url' }, 'groups.12345.snapshots.fields: must be "all", or a list of at most 50 fields'],
    [
      { fields: Array(51).fill('a') },
      'groups.12345.snapshots.fields: must be "all", or a list of at most 50',
    ],
    [{ fields: ['url', ''] }, 'groups.12345.snapshots.fields.1: must not be empty'],
    [{ fields: ['a'.repeat(101)] }, 'groups.12345.snapshots.fields.0: must be at most 100 characters'],
    [{ ids: 'hash' }, 'groups.12345.snapshots.ids: must be "plain" or "digest"'],
    [{ leftAfter: 0 }, 'groups.12345.snapshots.leftAfter: must be at least 1'],
    [{ leftAfter: 11 }, 'groups.12345.snapshots.leftAfter: must be at most 10'],
    [{ mostEvents: -1 }, 'groups.12345.snapshots.mostEvents: must be at least 0'],
  ])('%j are a mistake, which is named with its place', ([snapshots, fault]) => {
    expect(() => withSnapshots(snapshots)).toThrow(fault);
  });
});

describe('what is the same for all snapshots', () => {
  const keyArn = 'arn:aws:kms:eu-central-1:111122223333:key/5a1b2c3d-1111-2222-3333-444455556666';

  test('keeps what is said', () => {
    const said = { retentionDays: 3_650, keyArn, queryLimitGiB: 1 };
    expect(withSnapshots({}, said).snapshots).toEqual(said);
  });

  test.for<[object, string]>([
    [{ retentionDays: 0 }, 'snapshots.retentionDays: must be at least 1'],
    [{ retentionDays: 3_651 }, 'snapshots.retentionDays: must be at most 3650'],
    [{ keyArn: 'alias/snapshots' }, 'snapshots.keyArn: must be arn:aws:kms:<region>:<account>:key/<id>'],
    [{ queryLimitGiB: 0.5 }, 'snapshots.queryLimitGiB: must be a whole number'],
    [{ everyMinutes: 5 }, 'snapshots.everyMinutes: is not known here'],
  ])('%j is a mistake, which is named with its place', ([snapshots, fault]) => {
    expect(() => withSnapshots({}, snapshots)).toThrow(`relay.config.ts: ${fault}`);
  });

  test('is not too short for whoever leaves to be named', () => {
    const daily = { everyMinutes: 1_440, leftAfter: 3 };
    expect(() => withSnapshots(daily, { retentionDays: 2 })).toThrow(
      'groups.12345.snapshots.leftAfter: is longer, with "everyMinutes", than snapshots are kept',
    );
    expect(() => withSnapshots(daily, { retentionDays: 3 })).not.toThrow();
  });

  test('names a key in the region of everything else', () => {
    const topicArn = 'arn:aws:sns:us-east-1:111122223333:ops';
    const config = { groups: { 12345: { snapshots: {} } }, snapshots: { keyArn }, alarms: { topicArn } };
    expect(() => defineRelay(config)).toThrow('snapshots.keyArn');
  });
});
