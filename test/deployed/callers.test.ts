import { randomBytes } from 'node:crypto';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signedFetch } from '../../infra/cli/signed-fetch.ts';
import {
  credentialsName,
  functionName,
  idKeyName,
  refreshQueueName,
  secretName,
  signalDeadLettersName,
  signalQueueName,
  stageName,
  webhookKeysName,
} from '../../infra/names.ts';
import { endpoints } from '../../shared/api/endpoints.ts';
import { askIam, type Credentials, credentialsOf } from '../support/aws.ts';
import { snapshotBucket } from '../support/deployed-snapshots.ts';
import { RelayUnderTest } from '../support/relay.ts';

let relay: RelayUnderTest;
let own: Credentials;
const { AWS_REGION: region = 'us-east-1', RELAY_CALLER = '' } = process.env;
const [, account = ''] = /^arn:aws:iam::(\d+):/.exec(RELAY_CALLER) ?? [];

beforeAll(async () => {
  relay = await RelayUnderTest.open();
  own = await credentialsOf(RELAY_CALLER);
});
afterAll(() => relay[Symbol.asyncDispose]());

/** What somebody hears who looks somebody up with these credentials. */
async function told(credentials: Partial<Credentials> & Omit<Credentials, 'sessionToken'>, now = Date.now) {
  const call = signedFetch({ credentials, region, service: 'execute-api', now });
  const query = new URLSearchParams(relay.of('nobody'));
  return await heard(await call(`${relay.addresses.relay}/lookupvisitor?${query}`));
}

async function heard(response: Response) {
  const text = await response.text();
  const type = response.headers.get('content-type');
  return {
    status: response.status,
    type,
    json: JSON.parse(text),
    signs: response.headers.get('www-authenticate'),
  };
}

const unauthenticated = {
  status: 401,
  type: 'application/problem+json',
  json: { code: 'unauthenticated', status: 401 },
  signs: 'AWS4-HMAC-SHA256',
};
const forbidden = {
  status: 403,
  type: 'application/problem+json',
  json: { code: 'forbidden-caller', status: 403 },
};

test('the caller itself is heard', async () => {
  expect(await told(own)).toMatchObject({ status: 200 });
});

describe('whoever cannot say who they are is refused:', () => {
  test.each(endpoints.map(({ method, path }) => [method, path]))(
    '%s %s without a signature',
    async (method, path) => {
      const target = path.replace('{id}', 'f'.repeat(32));
      const query = new URLSearchParams(relay.of('nobody'));
      const response = await fetch(`${relay.addresses.relay}${target}?${query}`, { method });
      expect(await heard(response)).toMatchObject(unauthenticated);
    },
  );

  test('with a signature by another key', async () => {
    const secretAccessKey = `${own.secretAccessKey.slice(0, -1)}${own.secretAccessKey.endsWith('x') ? 'y' : 'x'}`;
    expect(await told({ ...own, secretAccessKey })).toMatchObject(unauthenticated);
  });

  test('with a signature of twenty minutes ago', async () => {
    expect(await told(own, () => Date.now() - 20 * 60_000)).toMatchObject(unauthenticated);
  });

  test('with a key that nobody has', async () => {
    const accessKeyId = 'AKIA4QZX7T2N5KWP6YVD';
    const stranger = { accessKeyId, secretAccessKey: own.secretAccessKey };
    expect(await told(stranger)).toMatchObject(unauthenticated);
  });

  test('with the token of Glance, as before there was a relay', async () => {
    const headers = { authorization: 'Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl' };
    const query = new URLSearchParams(relay.of('nobody'));
    const response = await fetch(`${relay.addresses.relay}/lookupvisitor?${query}`, { headers });
    expect(await heard(response)).toMatchObject(unauthenticated);
  });
});

/** A role of this account, with that policy. It is gone afterwards. */
async function otherRole(policy?: object) {
  const RoleName = `relay-test-${randomBytes(4).toString('hex')}`;
  const principal = { AWS: `arn:aws:iam::${account}:root` };
  await askIam('CreateRole', {
    RoleName,
    AssumeRolePolicyDocument: policyOf({ Principal: principal, Action: 'sts:AssumeRole' }),
  });
  if (policy)
    await askIam('PutRolePolicy', { RoleName, PolicyName: 'all', PolicyDocument: policyOf(policy) });
  return {
    credentials: await credentialsOf(`arn:aws:iam::${account}:role/${RoleName}`),
    async [Symbol.asyncDispose]() {
      if (policy) await askIam('DeleteRolePolicy', { RoleName, PolicyName: 'all' });
      await askIam('DeleteRole', { RoleName });
    },
  };
}

function policyOf(statement: object): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });
}

describe('a role of the account that is none of the callers is refused,', () => {
  test('whatever it may do else', async () => {
    await using role = await otherRole();
    expect(await told(role.credentials)).toMatchObject(forbidden);
  });

  test('though it may call every API', async () => {
    await using role = await otherRole({ Action: 'execute-api:Invoke', Resource: '*' });
    expect(await told(role.credentials)).toMatchObject(forbidden);
  });
});

const stage = stageName();
const queueArn = (name: string) => `arn:aws:sqs:${region}:${account}:${name}`;
const queue = queueArn(signalQueueName(stage));
const deadLetters = queueArn(signalDeadLettersName(stage));
const refreshQueue = queueArn(refreshQueueName(stage));
const bucket = `arn:aws:s3:::${await snapshotBucket()}`;
const read = 'secretsmanager:GetSecretValue';

/** A name without more is that of a secret. */
async function arnOf(resource: string): Promise<string> {
  if (resource.startsWith('arn:')) return resource;
  const client = new SecretsManagerClient({});
  const { ARN = '' } = await client.send(new DescribeSecretCommand({ SecretId: resource }));
  client.destroy();
  return ARN;
}

/** What IAM decides for the function of that name, by the policies of its role. */
async function decided(name: string, action: string, resource: string): Promise<string | undefined> {
  const lambda = new LambdaClient({});
  const FunctionName = functionName(stage, name);
  const { Role = '' } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  lambda.destroy();
  const answer = await askIam('SimulatePrincipalPolicy', {
    PolicySourceArn: Role,
    'ActionNames.member.1': action,
    'ResourceArns.member.1': await arnOf(resource),
  });
  return /<EvalDecision>(\w+)<\/EvalDecision>/.exec(answer)?.[1];
}

describe('a function may do what it has to, and no more:', () => {
  const group = process.env.GROUP_ID ?? '12345';
  test.each([
    ['findvisitor', read, secretName(stage, group), 'allowed'],
    ['findvisitor', read, credentialsName(stage, group), 'implicitDeny'],
    ['findvisitor', 'secretsmanager:PutSecretValue', secretName(stage, group), 'implicitDeny'],
    ['findvisitor', 'sqs:SendMessage', queue, 'implicitDeny'],
    ['refresh-token', read, credentialsName(stage, group), 'allowed'],
    ['refresh-token', read, webhookKeysName(stage, 'hubspot'), 'implicitDeny'],
    ['webhook', 'sqs:SendMessage', queue, 'allowed'],
    ['webhook', 'sqs:ReceiveMessage', queue, 'implicitDeny'],
    ['webhook', read, secretName(stage, group), 'implicitDeny'],
    ['deliver', read, idKeyName(stage), 'implicitDeny'],
    // What it does only when something goes wrong.
    ['deliver', 'sqs:SendMessage', refreshQueue, 'allowed'],
    ['deliver', 'sqs:SendMessage', deadLetters, 'allowed'],
    ['snapshot', 'sqs:SendMessage', refreshQueue, 'allowed'],
    ['snapshot', 's3:AbortMultipartUpload', `${bucket}/snapshots/one`, 'allowed'],
    // Without it, S3 would say of what is not there that it may not be read; the emulator says what is so.
    ['snapshot', 's3:ListBucket', bucket, 'allowed'],
    ['snapshot', 's3:DeleteObject', `${bucket}/snapshots/one`, 'implicitDeny'],
    ['snapshot', 's3:PutObject', `${bucket}/results/one`, 'implicitDeny'],
  ])('%s: %s on %s is %s', async (name, action, resource, decision) => {
    expect(await decided(name, action, resource)).toBe(decision);
  });
});
