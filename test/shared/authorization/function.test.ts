import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bundleFunctions } from '../../../infra/bundle.ts';
import { refreshVariables, relayVariables } from '../../../shared/api/config/environment.ts';
import { defineRelay, type RelayConfig } from '../../../shared/api/config/relay.ts';
import { lookupvisitor } from '../../../shared/api/endpoints.ts';
import {
  type BundleOutcome,
  endpointEvent,
  queueEvent,
  type RunningBundle,
  runBundle,
} from '../../support/bundles.ts';
import { callerRole } from '../../support/gateway-event.ts';
import { startRefreshQueue } from '../../support/refresh-queue.ts';
import {
  credentialsSecret,
  password,
  type Renewing,
  startRenewing,
  tokenSecret,
  unset,
} from '../../support/renewing.ts';

const scheduled = JSON.stringify({ groupid: '12345', because: 'schedule', at: '2026-03-12T20:00:00Z' });

let folder: string;
let renewing: Renewing;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'refresh-token-'));
  await bundleFunctions(folder);
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  renewing = await startRenewing();
});
afterEach(() => renewing[Symbol.asyncDispose]());

function config(): RelayConfig {
  const { url: presence, authorizeUrl: authorization } = renewing.emulator;
  return defineRelay({
    groups: { 12345: { presence, authorization } },
    callers: { [callerRole]: { groups: [12345], endpoints: ['lookupvisitor'] } },
  });
}

const names = { stage: 'test', secretOf: () => tokenSecret, credentialsOf: () => credentialsSecret };

/** The function `refresh-token`, as after a cold start, with these messages. */
function start(...bodies: string[]): RunningBundle {
  return startWith({}, bodies);
}

function startWith(
  environment: Record<string, string>,
  bodies = [scheduled],
  remainingMs = 20_000,
): RunningBundle {
  return runBundle(path.join(folder, 'refresh-token/index.js'), {
    event: queueEvent(...bodies),
    environment: {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: renewing.secrets.gate.url,
      ...refreshVariables(config(), names),
      ...environment,
    },
    remainingMs,
  });
}

function logged({ log }: BundleOutcome): unknown[] {
  return log.map((line) => JSON.parse(line));
}

describe('the function', () => {
  test('renews the token of the group that a message names, and says so in one line', async () => {
    const outcome = await start(scheduled).outcome;
    expect(outcome.failure).toBeUndefined();
    expect(logged(outcome)).toMatchObject([
      {
        level: 'INFO',
        event: 'token renewed',
        function: 'refresh-token',
        requestId: 'request-1',
        groupid: '12345',
        because: 'schedule',
        Stage: 'test',
        TokensRenewed: 1,
        Authorizations: 1,
      },
    ]);
    const { value } = await renewing.token();
    expect(outcome.log.join()).not.toContain(value);
  });

  test('does what each message wants, one after the other', async () => {
    const { id: version } = await renewing.current();
    const asked = JSON.stringify({ groupid: '12345', because: 'asked', version });
    const another = JSON.stringify({ groupid: '72', because: 'schedule', at: 'now' });
    const outcome = await start(asked, asked, another).outcome;
    expect(logged(outcome)).toMatchObject([
      { outcome: 'renewed', because: 'asked' },
      { outcome: 'not-needed' },
      { outcome: 'not-needed', groupid: '72' },
    ]);
    expect(renewing.authorizations).toBe(1);
  });

  test('is done with a message whose renewal failed, and tells why without what is secret', async () => {
    renewing.putCredentials({ ...password, password: 'swordfish' });
    const outcome = await start(scheduled).outcome;
    expect(outcome.failure).toBeUndefined();
    expect(logged(outcome)).toMatchObject([
      {
        level: 'ERROR',
        event: 'renewal failed',
        failure: 'authorization-refused',
        reason: expect.stringContaining('The password is wrong'),
        failures: 1,
        remembered: true,
        RenewalsFailed: 1,
      },
    ]);
    expect(outcome.log.join()).not.toMatch(/swordfish|relay\.agent/);
  });

  test('fails for a message that is none, and repeats nothing of it', async () => {
    for (const body of [
      'hunter2',
      '{"groupid":"hunter2","because":"schedule","at":""}',
      '{"because":"hunter2"}',
      '',
    ]) {
      const { failure, log } = await start(body).outcome;
      expect(failure).toContain('no request for a token');
      expect(`${failure} ${log.join()}`).not.toContain('hunter2');
    }
    expect(renewing.authorizations).toBe(0);
  });

  test('fails when the secrets cannot be read, so that the message comes back', async () => {
    renewing.secrets.gate.fateOf = () => ({ error: 'AccessDeniedException' });
    expect((await start(scheduled).outcome).failure).toContain('AccessDeniedException');
  });

  test('on a broken environment names every variable that is wrong, and no value', async () => {
    const { failure = '' } = await startWith({
      RELAY_GROUPS: JSON.stringify({ 12345: { presence: 'http://hunter2.example', secret: 'hunter2' } }),
      RELAY_TOKEN_MINUTES: 'hunter2',
      RELAY_STAGE: '',
    }).outcome;
    for (const place of ['12345.presence', '12345.credentials', 'RELAY_TOKEN_MINUTES', 'RELAY_STAGE']) {
      expect(failure).toContain(place);
    }
    expect(failure).not.toContain('hunter2');
  });

  test('without any environment says so', async () => {
    const file = path.join(folder, 'refresh-token/index.js');
    const { failure = '' } = await runBundle(file, { event: queueEvent(scheduled), environment: {} }).outcome;
    for (const name of ['RELAY_GROUPS', 'RELAY_TOKEN_MINUTES', 'RELAY_STAGE'])
      expect(failure).toContain(name);
  });

  test('keeps time to write down how it ended', async () => {
    renewing.emulator.faults.add({ endpoint: 'authorize', fault: { kind: 'hang' } });
    const outcome = await startWith({}, [scheduled], 6_000).outcome;
    expect(logged(outcome)).toMatchObject([{ failure: 'authorization-unavailable', remembered: true }]);
  });
});

describe('a function that is killed', () => {
  /** What goes on when it happens: what keeps the function there, and by what one sees that it has come so far. */
  const moments: [string, () => void, () => number][] = [
    [
      'after the token was granted, before it knows',
      () => renewing.emulator.faults.add({ endpoint: 'authorize', fault: { kind: 'hang', deliver: true } }),
      () => renewing.emulator.granted,
    ],
    [
      'while it tries the token',
      () => renewing.emulator.faults.add({ endpoint: 'lookupvisitor', fault: { kind: 'hang' } }),
      () => renewing.emulator.requests.count('lookupvisitor'),
    ],
    [
      'before the token is put',
      () => {
        renewing.secrets.gate.fateOf = ({ operation }) =>
          operation === 'PutSecretValue' ? 'silent' : undefined;
      },
      () => renewing.secrets.count('PutSecretValue'),
    ],
  ];

  test.for(moments)(
    '%s leaves the current token, and the next one gets on',
    async ([, hold, hasComeSoFar]) => {
      const before = await renewing.current();
      hold();
      const running = start(scheduled);
      running.outcome.catch(() => undefined);
      await expect.poll(hasComeSoFar, { timeout: 10_000 }).toBe(1);
      await running.kill();
      expect(await renewing.current()).toEqual(before);
      renewing.emulator.faults.clear();
      renewing.secrets.gate.fateOf = () => undefined;
      expect(logged(await start(scheduled).outcome)).toMatchObject([{ outcome: 'renewed' }]);
    },
  );

  test('after the token was put, before it knows, has done its work', async () => {
    const { id: version } = await renewing.current();
    const asked = JSON.stringify({ groupid: '12345', because: 'asked', version });
    renewing.secrets.gate.fateOf = ({ operation }) =>
      operation === 'PutSecretValue' ? 'unanswered' : undefined;
    expect((await start(asked).outcome).failure).toBeDefined();
    renewing.secrets.gate.fateOf = () => undefined;
    expect((await renewing.current()).text).not.toBe(unset);
    expect(logged(await start(asked).outcome)).toMatchObject([{ outcome: 'not-needed' }]);
  });
});

test('an endpoint that finds no token asks on the queue, waits, and answers its call', async () => {
  await using queue = await startRefreshQueue(renewing.secrets);
  using _ = queue.consume(renewing);
  const { answer, loaded } = await runBundle(path.join(folder, 'lookupvisitor/index.js'), {
    event: endpointEvent('lookupvisitor'),
    environment: {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: renewing.secrets.gate.url,
      AWS_ENDPOINT_URL_SQS: queue.gate.url,
      ...relayVariables(
        config(),
        { name: 'lookupvisitor', endpoints: [lookupvisitor] },
        { ...names, refreshQueue: queue.url },
      ),
    },
  }).outcome;
  expect(answer).toContain('"statusCode":200');
  expect(renewing.authorizations).toBe(1);
  expect(loaded.filter((module) => /internal\/deps\/undici|http2|sqlite|quic/.test(module))).toEqual([]);
});
