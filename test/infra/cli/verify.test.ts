import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { snapshotQueries } from '../../../infra/constructs/snapshot-queries.ts';
import { credentialsName, refreshQueueName, secretName, stackName } from '../../../infra/names.ts';
import { manifestKey } from '../../../shared/snapshots/keys.ts';
import { writeManifest } from '../../../shared/snapshots/manifest.ts';
import { slotAt } from '../../../shared/snapshots/slot.ts';
import { RelayUnderTest } from '../../support/relay.ts';
import { run } from './running.ts';
import { taken } from './snapshot/stand-in.ts';
import {
  account,
  at,
  environmentOf,
  jsonService,
  missing,
  queryService,
  stacksXml,
  stackXml,
  type Told,
} from './verify/aws-servers.ts';
import { iamGate, keys } from './verify/iam-gate.ts';

const told = (args: readonly string[], env: Record<string, string> = {}) =>
  run('verify', args, { input: '', env });

const cloudFormation = async (answer: Told) =>
  environmentOf({ CLOUDFORMATION: (await queryService(() => answer)).url });

const stage = 'local';
const stack = stackName(stage);
const everyMs = 60_000;

const outputs = (address: string) => ({
  Address: address,
  ApiId: 'a1b2c3',
  SignalQueue: 'queue',
  RefreshQueue: `https://sqs.example/1/${refreshQueueName(stage)}`,
  TokenSecret12345: secretName(stage, 12345),
  CredentialsSecret12345: credentialsName(stage, 12345),
  SnapshotBucket: `${stack}-snapshots`,
  SnapshotWorkgroup: stack,
  SnapshotDatabase: 'presence_relay_local',
});

const session = `<Credentials><AccessKeyId>${keys.accessKeyId}</AccessKeyId><SecretAccessKey>${keys.secretAccessKey}</SecretAccessKey><SessionToken>of-a-session</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials>`;

/** A local run behind a gate that wants signatures, and what AWS tells of it. */
async function deployed() {
  const relay = await RelayUnderTest.start();
  const { addresses } = relay;
  const address = await iamGate({ behind: addresses.relay });
  const roles: (string | null)[] = [];
  const sts = await queryService(({ input }) => {
    roles.push(input.get('RoleArn'));
    return session;
  });
  const [query] = snapshotQueries({ groupid: '12345', everyMinutes: 1, retentionDays: 90 });
  const row = { Data: [{ VarCharValue: '1' }] };
  const athena = await jsonService(({ operation }) => {
    const execution = { QueryExecutionId: 'e1', Status: { State: 'SUCCEEDED' }, Statistics: {} };
    const answers: Record<string, object> = {
      ListNamedQueries: { NamedQueryIds: ['1'] },
      BatchGetNamedQuery: { NamedQueries: [{ Name: query?.name, QueryString: query?.sql, Database: 'd' }] },
      StartQueryExecution: { QueryExecutionId: 'e1' },
      GetQueryExecution: { QueryExecution: execution },
      GetQueryResults: { ResultSet: { Rows: [row, row] } },
    };
    return answers[operation] ?? {};
  });
  const cloud = await queryService(() => stacksXml(stackXml({ name: stack, outputs: outputs(address) })));
  const env = environmentOf({
    ...{ CLOUDFORMATION: cloud.url, STS: sts.url, ATHENA: athena.url },
    ...{ SECRETS_MANAGER: addresses.secrets ?? '', SQS: addresses.queues ?? '' },
    ...{ S3: addresses.bucket ?? '', LAMBDA: addresses.functions ?? '' },
  });
  // The queues of a local run are in this one.
  return { relay, env: { ...env, AWS_REGION: 'us-east-1' }, roles };
}

describe('a relay that is well', () => {
  test('is told as such, step by step, and nothing secret or personal with it', {
    timeout: 90_000,
  }, async () => {
    const { relay, env, roles } = await deployed();
    await using _ = relay;
    await relay.emulator('POST', '/visitors', { groupid: 12345, count: 40_000 });
    const s3 = new S3Client({ ...at(relay.addresses.bucket ?? ''), forcePathStyle: true });
    const slot = slotAt(Math.floor(Date.now() / everyMs) * everyMs);
    const Key = manifestKey('12345', slot);
    await s3.send(
      new PutObjectCommand({ Bucket: `${stack}-snapshots`, Key, Body: writeManifest(taken(slot)) }),
    );
    const { stdout, stderr, code } = await told([stack, '--role', 'agent-desk', '--no-twin'], env);
    expect([stderr, code], stdout).toEqual(['', 0]);
    expect(
      stdout
        .match(/^\S+ +\S+(?= )/gm)
        ?.slice(0, 11)
        .map((step) => step.replace(/ +/, ' ')),
    ).toEqual([
      'ok stack',
      'ok caller',
      'ok unsigned',
      'ok forged',
      'ok stale',
      'ok signed',
      'ok token',
      'ok schedule',
      // What Athena says here of its result is none of the bucket.
      'WARN athena',
      'ok query',
      'ok stream',
    ]);
    expect(roles).toEqual([`arn:aws:iam::${account}:role/agent-desk`]);
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /seen by "query", group 12345: 1\d,\d{3},\d{3} bytes of JSON/,
    );
    expect(stdout).not.toMatch(/eyJ|crowd-|of-a-session|secret of a test/);
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(110);
  });
});

describe('what is no relay is refused:', () => {
  test('a stack that does not exist, in one line of JSON for scripts', async () => {
    const { stdout, stderr, code } = await told(
      ['presence-relay-test', '--json'],
      await cloudFormation(missing('x')),
    );
    expect([stderr, code, stdout.trimEnd().split('\n').length]).toEqual(['', 1, 1]);
    const { steps, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({
      stack: 'presence-relay-test',
      ok: false,
      says: expect.stringContaining('stack failed'),
    });
    expect(steps[0]).toEqual({
      ...{ name: 'stack', verdict: 'fail', hint: expect.stringContaining('deploy it first') },
      says: 'stack presence-relay-test does not exist in eu-west-1',
    });
    expect(steps.slice(1).map(({ verdict }: { verdict: string }) => verdict)).toEqual(
      Array(10).fill('skipped'),
    );
  });

  test('the stack of RELAY_STAGE is meant where none is named', async () => {
    const env = { ...(await cloudFormation(missing('x'))), RELAY_STAGE: 'test' };
    expect((await told([], env)).stdout).toContain('stack presence-relay-test does not exist');
  });

  test('nobody who is signed in', async () => {
    const { stdout, code } = await told([], { AWS_REGION: 'eu-west-1' });
    expect([stdout, code]).toEqual([expect.stringMatching(/cannot be read without AWS\s+credentials/), 1]);
  });
});

test.each([
  [['my-stack'], 'the name of a stack is presence-relay-<stage>'],
  [['presence-relay-a', 'presence-relay-b'], 'one stack, please'],
  [['--role', 'arn:aws:iam::1:user/ada'], '--role is an IAM role'],
  [['--group', 'ada'], '--group is the id of a group'],
  [['--address', 'relay.example'], '--address is https://'],
  [['--twin'], "Unknown option '--twin'"],
])('called wrongly, %j: exit code 2', async (args, says) => {
  const { stdout, stderr, code } = await told(args);
  expect([stdout, code]).toEqual(['', 2]);
  expect(stderr).toContain(says);
});

test('--help tells all of its options and steps', async () => {
  const { stdout, code } = await told(['--help']);
  expect(code).toBe(0);
  for (const text of [
    '--role',
    '--group',
    '--address',
    '--no-twin',
    '--json',
    'US cents',
    'It sends no signal',
  ])
    expect(stdout).toContain(text);
  expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(120);
});
