import { describe, expect, test } from 'vitest';
import { type PresenceEmulator, startPresenceEmulator } from '../../../infra/local/presence/emulator.ts';
import { serverRules } from '../../../shared/presence/address.ts';
import { PresenceClient } from '../../../shared/presence/client.ts';
import { visitorId } from '../../../shared/presence/ids.ts';
import { type Renewal, SecretTokens } from '../../../shared/presence/secret-tokens.ts';
import { deadlineIn } from '../../../shared/runtime/deadline.ts';
import { type GatedSecrets, startGatedSecrets } from '../../support/gated-secrets.ts';
import { failureOf, freshToken, group, staleToken, startPair, visitor } from '../../support/presence-pair.ts';
import { json, silence, status } from '../../support/presence-server.ts';

const somebody = visitorId.parse('crowd-0');
const hello = { mtype: 'signal', data: { greeting: 'hello' } } as const;
const soon = () => deadlineIn(10_000);

/** The emulator with one visitor, a client with its tokens from a secret, and what is asked for a new one. */
async function startRelayed(renew?: (surroundings: { put(): string; count: number }) => unknown) {
  const emulator = await startPresenceEmulator();
  emulator.crowd(1);
  const secrets = await startGatedSecrets();
  const put = () => putToken(secrets, emulator);
  const first = put();
  let asked = 0;
  const renewal: Renewal = {
    async ask() {
      await renew?.({ put, count: ++asked });
      return renew === undefined ? 'nobody' : 'asked';
    },
  };
  const tokens = new SecretTokens({ secretOf: () => 'token', client: secrets.client(), renewal });
  const groups = new Map([[group, serverRules({ presence: emulator.url, directServers: ['127.0.0.1'] })]]);
  const client = new PresenceClient({ groups, tokens });
  return {
    emulator,
    client,
    first,
    put,
    asked: () => asked,
    lookup: () => client.lookup(group, somebody, soon()),
    signal: () => client.signal(group, somebody, hello, soon()),
    counts: () => emulator.requests.counts(),
    delivered: () => emulator.deliveries.count(12345, 'crowd-0'),
    async [Symbol.asyncDispose]() {
      await client.close();
      await secrets[Symbol.asyncDispose]();
      await emulator.close();
    },
  };
}

function putToken(secrets: GatedSecrets, emulator: PresenceEmulator): string {
  const { token } = emulator.issueToken({ groupid: 12345 });
  secrets.put('token', token);
  return token;
}

describe('a look-up whose token is refused', () => {
  test('takes the one that the secret holds by now', async () => {
    await using relayed = await startRelayed(() => undefined);
    await relayed.lookup();
    relayed.emulator.revoke(relayed.first);
    relayed.put();
    expect((await relayed.lookup()).presence).toBe('present');
    expect(relayed.counts()).toEqual({ lookupvisitor: { 200: 2, 401: 1 } });
    expect(relayed.asked()).toBe(0);
  });

  test('takes a renewed one', async () => {
    await using relayed = await startRelayed(({ put }) => put());
    await relayed.lookup();
    relayed.emulator.revoke();
    expect((await relayed.lookup()).presence).toBe('present');
    expect(relayed.counts()).toEqual({ lookupvisitor: { 200: 2, 401: 1 } });
    expect(relayed.asked()).toBe(1);
  });

  test('takes a renewed one when the one in the secret is refused too', async () => {
    await using relayed = await startRelayed(({ put }) => put());
    await relayed.lookup();
    relayed.put();
    relayed.emulator.revoke();
    expect((await relayed.lookup()).presence).toBe('present');
    expect(relayed.counts()).toEqual({ lookupvisitor: { 200: 2, 401: 2 } });
    expect(relayed.asked()).toBe(1);
  });

  test('is sent three times at most, however many tokens there are', async () => {
    await using relayed: Awaited<ReturnType<typeof startRelayed>> = await startRelayed(({ put }) => {
      put();
      relayed.emulator.revoke();
    });
    relayed.emulator.revoke();
    expect((await failureOf(relayed.lookup())).code).toBe('authorization');
    expect(relayed.counts()).toEqual({ lookupvisitor: { 401: 3 } });
  });

  test('is sent once where there is no other token', async () => {
    await using relayed = await startRelayed();
    relayed.emulator.revoke();
    const failure = await failureOf(relayed.lookup());
    expect([failure.code, failure.message]).toEqual([
      'authorization',
      'the Presence service refused the token (401)',
    ]);
    expect(relayed.counts()).toEqual({ lookupvisitor: { 401: 1 } });
  });

  test('and a hundred others at once get on with one new token', async () => {
    await using relayed = await startRelayed(({ put, count }) => count === 1 && put());
    await relayed.lookup();
    relayed.emulator.revoke();
    const answers = await Promise.all(Array.from({ length: 100 }, relayed.lookup));
    expect(new Set(answers.map(({ presence }) => presence))).toEqual(new Set(['present']));
    expect(relayed.counts().lookupvisitor?.[200]).toBe(101);
    expect(relayed.counts().lookupvisitor?.[401]).toBeLessThanOrEqual(100);
  });
});

/** As Glance says it within a 200. */
const refusal = { err: 'authorization', msg: 'Token has expired' };

describe('a token that is refused within a 200', () => {
  test('is replaced at a look-up', async () => {
    await using relayed = await startRelayed(({ put }) => put());
    relayed.emulator.faults.add({ endpoint: 'lookupvisitor', fault: { kind: 'body', body: refusal } });
    expect((await relayed.lookup()).presence).toBe('present');
    expect([relayed.counts(), relayed.asked()]).toEqual([{ lookupvisitor: { 200: 2 } }, 1]);
  });

  test('is replaced by what the secret holds by now, and nothing is asked for', async () => {
    await using relayed = await startRelayed(() => undefined);
    await relayed.lookup();
    relayed.put();
    relayed.emulator.faults.add({ endpoint: 'lookupvisitor', fault: { kind: 'body', body: refusal } });
    expect((await relayed.lookup()).presence).toBe('present');
    expect(relayed.asked()).toBe(0);
  });

  test('is replaced at the find of a signal, which arrives once', async () => {
    await using relayed = await startRelayed(({ put }) => put());
    relayed.emulator.faults.add({ endpoint: 'findvisitor', fault: { kind: 'body', body: refusal } });
    expect(await relayed.signal()).toBe('sent');
    expect(relayed.counts()).toEqual({ findvisitor: { 200: 2 }, signalvisitor: { 200: 1 } });
    expect([relayed.delivered(), relayed.asked()]).toEqual([1, 1]);
  });

  test('is replaced at a find', async () => {
    await using relayed = await startRelayed(({ put }) => put());
    relayed.emulator.faults.add({ endpoint: 'findvisitor', fault: { kind: 'body', body: refusal } });
    expect((await relayed.client.find(group, somebody, soon())).presence).toBe('present');
    expect(relayed.asked()).toBe(1);
  });

  test('is replaced at a signal, which arrives once', async () => {
    await using relayed = await startRelayed(({ put }) => put());
    relayed.emulator.faults.add({ endpoint: 'signalvisitor', fault: { kind: 'body', body: refusal } });
    expect(await relayed.signal()).toBe('sent');
    expect(relayed.counts()).toEqual({ findvisitor: { 200: 1 }, signalvisitor: { 200: 2 } });
    expect([relayed.delivered(), relayed.asked()]).toEqual([1, 1]);
  });

  test('is sent three times at most, however many tokens there are', async () => {
    await using relayed = await startRelayed(({ put }) => put());
    const fault = { kind: 'body', body: refusal } as const;
    relayed.emulator.faults.add({ endpoint: '*', fault, times: 0 });
    for (const call of [relayed.lookup, relayed.signal])
      expect((await failureOf(call())).code).toBe('authorization');
    expect(relayed.counts()).toEqual({ lookupvisitor: { 200: 3 }, findvisitor: { 200: 3 } });
  });

  test('fails where there is no other', async () => {
    await using relayed = await startRelayed();
    relayed.emulator.faults.add({ endpoint: '*', fault: { kind: 'body', body: refusal }, times: 0 });
    const { code, message } = await failureOf(relayed.lookup());
    expect([code, message]).toEqual(['authorization', 'the Presence service refused the token']);
    expect(relayed.counts()).toEqual({ lookupvisitor: { 200: 1 } });
  });
});

/** Whatever a visitor has put, it costs no token. */
describe('what only looks like a refusal', () => {
  const beside = [
    { visitorpresent: true },
    { visitorfound: true },
    { timestamp: 1_773_345_600 },
    { name: 'Ada' },
    { '': 0 },
    { visitorid: null },
    { groupid: 12345 },
  ];
  const others = [
    { err: 'authorization' },
    { msg: 'authorization' },
    { err: 'forbidden', msg: 'authorization' },
    { err: ['authorization'], msg: '' },
    { err: { err: 'authorization', msg: '' }, msg: 'authorization' },
    { data: refusal },
    [refusal],
    'authorization',
  ];
  const answers = [...beside.map((key) => ({ ...refusal, ...key })), ...others];

  test.for(answers)('asks for no token, and is sent once: %j', async (body) => {
    for (const endpoint of ['lookupvisitor', 'findvisitor', 'signalvisitor'] as const) {
      await using relayed = await startRelayed(({ put }) => put());
      relayed.emulator.faults.add({ endpoint, fault: { kind: 'body', body }, times: 0 });
      const call = endpoint === 'lookupvisitor' ? relayed.lookup : relayed.signal;
      await call().catch(() => undefined);
      expect([endpoint, relayed.counts()[endpoint], relayed.asked()]).toEqual([endpoint, { 200: 1 }, 0]);
    }
  });

  test('is the data of a visitor who is there', async () => {
    await using relayed = await startRelayed(({ put }) => put());
    const body = { ...refusal, visitorpresent: true, timestamp: 1_773_345_600 };
    relayed.emulator.faults.add({ endpoint: 'lookupvisitor', fault: { kind: 'body', body }, times: 0 });
    const answer = await relayed.lookup();
    expect([answer.presence, JSON.parse(answer.body)]).toEqual(['present', body]);
  });

  test.for([403, 404, 500])('comes with a status of its own: %d', async (code) => {
    await using relayed = await startRelayed(({ put }) => put());
    const fault = { kind: 'body', status: code, body: refusal } as const;
    relayed.emulator.faults.add({ endpoint: 'lookupvisitor', fault, times: 0 });
    await relayed.lookup().catch(() => undefined);
    expect([relayed.counts(), relayed.asked()]).toEqual([{ lookupvisitor: { [code]: 1 } }, 0]);
  });
});

test('a query whose token is refused takes a renewed one', async () => {
  await using relayed = await startRelayed(({ put }) => put());
  await relayed.lookup();
  relayed.emulator.revoke();
  const answer = await relayed.client.query(group, undefined, soon());
  expect((await answer.toArray()).join('')).toContain('crowd-0');
  expect(relayed.counts().query).toEqual({ 200: 1, 401: 1 });
});

describe('a signal', () => {
  test('whose token is refused at the find arrives once', async () => {
    await using relayed = await startRelayed(({ put }) => put());
    relayed.emulator.revoke();
    expect(await relayed.signal()).toBe('sent');
    expect([relayed.delivered(), relayed.asked()]).toEqual([1, 1]);
  });

  test('whose token is refused by the direct server alone arrives once', async () => {
    await using relayed = await startRelayed(({ put }) => put());
    relayed.emulator.faults.add({ endpoint: 'findvisitor', fault: { kind: 'revoke', when: 'after' } });
    expect(await relayed.signal()).toBe('sent');
    expect(relayed.counts()).toEqual({ findvisitor: { 200: 1 }, signalvisitor: { 200: 1, 401: 1 } });
    expect([relayed.delivered(), relayed.asked()]).toEqual([1, 1]);
  });

  test('that took three tokens arrives once', async () => {
    await using relayed = await startRelayed(({ put }) => put());
    const revoke = {
      endpoint: 'signalvisitor',
      fault: { kind: 'revoke', when: 'before' },
      times: 2,
    } as const;
    relayed.emulator.faults.add(revoke);
    expect(await relayed.signal()).toBe('sent');
    expect(relayed.counts().signalvisitor).toEqual({ 200: 1, 401: 2 });
    expect(relayed.delivered()).toBe(1);
  });

  test('that was refused three tokens has not arrived', async () => {
    await using relayed = await startRelayed(({ put }) => put());
    const revoke = {
      endpoint: 'signalvisitor',
      fault: { kind: 'revoke', when: 'before' },
      times: 0,
    } as const;
    relayed.emulator.faults.add(revoke);
    expect((await failureOf(relayed.signal())).code).toBe('authorization');
    expect(relayed.counts().signalvisitor).toEqual({ 401: 3 });
    expect(relayed.delivered()).toBe(0);
  });

  test('that got its token too late for an answer is not sent any more, and its fate is certain', async () => {
    const tokens = {
      get: () => Promise.resolve(staleToken),
      // As it may come while one waits: just before the deadline.
      instead: () => new Promise<string>((resolve) => setTimeout(resolve, 700, freshToken)),
    };
    await using pair = await startPair({ direct: { '/signalvisitor': [status(401), silence] }, tokens });
    const failure = await failureOf(pair.client.signal(group, visitor, hello, deadlineIn(1_000)));
    expect(failure.code).toBe('timeout');
    expect(pair.direct.arrived).toHaveLength(1);
  });

  test('whose first token came too late for an answer is not sent at all', async () => {
    let gets = 0;
    const tokens = {
      get: () => new Promise<string>((resolve) => setTimeout(resolve, gets++ === 0 ? 0 : 700, freshToken)),
      instead: () => Promise.resolve(undefined),
    };
    await using pair = await startPair({ direct: { '/signalvisitor': json({}) }, tokens });
    const failure = await failureOf(pair.client.signal(group, visitor, hello, deadlineIn(1_000)));
    expect(failure.code).toBe('timeout');
    expect(pair.direct.arrived).toHaveLength(0);
  });
});
