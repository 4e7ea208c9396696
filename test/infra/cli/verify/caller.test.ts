import { STSClient } from '@aws-sdk/client-sts';
import { expect, test } from 'vitest';
import { callerOf } from '../../../../infra/cli/verify/caller.ts';
import { account, at, queryService, type Told } from './aws-servers.ts';
import { relayAt } from './called.ts';

async function called(told: Told, role?: string) {
  const service = await queryService(() => told);
  const caller = await callerOf(relayAt('https://relay.example'), role, new STSClient(at(service.url)));
  return { caller, asked: service.asked };
}

const identity = (arn: string) => `<Arn>${arn}</Arn><UserId>x</UserId><Account>${account}</Account>`;
const given =
  '<Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>B</SecretAccessKey><SessionToken>C</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials>';

test.each([
  ['agent-desk', `arn:aws:iam::${account}:role/agent-desk`],
  ['arn:aws:iam::444455556666:role/service/crm', 'arn:aws:iam::444455556666:role/service/crm'],
])('the role %s is assumed', async (role, arn) => {
  const { caller, asked } = await called(given, role);
  expect(caller).toEqual({
    role: arn,
    credentials: { accessKeyId: 'A', secretAccessKey: 'B', sessionToken: 'C' },
  });
  expect(asked[0]?.input.get('RoleArn')).toBe(arn);
});

test('without one, it is who the credentials are: the role of a session', async () => {
  const { caller } = await called(identity(`arn:aws:sts::${account}:assumed-role/agent-desk/ada`));
  expect(caller.role).toBe(`arn:aws:iam::${account}:role/agent-desk`);
});

test('of another partition as well', async () => {
  const { caller } = await called(identity(`arn:aws-us-gov:sts::${account}:assumed-role/agent-desk/ada`));
  expect(caller.role).toBe(`arn:aws-us-gov:iam::${account}:role/agent-desk`);
});

test('an answer without credentials is no caller', async () => {
  await expect(called('', 'agent-desk')).rejects.toThrow('STS gave no credentials');
});

test('a user is no role', async () => {
  const { caller } = await called(identity(`arn:aws:iam::${account}:user/ada`));
  expect(caller.role).toBeUndefined();
});

test('a role that may not be assumed is told', async () => {
  const refused = { error: 'AccessDenied', message: 'not authorized', status: 403 };
  await expect(called(refused, 'agent-desk')).rejects.toThrow(
    `role arn:aws:iam::${account}:role/agent-desk may not be used with these AWS credentials`,
  );
});
