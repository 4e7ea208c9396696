import { describe, expect, test } from 'vitest';
import { defineRelay } from '../../../../shared/api/config/relay.ts';
import {
  groupsWithSnapshots,
  snapshotEnvironment,
  snapshotVariables,
  wantsDigests,
} from '../../../../shared/api/config/snapshot-environment.ts';
import { readEnvironment } from '../../../../shared/runtime/environment.ts';

const names = {
  stage: 'test',
  secretOf: (groupid: string) => `presence-relay/test/${groupid}/token`,
  refreshQueue: 'https://sqs.eu-central-1.amazonaws.com/111122223333/refresh.fifo',
  signalTable: 'signals',
  idKey: 'signal-ids',
  bus: 'bus',
  snapshotBucket: 'bucket',
};

describe('the environment of the function that takes snapshots', () => {
  const config = defineRelay({
    groups: {
      7: { snapshots: { everyMinutes: 60, fields: ['url'], mostEvents: 0 } },
      72: {},
      12345: { visitorids: 'strict', snapshots: {} },
    },
  });
  const environment = snapshotVariables(config, names);

  test('comes back as the configuration was, of the groups that have snapshots', () => {
    const { RELAY_GROUPS, RELAY_SNAPSHOTS, ...others } = readEnvironment(snapshotEnvironment, environment);
    expect(Object.keys(RELAY_GROUPS)).toEqual(['7', '12345']);
    expect(RELAY_GROUPS).toMatchObject({
      12345: { visitorids: 'strict', secret: 'presence-relay/test/12345/token', renewed: true },
    });
    const defaults = { fields: 'all', ids: 'plain', leftAfter: 2, mostEvents: 1_000 };
    expect(RELAY_SNAPSHOTS).toEqual({
      7: { ...defaults, periodSeconds: 3_600, fields: ['url'], mostEvents: 0 },
      12345: { ...defaults, periodSeconds: 300 },
    });
    expect(others).toEqual({
      RELAY_STAGE: 'test',
      RELAY_REFRESH_QUEUE: names.refreshQueue,
      RELAY_SNAPSHOT_BUCKET: 'bucket',
      RELAY_SIGNAL_TABLE: 'signals',
      RELAY_BUS: 'bus',
    });
  });

  test('tells only what differs from the defaults', () => {
    expect(JSON.parse(environment.RELAY_SNAPSHOTS ?? '')).toEqual({
      7: { periodSeconds: 3_600, fields: ['url'], mostEvents: 0 },
      12345: { periodSeconds: 300 },
    });
  });

  test('names the key of digests where a group wants any, and not else', () => {
    const some = defineRelay({ groups: { 7: { snapshots: {} }, 72: { snapshots: { ids: 'digest' } } } });
    expect([wantsDigests(config), wantsDigests(some)]).toEqual([false, true]);
    expect(environment).not.toHaveProperty('RELAY_ID_KEY');
    expect(snapshotVariables(some, names).RELAY_ID_KEY).toBe('signal-ids');
  });

  test('names no queue where the relay gets no tokens', () => {
    const variables = snapshotVariables(config, { ...names, refreshQueue: undefined });
    expect(readEnvironment(snapshotEnvironment, variables).RELAY_REFRESH_QUEUE).toBeUndefined();
  });

  test('is refused beforehand when Lambda would not take it', () => {
    const groups = Object.fromEntries(
      Array.from({ length: 90 }, (_, index) => [20_000 + index, { snapshots: {} }]),
    );
    expect(() => snapshotVariables(defineRelay({ groups }), names)).toThrow(
      /^relay\.config\.ts: the function snapshot would get \d+ bytes of environment \(.*RELAY_SNAPSHOTS \d+/,
    );
  });

  test.for<[NodeJS.ProcessEnv, string]>([
    [{ RELAY_SNAPSHOTS: undefined }, 'RELAY_SNAPSHOTS: is missing'],
    [{ RELAY_SNAPSHOTS: '{"7":{}}' }, 'RELAY_SNAPSHOTS.7.periodSeconds: is missing'],
    [
      { RELAY_SNAPSHOTS: '{"7":{"periodSeconds":60,"every":1}}' },
      'RELAY_SNAPSHOTS.7.every: is not known here',
    ],
    [{ RELAY_SNAPSHOTS: '{"acme":{"periodSeconds":60}}' }, 'RELAY_SNAPSHOTS.acme: must be digits'],
    [{ RELAY_GROUPS: 'hunter2' }, 'RELAY_GROUPS: is not JSON'],
    [{ RELAY_SNAPSHOT_BUCKET: '' }, 'RELAY_SNAPSHOT_BUCKET: must not be empty'],
    [{ RELAY_BUS: undefined }, 'RELAY_BUS: is missing'],
  ])('%j is not usable: %s', ([given, fault]) => {
    const broken = { ...environment, ...given };
    expect(() => readEnvironment(snapshotEnvironment, broken)).toThrow(fault);
    expect(() => readEnvironment(snapshotEnvironment, broken)).not.toThrow('hunter2');
  });
});

test('The groups with snapshots are those that say so', () => {
  const config = defineRelay({ groups: { 1: {}, 2: { snapshots: {} }, 3: { snapshots: { leftAfter: 1 } } } });
  expect(groupsWithSnapshots(config).map(({ id }) => id)).toEqual(['2', '3']);
  expect(groupsWithSnapshots(defineRelay({ groups: { 1: {} } }))).toEqual([]);
});
