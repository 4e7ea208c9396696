import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { describe, expect, test } from 'vitest';
import { AwsTrouble } from '../../../../infra/cli/aws.ts';
import { readRelay, stageOf } from '../../../../infra/cli/verify/relay.ts';
import { full, templateOf, textOf } from '../../../support/stack.ts';
import { at, missing, outputsOf, queryService, stacksXml, stackXml, type Told } from './aws-servers.ts';

async function read(told: Told, name = 'presence-relay-prod') {
  const service = await queryService(() => told);
  return await readRelay(name, new CloudFormationClient(at(service.url)));
}

const troubleOf = async (told: Told, name?: string) => {
  const error = await read(told, name).catch((thrown: unknown) => thrown);
  if (error instanceof AwsTrouble) return `${error.message}; ${error.hint}`;
  throw new Error('no trouble', { cause: error });
};

describe('of a stack that is a relay,', () => {
  test('all that is to be checked is known by its outputs', async () => {
    const outputs = { ...outputsOf(), TokenSecret7: 'arn:aws:secretsmanager:eu-west-1:1:secret:a-AbCdEf' };
    expect(await read(stacksXml(stackXml({ outputs })))).toMatchObject({
      name: 'presence-relay-prod',
      stage: 'prod',
      region: 'eu-west-1',
      account: '111122223333',
      address: 'https://relay.example/prod',
      groups: [
        {
          groupid: '12345',
          token: 'presence-relay/prod/12345/token',
          credentials: 'presence-relay/prod/12345/credentials',
        },
        { groupid: '7', credentials: undefined },
      ],
      refreshQueue: 'presence-relay-prod-refresh.fifo',
      snapshots: undefined,
    });
  });

  test('with snapshots, it is known where they are', async () => {
    const snapshots = { SnapshotBucket: 'b', SnapshotWorkgroup: 'w', SnapshotDatabase: 'd' };
    const { snapshots: found } = await read(
      stacksXml(stackXml({ outputs: { ...outputsOf(), ...snapshots } })),
    );
    expect(found).toEqual({ bucket: 'b', workgroup: 'w', database: 'd' });
  });

  test('the outputs are those that the stack of this checkout has', async () => {
    const { Outputs } = templateOf(full);
    const told = Object.entries(Outputs).map(([key, { Value }]) => [
      key,
      textOf(Value).replaceAll(/[<>&"]/g, '-'),
    ]);
    const outputs = { ...Object.fromEntries(told), Address: 'https://presence.acme.example' };
    const descriptions = Object.fromEntries(
      Object.entries(Outputs).map(([key, { Description = '' }]) => [key, Description]),
    );
    const relay = await read(stacksXml(stackXml({ outputs, descriptions })));
    expect(Object.keys(full.callers ?? {})).toContain(relay.role);
    expect(relay.groups.map(({ groupid, credentials }) => [groupid, credentials !== undefined])).toEqual([
      ['7', false],
      ['72', true],
      ['12345', true],
    ]);
    expect(relay.snapshots).toBeDefined();
    expect(relay.refreshQueue).toBeDefined();
  });

  test('its address is one to which a path can be added', async () => {
    const { address } = await read(stacksXml(stackXml({ outputs: outputsOf('https://relay.example/') })));
    expect(address).toBe('https://relay.example');
  });

  test('it is as old as its last deployment', async () => {
    const created = new Date('2026-11-01T00:00:00Z');
    const updated = new Date('2026-11-22T00:00:00Z');
    const outputs = outputsOf();
    const found = await read(stacksXml(stackXml({ outputs, created })));
    const again = await read(stacksXml(stackXml({ outputs, created, updated })));
    expect([found.deployedAt, again.deployedAt]).toEqual([created.getTime(), updated.getTime()]);
  });

  test('a deployment that was undone is told as such, and checked all the same', async () => {
    const { state } = await read(
      stacksXml(stackXml({ outputs: outputsOf(), state: 'UPDATE_ROLLBACK_COMPLETE' })),
    );
    expect(state).toBe('UPDATE_ROLLBACK_COMPLETE');
  });
});

describe('it is told why there is nothing to check, and what to do,', () => {
  test('of a stack that does not exist', async () => {
    expect(await troubleOf(missing('presence-relay-prod'))).toBe(
      'stack presence-relay-prod does not exist in eu-west-1; deploy it first; or is it another account (AWS_PROFILE) or region (AWS_REGION)?',
    );
  });

  test('of one that is no relay', async () => {
    expect(await troubleOf(stacksXml(stackXml({ outputs: { Url: 'https://x.example' } })))).toMatch(
      /^stack presence-relay-prod is no relay, or one of another release: it lacks the outputs; deploy/,
    );
  });

  test.each([
    'CREATE_IN_PROGRESS',
    'ROLLBACK_COMPLETE',
    'UPDATE_FAILED',
    'DELETE_IN_PROGRESS',
    'REVIEW_IN_PROGRESS',
  ])('of one that is %s', async (state) => {
    expect(await troubleOf(stacksXml(stackXml({ outputs: outputsOf(), state })))).toMatch(
      new RegExp(`^stack presence-relay-prod is ${state}; let the deployment end`),
    );
  });

  test('to whom CloudFormation says that something else is wrong', async () => {
    const told = { error: 'ValidationError', message: 'Rate of something' };
    expect(await troubleOf(told)).toContain('CloudFormation did not answer (ValidationError)');
  });

  test('to whom CloudFormation says nothing', async () => {
    const told = { error: 'AccessDenied', message: 'not allowed', status: 403 };
    expect(await troubleOf(told)).toBe(
      'stack presence-relay-prod may not be read with these AWS credentials; they need cloudformation:DescribeStacks',
    );
  });
});

test('a stack that cannot be a relay by its name is refused before anything is asked', () => {
  expect(stageOf('presence-relay-test')).toBe('test');
  for (const name of ['prod', 'presence-relay-', 'presence-relay-Prod', 'other-stack', 'presence-relay-a;b'])
    expect(() => stageOf(name)).toThrow('the name of a stack is presence-relay-<stage>');
});
