import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { FaultRequest } from '../../../infra/local/presence/faults.ts';
import { AuthorizationClient } from '../../../shared/authorization/client.ts';
import { refresh } from '../../../shared/authorization/refresh.ts';
import { Transport } from '../../../shared/presence/transport.ts';
import { deadlineIn } from '../../../shared/runtime/deadline.ts';
import type { Fate } from '../../support/aws-gate.ts';
import { group } from '../../support/presence-pair.ts';
import { type Renewing, startRenewing, tokenSecret } from '../../support/renewing.ts';

/** Renews once, so that there is a token to lose. */
async function startRenewed(): Promise<Renewing> {
  const renewing = await startRenewing();
  await renewing.refresh();
  renewing.clock.time += 60_000;
  return renewing;
}

type Fault = FaultRequest['fault'];

describe('a question to the Authorization service', () => {
  test.for<[string, Fault]>([
    ['refused by a connection that breaks', { kind: 'reset' }],
    ['carried out, and its answer lost', { kind: 'reset', deliver: true }],
    ['answered in part', { kind: 'cut', afterBytes: 20 }],
    ['answered with nonsense', { kind: 'malformed' }],
    ['answered with something else', { kind: 'body', body: { hello: 'world' } }],
    ['answered with 429', { kind: 'status', status: 429 }],
    ['answered with 500', { kind: 'status', status: 500, deliver: true }],
    ['answered with 404', { kind: 'status', status: 404 }],
  ])('that is %s leaves the current token, and a repeat succeeds', async ([, fault]) => {
    await using renewing = await startRenewed();
    const before = await renewing.current();
    renewing.emulator.faults.add({ endpoint: 'authorize', fault });
    expect(await renewing.refresh()).toMatchObject({ outcome: 'failed', asked: true, remembered: true });
    expect(await renewing.current()).toEqual(before);
    renewing.clock.time += 60_000;
    expect(await renewing.refresh()).toMatchObject({ outcome: 'renewed' });
    expect((await renewing.current()).text).not.toBe(before.text);
  });

  test('that asks us to stay away keeps us away so long, though not for ever', async () => {
    await using renewing = await startRenewed();
    for (const [retryAfter, seconds] of [
      [600, 600],
      [999_999, 3_600],
      [1, 60],
    ] as const) {
      renewing.emulator.faults.add({
        endpoint: 'authorize',
        fault: { kind: 'status', status: 503, retryAfter },
      });
      const outcome = await renewing.refresh();
      expect(outcome).toMatchObject({ outcome: 'failed', note: { failure: 'authorization-unavailable' } });
      expect(outcome).toMatchObject({ note: { until: renewing.clock.time + seconds * 1_000 } });
      renewing.clock.time += seconds * 1_000;
    }
  });

  test('that nobody answers ends in time to write down how it ended', async () => {
    await using renewing = await startRenewed();
    renewing.emulator.faults.add({ endpoint: 'authorize', fault: { kind: 'hang', deliver: true } });
    const began = performance.now();
    const outcome = await renewing.refresh({}, 500);
    expect(outcome).toMatchObject({ outcome: 'failed', note: { failure: 'authorization-unavailable' } });
    expect(performance.now() - began).toBeLessThan(1_500);
  });
});

describe('the trial of a token', () => {
  test.for<[string, Fault, number]>([
    ['a connection that breaks', { kind: 'reset' }, 4],
    ['503', { kind: 'status', status: 503 }, 4],
    ['500', { kind: 'status', status: 500 }, 1],
    ['nonsense', { kind: 'malformed' }, 1],
  ])('that meets %s leaves the current token, and a repeat succeeds', async ([, fault, tries]) => {
    await using renewing = await startRenewed();
    const before = await renewing.current();
    renewing.emulator.requests.clear();
    renewing.emulator.faults.add({ endpoint: 'lookupvisitor', fault, times: 0 });
    expect(await renewing.refresh()).toMatchObject({ outcome: 'failed', note: { failure: 'token-untried' } });
    expect(renewing.emulator.requests.count('lookupvisitor')).toBe(tries);
    expect(await renewing.current()).toEqual(before);
    renewing.emulator.faults.clear();
    renewing.clock.time += 60_000;
    expect(await renewing.refresh()).toMatchObject({ outcome: 'renewed' });
  });

  test('that nobody answers leaves the current token', async () => {
    await using renewing = await startRenewed();
    const before = await renewing.current();
    renewing.emulator.faults.add({ endpoint: 'lookupvisitor', fault: { kind: 'hang' }, times: 0 });
    expect(await renewing.refresh({}, 500)).toMatchObject({ note: { failure: 'token-untried' } });
    expect(await renewing.current()).toEqual(before);
  });

  test('that is cut off with everything else leaves the current token', async () => {
    await using renewing = await startRenewed();
    const before = await renewing.current();
    renewing.emulator.faults.add({ endpoint: 'lookupvisitor', fault: { kind: 'hang' }, times: 0 });
    await using dependencies = renewing.dependencies();
    const transport = new Transport();
    const request = { groupid: group, because: 'schedule', at: 'now' } as const;
    const ended = refresh(request, { ...dependencies, transport }, deadlineIn(30_000)).catch(() => undefined);
    await sleep(200);
    await transport.close();
    await ended;
    expect(await renewing.current()).toEqual(before);
  });
});

describe('putting the token', () => {
  const putToken = (renewing: Renewing, fate: (count: number) => Fate) => {
    let count = 0;
    renewing.secrets.gate.fateOf = ({ operation }) =>
      operation === 'PutSecretValue' ? fate(++count) : undefined;
  };

  test.for<[string, Fate]>([
    ['a connection that breaks', 'unreached'],
    ['ThrottlingException', { error: 'ThrottlingException' }],
    ['InternalServiceError', { error: 'InternalServiceError', status: 500 }],
  ])('once refused by %s is repeated, and the token asked for once', async ([, fate]) => {
    await using renewing = await startRenewed();
    putToken(renewing, (count) => (count === 1 ? fate : undefined));
    expect(await renewing.refresh()).toMatchObject({ outcome: 'renewed' });
    expect(renewing.authorizations).toBe(2);
  });

  test('whose answer is lost makes one version', async () => {
    await using renewing = await startRenewed();
    const before = await renewing.current();
    putToken(renewing, (count) => (count === 1 ? 'unanswered' : undefined));
    expect(await renewing.refresh()).toMatchObject({ outcome: 'renewed' });
    const { id } = await renewing.current();
    expect(renewing.secrets.count('PutSecretValue', tokenSecret)).toBe(3);
    expect(await renewing.secrets.labels(tokenSecret)).toEqual({
      [id]: ['AWSCURRENT'],
      [before.id]: ['AWSPREVIOUS'],
    });
  });

  test.for<[string, Fate]>([
    ['a connection that breaks', 'unreached'],
    ['ThrottlingException', { error: 'ThrottlingException' }],
    ['InternalServiceError', { error: 'InternalServiceError', status: 500 }],
  ])('again and again refused by %s is a failure of the message, and a repeat succeeds', async ([, fate]) => {
    await using renewing = await startRenewed();
    const before = await renewing.current();
    putToken(renewing, () => fate);
    await expect(renewing.refresh()).rejects.toThrow();
    expect(await renewing.current()).toEqual(before);
    putToken(renewing, () => undefined);
    expect(await renewing.asked()).toMatchObject({ outcome: 'renewed' });
  });

  test.for(['AccessDeniedException', 'LimitExceededException'])(
    'refused for good (%s) is told, not tried again by itself, and a repeat succeeds',
    async (error) => {
      await using renewing = await startRenewed();
      const before = await renewing.current();
      putToken(renewing, () => ({ error }));
      expect(await renewing.refresh()).toMatchObject({
        outcome: 'failed',
        asked: true,
        note: { failure: 'token-not-stored', reason: `the secret does not take the token: ${error}` },
      });
      expect(await renewing.current()).toEqual(before);
      putToken(renewing, () => undefined);
      expect(await renewing.refresh({ because: 'operator' })).toMatchObject({ outcome: 'renewed' });
    },
  );

  test('of which nobody hears has done its work: the repeat finds a token that works', async () => {
    await using renewing = await startRenewed();
    const before = await renewing.current();
    putToken(renewing, () => 'unanswered');
    await expect(renewing.refresh({ because: 'asked', version: before.id })).rejects.toThrow();
    putToken(renewing, () => undefined);
    expect((await renewing.current()).id).not.toBe(before.id);
    expect(await renewing.refresh({ because: 'asked', version: before.id })).toEqual({
      outcome: 'not-needed',
    });
    expect(renewing.authorizations).toBe(2);
  });
});

describe('secrets that cannot be', () => {
  test.for<[string, string]>([
    ['read', 'GetSecretValue'],
    ['written', 'PutSecretValue'],
  ])('%s at all: each message asks for one token at most', async ([, forbidden]) => {
    await using renewing = await startRenewed();
    renewing.secrets.gate.fateOf = ({ operation }) =>
      operation === forbidden ? { error: 'AccessDeniedException' } : undefined;
    const before = renewing.authorizations;
    const ended = await renewing.refresh().catch(({ name }: Error) => name);
    if (forbidden === 'GetSecretValue') expect(ended).toBe('AccessDeniedException');
    else expect(ended).toMatchObject({ outcome: 'failed', remembered: false });
    expect(renewing.authorizations - before).toBeLessThanOrEqual(1);
  });

  test('marked with the note of a failure: the failure says so, and the message is done with', async () => {
    await using renewing = await startRenewed();
    renewing.secrets.gate.fateOf = ({ operation }) =>
      operation === 'PutSecretValue' ? { error: 'AccessDeniedException' } : undefined;
    renewing.emulator.faults.add({ endpoint: 'authorize', fault: { kind: 'status', status: 503 } });
    expect(await renewing.refresh()).toMatchObject({ outcome: 'failed', remembered: false });
  });
});

test('a service that is not there at all', async () => {
  await using renewing = await startRenewed();
  await using dependencies = renewing.dependencies();
  await renewing.emulator.close();
  const request = { groupid: group, because: 'schedule', at: 'now' } as const;
  const authorization = new AuthorizationClient();
  expect(await refresh(request, { ...dependencies, authorization }, deadlineIn(30_000))).toMatchObject({
    outcome: 'failed',
    note: {
      failure: 'authorization-unavailable',
      reason: 'the Authorization API could not be reached',
    },
  });
  await authorization.close();
});
