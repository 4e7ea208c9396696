import { randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { startSecretsManager } from '../../../../infra/local/secrets/server.ts';

const Name = 'presence-relay/12345/token';

async function start() {
  const secrets = await startSecretsManager({ port: 0 });
  const client = new SecretsManagerClient({
    endpoint: secrets.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  onTestFinished(async () => {
    client.destroy();
    await secrets.close();
  });
  return { secrets, client };
}

const get = (input: { VersionId?: string; VersionStage?: string } = {}) =>
  new GetSecretValueCommand({ SecretId: Name, ...input });
const put = (SecretString: string, ClientRequestToken: string = randomUUID()) =>
  new PutSecretValueCommand({ SecretId: Name, SecretString, ClientRequestToken });

test('A secret is created and read, by its name and by its ARN', async () => {
  const { client } = await start();
  const created = await client.send(new CreateSecretCommand({ Name, SecretString: 'one' }));
  expect(created).toMatchObject({
    Name,
    ARN: expect.stringMatching(
      /^arn:aws:secretsmanager:us-east-1:000000000000:secret:presence-relay\/12345\/token-\w{6}$/,
    ),
  });
  for (const SecretId of [Name, created.ARN, created.ARN?.slice(0, -7)]) {
    expect(await client.send(new GetSecretValueCommand({ SecretId }))).toMatchObject({
      ARN: created.ARN,
      Name,
      VersionId: created.VersionId,
      SecretString: 'one',
      VersionStages: ['AWSCURRENT'],
      CreatedDate: expect.any(Date),
    });
  }
});

test('Bytes are kept as they are', async () => {
  const { client } = await start();
  await client.send(new CreateSecretCommand({ Name, SecretBinary: Uint8Array.of(0, 255) }));
  expect((await client.send(get())).SecretBinary).toEqual(Uint8Array.of(0, 255));
});

test('A new value becomes the current one, and the current one the previous', async () => {
  const { client } = await start();
  const { VersionId = '' } = await client.send(new CreateSecretCommand({ Name, SecretString: 'one' }));
  await client.send(put('two'));
  expect((await client.send(get())).SecretString).toBe('two');
  expect((await client.send(get({ VersionStage: 'AWSPREVIOUS' }))).SecretString).toBe('one');
  expect((await client.send(get({ VersionId }))).VersionStages).toEqual(['AWSPREVIOUS']);
  await client.send(put('three'));
  expect((await client.send(get({ VersionStage: 'AWSPREVIOUS' }))).SecretString).toBe('two');
  expect((await client.send(get({ VersionId }))).VersionStages).toEqual([]);
});

test('A pending value changes nothing for those who read the current one', async () => {
  const { client } = await start();
  await client.send(new CreateSecretCommand({ Name, SecretString: 'one' }));
  await client.send(
    new PutSecretValueCommand({ SecretId: Name, SecretString: 'two', VersionStages: ['AWSPENDING'] }),
  );
  expect((await client.send(get())).SecretString).toBe('one');
  expect((await client.send(get({ VersionStage: 'AWSPENDING' }))).SecretString).toBe('two');
});

test('A repeat with the same token changes nothing; with another value it is refused', async () => {
  const { client } = await start();
  const token = randomUUID();
  await client.send(new CreateSecretCommand({ Name }));
  await client.send(put('one', token));
  await client.send(put('two'));
  expect(await client.send(put('one', token))).toMatchObject({
    VersionId: token,
    VersionStages: ['AWSPREVIOUS'],
  });
  expect((await client.send(get())).SecretString).toBe('two');
  await expect(client.send(put('other', token))).rejects.toMatchObject({ name: 'ResourceExistsException' });
});

test('A secret tells its versions, never their values', async () => {
  const { client } = await start();
  const { VersionId = '' } = await client.send(new CreateSecretCommand({ Name, SecretString: 'hidden' }));
  const description = await client.send(new DescribeSecretCommand({ SecretId: Name }));
  expect(description).toMatchObject({ Name, VersionIdsToStages: { [VersionId]: ['AWSCURRENT'] } });
  expect(JSON.stringify(description)).not.toContain('hidden');
});

test('A deleted secret cannot be read, nor its name be used again while it can come back', async () => {
  const { client } = await start();
  await client.send(new CreateSecretCommand({ Name, SecretString: 'one' }));
  await client.send(new DeleteSecretCommand({ SecretId: Name, RecoveryWindowInDays: 7 }));
  await expect(client.send(get())).rejects.toMatchObject({ name: 'InvalidRequestException' });
  await expect(client.send(new CreateSecretCommand({ Name }))).rejects.toMatchObject({
    name: 'InvalidRequestException',
  });
  const { DeletedDate } = await client.send(new DescribeSecretCommand({ SecretId: Name }));
  expect(DeletedDate?.getTime()).toBeGreaterThan(Date.now());
});

test('A secret deleted without recovery is gone', async () => {
  const { client } = await start();
  await client.send(new CreateSecretCommand({ Name, SecretString: 'one' }));
  await client.send(new DeleteSecretCommand({ SecretId: Name, ForceDeleteWithoutRecovery: true }));
  await expect(client.send(get())).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  await client.send(new CreateSecretCommand({ Name, SecretString: 'two' }));
});

test.each([
  [
    'a secret that is not there',
    get(),
    'ResourceNotFoundException',
    "Secrets Manager can't find the specified secret.",
  ],
  ['no name', new GetSecretValueCommand({ SecretId: '' }), 'ValidationException', 'Not valid: SecretId.'],
  ['nothing to put', new PutSecretValueCommand({ SecretId: Name }), 'InvalidRequestException', undefined],
  [
    'both ways to delete',
    new DeleteSecretCommand({ SecretId: Name, RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true }),
    'InvalidParameterException',
    undefined,
  ],
  ['another operation', new ListSecretsCommand(), 'UnknownOperationException', undefined],
])('%s is refused as AWS refuses it', async (_what, command, name, message) => {
  const { client } = await start();
  // The client's overloads know each command by itself only.
  const sent = client.send(command as GetSecretValueCommand);
  await expect(sent).rejects.toMatchObject({
    name,
    $metadata: { httpStatusCode: 400 },
    ...(message && { message }),
  });
});

test('A secret without a value, or without that version, is not found', async () => {
  const { client } = await start();
  await client.send(new CreateSecretCommand({ Name }));
  for (const input of [{}, { VersionStage: 'AWSPREVIOUS' }, { VersionId: randomUUID() }]) {
    await expect(client.send(get(input))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  }
  await expect(client.send(new CreateSecretCommand({ Name }))).rejects.toMatchObject({
    name: 'ResourceExistsException',
  });
});

test('Tests see how often each operation was called, and can make the service slow or refuse', async () => {
  const { secrets, client } = await start();
  secrets.put(Name, 'one');
  secrets.put(Name, 'two');
  secrets.faults.throttled = 1;
  secrets.faults.delayMs = 50;
  const begin = Date.now();
  expect((await client.send(get())).SecretString).toBe('two');
  expect(Date.now() - begin).toBeGreaterThanOrEqual(98);
  expect(Object.fromEntries(secrets.calls)).toEqual({ GetSecretValue: 2 });
});

test('Only loopback names reach it', async () => {
  const { secrets } = await start();
  secrets.put(Name, 'one');
  const { statusCode, body } = await request(secrets.url, {
    method: 'POST',
    headers: { host: 'rebound.example', 'x-amz-target': 'secretsmanager.GetSecretValue' },
    body: JSON.stringify({ SecretId: Name }),
  });
  expect(statusCode).toBe(400);
  expect(await body.text()).not.toContain('one');
});
