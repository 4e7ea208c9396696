import { afterEach, beforeEach, expect, test } from 'vitest';
import { SourceKeys } from '../../../../shared/webhooks/intake/source-keys.ts';
import { type TestClock, testClock } from '../../../support/clock.ts';
import { type SecretsServer, startSecrets } from '../../../support/secrets-server.ts';
import { toVisitor, toy } from '../../../support/toy-source.ts';

const source = toy({ group: 12345, signal: toVisitor });
let secrets: SecretsServer;
let clock: TestClock;
let keys: SourceKeys;
let faults: string[];

beforeEach(async () => {
  secrets = await startSecrets({ crm: JSON.stringify({ keys: ['the first key of all'] }) });
  clock = testClock();
  faults = [];
  keys = new SourceKeys({
    secretOf: (name) => name,
    client: secrets.client(),
    clock,
    faulty: (name, fault) => faults.push(`${name} ${fault}`),
  });
});
afterEach(() => secrets[Symbol.asyncDispose]());

const change = (...all: string[]) => secrets.secrets.set('crm', JSON.stringify({ keys: all }));

test('the keys are read once in five minutes, however many ask at once', async () => {
  const all = await Promise.all(Array.from({ length: 50 }, () => keys.get('crm', source)));
  expect(new Set(all.map((one) => JSON.stringify(one)))).toEqual(
    new Set(['{"keys":["the first key of all"]}']),
  );
  clock.time += 299_000;
  await keys.get('crm', source);
  expect(secrets.reads).toHaveLength(1);
  clock.time += 2_000;
  await keys.get('crm', source);
  expect(secrets.reads).toHaveLength(2);
});

test('a changed key is found as soon as a request does not fit, but not within half a minute', async () => {
  await keys.get('crm', source);
  change('another key altogether');
  clock.time += 29_000;
  expect(await keys.others('crm', source)).toBeUndefined();
  clock.time += 1_000;
  expect(await keys.others('crm', source)).toEqual({ keys: ['another key altogether'] });
  expect(secrets.reads).toHaveLength(2);
});

test('a flood of forged requests has the secret read once in five minutes', async () => {
  for (let second = 0; second < 900; second++) {
    await keys.get('crm', source);
    for (let i = 0; i < 20; i++) expect(await keys.others('crm', source)).toBeUndefined();
    clock.time += 1_000;
  }
  expect(secrets.reads).toHaveLength(3);
});

test('the same keys again are no others', async () => {
  await keys.get('crm', source);
  clock.time += 60_000;
  expect(await keys.others('crm', source)).toBeUndefined();
  expect(secrets.reads).toHaveLength(2);
});

test.each([
  ['{"state":"unset"}', 'holds no keys yet'],
  ['', 'is empty'],
  ['{"keys":["   "]}', 'keys.0: is blank'],
])('a secret that holds %j gives no keys, and says why', async (text, says) => {
  secrets.secrets.set('crm', text);
  expect(await keys.get('crm', source)).toBeUndefined();
  expect(faults).toEqual([`crm ${says}`]);
});

test('a secret that is not there gives no keys', async () => {
  secrets.secrets.set('crm', { error: 'ResourceNotFoundException' });
  expect(await keys.get('crm', source)).toBeUndefined();
  expect(faults).toEqual(['crm cannot be read: ResourceNotFoundException']);
});

test('keys that were put into an empty secret serve soon', async () => {
  secrets.secrets.set('crm', '{"state":"unset"}');
  await keys.get('crm', source);
  change('the key that was missing');
  clock.time += 31_000;
  expect(await keys.others('crm', source)).toEqual({ keys: ['the key that was missing'] });
});

test('known keys go on serving while Secrets Manager fails, and are not asked for all the time', async () => {
  await keys.get('crm', source);
  secrets.secrets.set('crm', { error: 'InternalServiceError', status: 500 });
  clock.time += 301_000;
  for (let i = 0; i < 10; i++)
    expect(await keys.get('crm', source)).toEqual({ keys: ['the first key of all'] });
  expect(secrets.reads).toHaveLength(2);
});

test('unknown keys that are not to be had are asked for anew by the next request', async () => {
  secrets.secrets.set('crm', { error: 'InternalServiceError', status: 500 });
  await expect(keys.get('crm', source)).rejects.toThrow();
  change('the key of the second try');
  expect(await keys.get('crm', source)).toEqual({ keys: ['the key of the second try'] });
});
