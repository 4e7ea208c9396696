import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Place } from '../../../../infra/cli/credentials/place.ts';
import { conclude, type RenewalOptions, renew } from '../../../../infra/cli/credentials/renew.ts';
import type { Step } from '../../../../infra/cli/report.ts';
import { startPresenceEmulator } from '../../../../infra/local/presence/emulator.ts';
import { readAuthorizationAddress } from '../../../../shared/authorization/address.ts';
import { AuthorizationClient } from '../../../../shared/authorization/client.ts';
import type { Credentials } from '../../../../shared/authorization/credentials.ts';
import { refreshFailureNames } from '../../../../shared/authorization/metrics.ts';
import { refresh } from '../../../../shared/authorization/refresh.ts';
import { readRequest } from '../../../../shared/authorization/request.ts';
import { Vault } from '../../../../shared/authorization/vault.ts';
import { serverRules } from '../../../../shared/presence/address.ts';
import { groupId } from '../../../../shared/presence/ids.ts';
import { Transport } from '../../../../shared/presence/transport.ts';
import { systemClock } from '../../../../shared/runtime/clock.ts';
import { deadlineIn } from '../../../../shared/runtime/deadline.ts';
import { startSecrets } from '../../../support/secrets-server.ts';
import { note, standIn, token, unset } from './stand-in.ts';

const groupid = groupId.parse('12345');
const password: Credentials = { username: 'ada@shop.example', password: 'hunter2-hunter2' };

/** What is told, by the names of the steps. */
async function told(
  place: Place,
  { credentials, ...options }: RenewalOptions & { credentials?: Credentials | undefined } = {
    credentials: password,
  },
) {
  const done: Step[] = [];
  const steps = renew({ groupid, credentials, place }, { pollMs: 20, limitMs: 10_000, ...options });
  for await (const step of steps) done.push(step);
  expect(done.map(({ name }) => name)).toEqual(['credentials', 'request', 'token']);
  expect(JSON.stringify(done)).not.toMatch(/hunter2|ada@|eyJ/);
  const [stored, request, outcome] = done;
  return { stored, request, outcome, conclusion: conclude(done) };
}

/** It is not worth the time to wait for what will not come. */
const briefly = { credentials: password, limitMs: 400 };

describe('credentials that are good', () => {
  test('are stored, a token is asked for with a message of its own, and its end is told', async () => {
    const relay = await standIn();
    relay.grants();
    const { stored, request, outcome, conclusion } = await told(relay.place);
    expect(JSON.parse(relay.stored() ?? '')).toEqual(password);
    expect(stored).toMatchObject({
      verdict: 'ok',
      says: 'user name and password, stored in secret presence-relay/prod/12345/credentials',
    });
    expect(request).toMatchObject({ verdict: 'ok' });
    const [{ body, group, deduplication } = { body: '{}' }] = relay.messages;
    const id = expect.stringMatching(/^[0-9a-f-]{36}$/);
    expect(JSON.parse(body)).toEqual({ groupid: '12345', because: 'operator', id });
    expect([group, deduplication]).toEqual(['12345', JSON.parse(body).id]);
    expect(readRequest(body)).toMatchObject({ because: 'operator' });
    expect(outcome).toMatchObject({
      verdict: 'ok',
      says: expect.stringMatching(/^granted, tried .* it lives until \d{4}-.*Z, and is renewed by itself$/),
    });
    expect(conclusion).toEqual({ ok: true, says: 'All is well: the group has a new token.' });
  });

  test('may be those that are there: then nothing is stored', async () => {
    const relay = await standIn();
    relay.secrets.put(relay.place.credentials, '{"as":"it was"}');
    relay.grants();
    const { stored, outcome } = await told(relay.place, {});
    expect([stored?.verdict, outcome?.verdict]).toEqual(['skipped', 'ok']);
    expect(relay.stored()).toBe('{"as":"it was"}');
    expect(relay.secrets.calls.get('PutSecretValue')).toBe(1); // by the function
  });

  test.for([-3_600_000, 3_600_000])('do not mind a clock that is wrong by %d ms here', async (ms) => {
    const relay = await standIn();
    relay.grants();
    const clock = { ...systemClock, now: () => Date.now() + ms };
    expect((await told(relay.place, { credentials: password, clock })).outcome?.verdict).toBe('ok');
  });

  test('are told how long they take, until it is over', async () => {
    const relay = await standIn();
    relay.onMessage(async (vault) => {
      await sleep(200);
      await vault.putToken(relay.place.token, token());
    });
    const heard: (number | undefined)[] = [];
    await told(relay.place, { credentials: password, waiting: (seconds) => heard.push(seconds) });
    expect([heard[0], heard.at(-1)]).toEqual([0, undefined]);
  });
});

describe('a renewal that fails', () => {
  test.for(refreshFailureNames)('(%s) is told with its reason and what to do', async (failure) => {
    const relay = await standIn();
    relay.fails({ failure, reason: 'it has its reason' });
    const { outcome, conclusion } = await told(relay.place);
    expect(outcome).toEqual({
      name: 'token',
      verdict: 'fail',
      says: `no new token (${failure}): it has its reason`,
      hint: expect.stringMatching(/npm run credentials -- 12345|relay\.config\.ts/),
    });
    expect(conclusion).toEqual({
      ok: false,
      says: 'Not well: token failed. The relay goes on with the token that it has, if it has any.',
    });
  });

  test('is told as the function itself leaves it behind, and so is one that does not', async () => {
    const relay = await standIn();
    const emulator = await startPresenceEmulator({ groups: [12345] });
    const transport = new Transport();
    const client = new AuthorizationClient();
    onTestFinished(async () => {
      await Promise.all([emulator.close(), transport.close(), client.close()]);
    });
    const authorization = readAuthorizationAddress(emulator.authorizeUrl);
    if (!authorization.checked) throw new Error(authorization.reason);
    const rules = serverRules({ presence: emulator.url });
    const { token: secret, credentials } = relay.place;
    const group = { authorization, site: 'production', rules, secret, credentials };
    const groups = new Map([['12345', group]]);
    relay.onMessage(async (vault, { body }) => {
      const deps = {
        groups,
        vault,
        authorization: client,
        transport,
        clock: systemClock,
        minutes: 120,
        unwritten: new Map(),
      };
      await refresh(readRequest(body), deps, deadlineIn(20_000));
    });
    const [account] = emulator.accounts;
    const username = account?.username ?? '';
    const wrong = await told(relay.place, { credentials: { username, password: 'hunter2-hunter2' } });
    expect(wrong.outcome?.says).toMatch(/^no new token \(authorization-refused\): .*answered 401/);
    const right = await told(relay.place, { credentials: { username, password: account?.password ?? '' } });
    expect(right.outcome?.verdict).toBe('ok');
    const againWrong = await told(relay.place, { credentials: { username, password: 'hunter2-hunter2' } });
    expect(againWrong.outcome?.says).toMatch(/^no new token \(authorization-refused\)/);
  });
});

describe('when neither comes in time', () => {
  test('it is told where to look', async () => {
    const relay = await standIn();
    const { outcome } = await told(relay.place, briefly);
    expect(outcome).toEqual({
      name: 'token',
      verdict: 'fail',
      says: 'neither a new token within 0.4 s, nor word why there is none',
      hint: expect.stringMatching(/^look into the log\. .*--again$/),
    });
  });

  test('a token and a failure that were there before are not taken for new', async () => {
    const { place } = await standIn();
    const vault = new Vault(place.secretsManager);
    await vault.putToken(place.token, token({ issuedAt: Date.now() + 60_000 }));
    await vault.putNote(place.token, note({ at: Date.now() + 60_000 }));
    expect((await told(place, briefly)).outcome?.says).toMatch(/^neither/);
  });

  test.for([
    ['a token that was granted before', { issuedAt: Date.now() - 60_000 }],
    ['a token of which nobody knows when it was granted', { issuedAt: undefined }],
  ] as const)('%s is not taken for the one that was asked for', async ([, part]) => {
    const relay = await standIn();
    relay.onMessage((vault) => vault.putToken(relay.place.token, token(part)));
    expect((await told(relay.place, briefly)).outcome?.says).toMatch(/^neither/);
  });

  test.for([
    ['before', { at: Date.now() - 60_000 }],
    ['with other credentials', { credentials: 'another-version' }],
  ] as const)('a failure %s is not taken for that of these', async ([, part]) => {
    const relay = await standIn();
    relay.onMessage((vault) => vault.putNote(relay.place.token, note(part)));
    expect((await told(relay.place, briefly)).outcome?.says).toMatch(/^neither/);
  });

  test('what was in the way of looking is told', async () => {
    const relay = await standIn();
    relay.onMessage(() => {
      relay.secrets.faults.throttled = 1_000;
      return Promise.resolve();
    });
    const { outcome } = await told(relay.place, { ...briefly, limitMs: 2_000 });
    expect(outcome?.says).toMatch(/^what came of it is not to be seen: secret .* too many requests$/);
  });

  test('one look that fails does no harm', async () => {
    const relay = await standIn();
    relay.onMessage(async (vault) => {
      relay.secrets.faults.throttled = 1;
      await sleep(100);
      await vault.putToken(relay.place.token, token());
    });
    expect((await told(relay.place)).outcome?.verdict).toBe('ok');
  });
});

describe('where something is missing', () => {
  test('(the secret for the credentials) nothing is asked for', async () => {
    const { place, messages, ...relay } = await standIn();
    relay.grants();
    const { stored, request, outcome, conclusion } = await told({ ...place, credentials: 'elsewhere' });
    expect(stored).toMatchObject({
      says: 'secret elsewhere does not exist in us-east-1',
      hint: expect.stringContaining('deploy the relay first'),
    });
    expect([request?.verdict, outcome?.verdict, messages]).toEqual(['skipped', 'skipped', []]);
    expect(conclusion.says).toMatch(/^Not well: credentials failed\./);
  });

  test('(the queue) the credentials are stored, and it is told', async () => {
    const { place, stored } = await standIn();
    const { request, outcome } = await told({ ...place, queue: 'elsewhere.fifo' });
    expect(request).toMatchObject({
      verdict: 'fail',
      says: 'queue elsewhere.fifo does not exist in us-east-1',
      hint: expect.stringContaining('deploy the relay first'),
    });
    expect([outcome?.verdict, stored() === unset]).toEqual(['skipped', false]);
  });

  test('(the secret for the token) a token is asked for all the same, and it is told', async () => {
    const { place, messages, ...relay } = await standIn();
    relay.onMessage(() => Promise.resolve());
    const { request, outcome } = await told({ ...place, token: 'elsewhere' });
    expect(request?.verdict).toBe('ok');
    expect(outcome?.says).toBe(
      'what came of it is not to be seen: secret elsewhere does not exist in us-east-1',
    );
    await expect.poll(() => messages.length).toBe(1);
  });

  test.for([
    ['AccessDeniedException', 'may not be written', 'they need secretsmanager:PutSecretValue'],
    ['EncryptionFailure', 'cannot be encrypted', 'kms:GenerateDataKey'],
    ['ThrottlingException', 'cannot be written now', 'in a minute'],
    ['InvalidRequestException', 'about to be deleted', 'describe-secret'],
  ] as const)('(a right: %s) it is told which', async ([error, says, hint]) => {
    const { place } = await standIn();
    await using refusing = await startSecrets({ [place.credentials]: { error } });
    const { stored } = await told({ ...place, secretsManager: refusing.client() });
    expect(stored).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining(says),
      hint: expect.stringContaining(hint),
    });
  });
});
