import { AthenaClient } from '@aws-sdk/client-athena';
import { expect, test } from 'vitest';
import { athenaQuery, cheapQuery } from '../../../../infra/cli/verify/athena.ts';
import { snapshotQueries } from '../../../../infra/constructs/snapshot-queries.ts';
import type { Clock } from '../../../../shared/runtime/clock.ts';
import { testClock } from '../../../support/clock.ts';
import { alone, at, jsonService } from './aws-servers.ts';
import { versionedBucket } from './versioned-bucket.ts';

const bucket = 'snapshots-of-a-test';
const snapshots = { bucket, workgroup: 'presence-relay-prod', database: 'presence_relay_prod' };
const query = {
  NamedQueryId: '1',
  Name: cheapQuery,
  Database: 'presence_relay_prod',
  QueryString: 'SELECT 1',
};

interface AthenaOptions {
  readonly state?: string;
  /** Before. */
  readonly running?: readonly string[];
  readonly rows?: number;
  readonly queries?: readonly object[];
  readonly location?: string;
  /** Somebody may not read what came of it. */
  readonly unreadable?: boolean;
  /** Nor remove it. */
  readonly isLocked?: boolean;
}

async function stack({
  state = 'SUCCEEDED',
  running = [],
  rows = 3,
  queries = [query],
  location,
  unreadable = false,
  isLocked = false,
}: AthenaOptions = {}) {
  const all = ['results/e1.csv', 'results/e1.csv.metadata', 'results/e2.csv', 'manifests/a'];
  const { client: s3, keys } = await versionedBucket(all, { isLocked });
  const OutputLocation = location ?? `s3://${bucket}/results/e1.csv`;
  const states = [...running, state];
  const row = { Data: [{ VarCharValue: '1' }] };
  const service = await jsonService(({ operation, input }) => {
    const answers: Record<string, () => object> = {
      // One to a page.
      ListNamedQueries: () => {
        const index = Number(input.NextToken ?? 0);
        const more = index + 1 < queries.length;
        return { NamedQueryIds: [String(index)], ...(more && { NextToken: String(index + 1) }) };
      },
      BatchGetNamedQuery: () => ({ NamedQueries: [queries[Number((input.NamedQueryIds as string[])[0])]] }), // as just listed
      StopQueryExecution: () => ({}),
      StartQueryExecution: () => ({ QueryExecutionId: 'e1' }),
      GetQueryExecution: () => ({
        QueryExecution: {
          QueryExecutionId: 'e1',
          Status: { State: states.shift() ?? state, StateChangeReason: 'as the\n test has it' },
          Statistics: { DataScannedInBytes: 4_096, TotalExecutionTimeInMillis: 1_234 },
          ResultConfiguration: { OutputLocation },
        },
      }),
      // In two pages; the first row of the first one names the columns.
      GetQueryResults: () =>
        unreadable
          ? { __type: 'AccessDeniedException' }
          : input.NextToken === undefined
            ? { ResultSet: { Rows: [row, ...Array(rows).fill(row)] }, NextToken: '2' }
            : { ResultSet: { Rows: rows > 0 ? [row] : [] } },
    };
    return answers[operation]?.() ?? { __type: 'InvalidRequestException' };
  });
  const clients = { athena: new AthenaClient(at(service.url)), s3 };
  return {
    ...service,
    found: (clock?: Clock) => athenaQuery({ snapshots }, alone(), clients, clock),
    keys,
  };
}

test('the saved query is one of those that the stack has', () => {
  const saved = snapshotQueries({ groupid: '1', everyMinutes: 5, retentionDays: 90 });
  expect(saved.find(({ name }) => name === cheapQuery)?.sql).toContain('nothing but manifests');
});

test('it runs in the workgroup of the stack, and is told in rows, bytes and seconds', async () => {
  const { found, asked } = await stack({ running: ['QUEUED', 'RUNNING'] });
  const { verdict, says } = await found();
  expect([verdict, says]).toEqual([
    'ok',
    `the saved query "${cheapQuery}" gave 4 rows, read 4096 bytes, and took 1.2 s; its 2 objects are removed from the bucket`,
  ]);
  expect(asked.find(({ operation }) => operation === 'StartQueryExecution')?.input).toMatchObject({
    QueryString: 'SELECT 1',
    WorkGroup: 'presence-relay-prod',
    QueryExecutionContext: { Database: 'presence_relay_prod' },
  });
});

test('what it has left in the bucket is removed, and nothing else', async () => {
  const { found, keys } = await stack();
  await found();
  expect(keys()).toEqual(['manifests/a', 'results/e2.csv']);
});

test('of a query that failed, it is told why, and its result is removed too', async () => {
  const { found, keys } = await stack({ state: 'FAILED' });
  const { verdict, says } = await found();
  expect([verdict, says]).toEqual(['fail', expect.stringContaining('FAILED: as the test has it')]);
  expect(keys()).not.toContain('results/e1.csv');
});

test.each(['s3://snapshots-of-a-test/manifests/a.csv', 's3://snapshots-of-a-test/results/', 'elsewhere'])(
  'nothing is removed where its result is said to be at %s',
  async (location) => {
    const { found, keys } = await stack({ location });
    const { verdict, says } = await found();
    expect([verdict, says]).toEqual(['warn', expect.stringContaining('its result stays')]);
    expect(keys()).toHaveLength(4);
  },
);

test('of several saved queries, on whatever page, it is the one that reads little', async () => {
  const { found, asked } = await stack({ queries: [{ ...query, Name: 'another' }, query] });
  expect((await found()).verdict).toBe('ok');
  expect(asked.filter(({ operation }) => operation === 'ListNamedQueries')).toHaveLength(2);
});

test('one that does not end is stopped after two minutes', async () => {
  const { found, asked } = await stack({ state: 'RUNNING' });
  const clock = testClock();
  const begin = clock.now();
  await expect(found(clock)).rejects.toThrow('is RUNNING after 120 s');
  expect(clock.now() - begin).toBe(121_000);
  expect(asked.at(-1)).toEqual({ operation: 'StopQueryExecution', input: { QueryExecutionId: 'e1' } });
});

test('a result that may not be read is removed all the same', async () => {
  const { found, keys } = await stack({ unreadable: true });
  const { verdict, says, hint } = await found();
  expect([verdict, says]).toEqual([
    'fail',
    expect.stringMatching(/may not be used with these AWS credentials; its 2 objects are removed/),
  ]);
  expect(hint).toContain('athena:GetQueryResults');
  expect(keys()).not.toContain('results/e1.csv');
});

test('one that may not be removed is a warning, which tells the right that is lacking', async () => {
  const { found } = await stack({ isLocked: true });
  const { verdict, says, hint } = await found();
  expect([verdict, says]).toEqual([
    'warn',
    expect.stringMatching(/its result stays: bucket .* may not be written: AccessDenied$/),
  ]);
  expect(hint).toContain('s3:DeleteObjectVersion');
});

test('without a row, there is a warning', async () => {
  const { found } = await stack({ rows: 0 });
  expect((await found()).verdict).toBe('warn');
});

test('a workgroup without the query fails', async () => {
  const { found, asked } = await stack({ queries: [{ ...query, Name: 'another' }] });
  expect((await found()).says).toBe(`workgroup presence-relay-prod has no saved query "${cheapQuery}"`);
  expect(asked.map(({ operation }) => operation)).not.toContain('StartQueryExecution');
});

test('what Athena does not take is told in its words, not in those of a secret', async () => {
  const service = await jsonService(() => ({
    ...{ __type: 'InvalidRequestException', message: 'WorkGroup is not found.' },
  }));
  const athena = new AthenaClient(at(service.url));
  const { client: s3 } = await versionedBucket([]);
  await expect(athenaQuery({ snapshots }, alone(), { athena, s3 })).rejects.toThrow(
    'workgroup presence-relay-prod does not take it: WorkGroup is not found.',
  );
});

test('a relay without snapshots has nothing to query, which is told', async () => {
  const { verdict, says } = await athenaQuery({ snapshots: undefined }, alone());
  expect([verdict, says]).toEqual([
    'warn',
    expect.stringContaining('not checked: the relay takes no snapshots'),
  ]);
});
