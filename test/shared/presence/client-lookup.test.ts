import { describe, expect, test } from 'vitest';
import { PresenceClient } from '../../../shared/presence/client.ts';
import type { VisitorId } from '../../../shared/presence/ids.ts';
import { SecretTokens } from '../../../shared/presence/secret-tokens.ts';
import { deadlineIn } from '../../../shared/runtime/deadline.ts';
import { failureOf, freshToken, group, staleToken, startPair, visitor } from '../../support/presence-pair.ts';
import {
  closedPort,
  cutBody,
  cutChunks,
  json,
  later,
  loopback,
  notFound,
  type Reply,
  reset,
  silence,
  status,
  text,
} from '../../support/presence-server.ts';
import { startSecrets } from '../../support/secrets-server.ts';
import { tokensInTurn } from '../../support/tokens.ts';

const soon = () => deadlineIn(5_000);
const present = json({ visitorid: 'ada', url: 'https://shop.example/' });

describe('a look-up', () => {
  test('asks the load balancer with the token of the group', async () => {
    await using pair = await startPair({ balancer: { '/lookupvisitor': present } });
    const answer = await pair.client.lookup(group, visitor, soon());
    expect(answer).toEqual({
      presence: 'present',
      body: '{"visitorid":"ada","url":"https://shop.example/"}',
    });
    expect(pair.balancer.arrived).toMatchObject([
      { method: 'GET', url: '/lookupvisitor?groupid=12345&visitorid=ada', token: freshToken },
    ]);
    expect(pair.direct.connections).toBe(0);
  });

  test('percent-encodes the visitor id, whatever it is', async () => {
    await using pair = await startPair({ balancer: { '/lookupvisitor': present } });
    await pair.client.lookup(group, 'a&groupid=1#/é ?' as VisitorId, soon()); // past the check of ids
    expect(pair.balancer.arrived[0]?.url).toBe(
      '/lookupvisitor?groupid=12345&visitorid=a%26groupid%3D1%23%2F%C3%A9%20%3F',
    );
  });

  test('knows three answers', async () => {
    const routing = json({ direct: 'pr0016.glance.net:443', ds: 'pr0016.glance.net/0' });
    await using pair = await startPair({ balancer: { '/lookupvisitor': [present, json({}), routing] } });
    const answers: string[] = [];
    for (let i = 0; i < 3; i++) answers.push((await pair.client.lookup(group, visitor, soon())).presence);
    expect(answers).toEqual(['present', 'absent', 'unknown']);
  });

  test('takes status 404 for an absent visitor', async () => {
    await using pair = await startPair({ balancer: { '/lookupvisitor': status(404) } });
    expect(await pair.client.lookup(group, visitor, soon())).toEqual({ presence: 'absent', body: '{}' });
  });

  test('reads JSON whatever its content type', async () => {
    const html = text('{"url":"x"}', { headers: { 'content-type': 'text/html' } });
    await using pair = await startPair({ balancer: { '/lookupvisitor': html } });
    expect((await pair.client.lookup(group, visitor, soon())).presence).toBe('present');
  });

  test('for a group that is not configured fails without a request', async () => {
    await using pair = await startPair();
    await expect(pair.client.lookup('72' as typeof group, visitor, soon())).rejects.toThrow('72');
    expect(pair.balancer.connections).toBe(0);
  });
});

test('a find hands on what the service says, without any further hop', async () => {
  await using pair = await startPair();
  expect(await pair.client.find(group, visitor, soon())).toMatchObject({
    presence: 'present',
    server: { hostname: '127.0.0.1', port: pair.direct.port },
  });
  expect(pair.balancer.arrived[0]?.url).toBe('/findvisitor?groupid=12345&visitorid=ada');
  expect(pair.direct.connections).toBe(0);
});

test('a find tells of an absent visitor', async () => {
  await using pair = await startPair({ balancer: { '/findvisitor': notFound } });
  expect((await pair.client.find(group, visitor, soon())).presence).toBe('absent');
});

describe('a look-up that meets trouble', () => {
  test.for<[string, Reply]>([
    ['429', status(429)],
    ['502', status(502)],
    ['503', status(503)],
    ['504', status(504)],
    ['a reset', reset],
    ['a cut body', cutBody],
    ['a cut chunked body', cutChunks],
  ])('is tried again after %s', async ([, trouble]) => {
    await using pair = await startPair({ balancer: { '/lookupvisitor': [trouble, trouble, present] } });
    expect((await pair.client.lookup(group, visitor, soon())).presence).toBe('present');
    expect(pair.balancer.arrived).toHaveLength(3);
    expect(pair.pauses).toEqual([100, 200]); // half of 200 and 400 ms: full jitter, and this jitter is 0.5
  });

  test('gives up after four tries, and says how long the service wants to be left alone', async () => {
    const busy = status(503, { 'retry-after': '1' });
    await using pair = await startPair({ balancer: { '/lookupvisitor': busy } });
    expect(await failureOf(pair.client.lookup(group, visitor, soon()))).toMatchObject({
      code: 'unavailable',
      retryAfterSeconds: 1,
    });
    expect(pair.balancer.arrived).toHaveLength(4);
  });

  test('waits at least as long as the service asks for', async () => {
    const busy = status(429, { 'retry-after': '2' });
    await using pair = await startPair({ balancer: { '/lookupvisitor': [busy, present] } });
    await pair.client.lookup(group, visitor, soon());
    expect(pair.pauses).toHaveLength(1);
    expect(pair.pauses[0]).toBeGreaterThanOrEqual(2_000);
  });

  test('does not hammer a service that asks for no pause at all', async () => {
    const busy = status(503, { 'retry-after': '0' });
    await using pair = await startPair({ balancer: { '/lookupvisitor': [busy, present] } });
    await pair.client.lookup(group, visitor, soon());
    expect(pair.pauses).toEqual([100]);
  });

  test('never waits past its deadline', async () => {
    const busy = status(503, { 'retry-after': '6' });
    await using pair = await startPair({ balancer: { '/lookupvisitor': [busy, present] } });
    const failure = await failureOf(pair.client.lookup(group, visitor, soon()));
    expect(failure).toMatchObject({ code: 'unavailable', retryAfterSeconds: 6 });
    expect(pair.pauses).toEqual([]);
    expect(pair.balancer.arrived).toHaveLength(1);
  });

  test.for([400, 500, 204, 302])('of another kind, such as status %d, is not tried again', async (code) => {
    await using pair = await startPair({ balancer: { '/lookupvisitor': status(code) } });
    expect((await failureOf(pair.client.lookup(group, visitor, soon()))).code).toBe('invalid-answer');
    expect(pair.balancer.arrived).toHaveLength(1);
  });

  test('does not follow a redirect with the token', async () => {
    await using pair = await startPair({
      balancer: (port) => ({
        '/lookupvisitor': status(307, { location: `http://127.0.0.1:${port}/lookupvisitor` }),
      }),
    });
    await failureOf(pair.client.lookup(group, visitor, soon()));
    expect(pair.direct.connections).toBe(0);
  });

  test('an answer that is too long is not understood, and is not asked for again', async () => {
    await using pair = await startPair({
      balancer: { '/lookupvisitor': text('x'.repeat(2_000)) },
      limits: { maxBytes: 1_000 },
    });
    expect((await failureOf(pair.client.lookup(group, visitor, soon()))).code).toBe('invalid-answer');
    expect(pair.balancer.arrived).toHaveLength(1);
  });

  test('silence ends at the deadline', async () => {
    await using pair = await startPair({ balancer: { '/lookupvisitor': silence } });
    const began = performance.now();
    const failure = await failureOf(pair.client.lookup(group, visitor, deadlineIn(300)));
    expect(failure.code).toBe('timeout');
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  test('one silent try still leaves time for another', async () => {
    await using pair = await startPair({
      balancer: { '/lookupvisitor': [silence, present] },
      limits: { headersMs: 100 },
    });
    expect((await pair.client.lookup(group, visitor, soon())).presence).toBe('present');
  });

  test('a load balancer that is not there', async () => {
    const presence = loopback(await closedPort());
    const client = new PresenceClient({
      groups: new Map([[group, { presence, directServers: [] }]]),
      tokens: tokensInTurn(freshToken),
      random: () => 0,
    });
    expect((await failureOf(client.lookup(group, visitor, soon()))).code).toBe('unavailable');
    await client.close();
  });

  test('no message of a failure holds the visitor id, the token or the answer', async () => {
    await using pair = await startPair({
      balancer: {
        '/lookupvisitor': [
          text('<b>SECRET'),
          json({ err: 'SECRET', msg: 'SECRET' }),
          text('SECRET', { status: 418 }),
          text('{"SECRET":'),
        ],
      },
    });
    for (let i = 0; i < 4; i++) {
      const { message } = await failureOf(pair.client.lookup(group, visitor, soon()));
      expect(message).not.toMatch(/SECRET|ada|eyJ/);
    }
  });
});

describe('a token', () => {
  const unauthorized = status(401);

  test('that is refused is read anew, and the call made once more', async () => {
    const tokens = tokensInTurn(staleToken, freshToken);
    await using pair = await startPair({ balancer: { '/lookupvisitor': [unauthorized, present] }, tokens });
    expect((await pair.client.lookup(group, visitor, soon())).presence).toBe('present');
    expect(tokens.refusals).toEqual([staleToken]);
    expect(pair.balancer.arrived.map(({ token }) => token)).toEqual([staleToken, freshToken]);
  });

  test('that is refused even when fresh ends the call', async () => {
    const tokens = tokensInTurn(staleToken, freshToken);
    await using pair = await startPair({ balancer: { '/lookupvisitor': unauthorized }, tokens });
    expect((await failureOf(pair.client.lookup(group, visitor, soon()))).code).toBe('authorization');
    expect(pair.balancer.arrived).toHaveLength(2);
  });

  test('that is still the same after reading it anew is not tried twice', async () => {
    await using pair = await startPair({ balancer: { '/lookupvisitor': unauthorized } });
    expect((await failureOf(pair.client.lookup(group, visitor, soon()))).code).toBe('authorization');
    expect(pair.balancer.arrived).toHaveLength(1);
  });

  test('without the privilege (403) is not tried again', async () => {
    const tokens = tokensInTurn(staleToken, freshToken);
    await using pair = await startPair({ balancer: { '/lookupvisitor': status(403) }, tokens });
    expect((await failureOf(pair.client.lookup(group, visitor, soon()))).code).toBe('authorization');
    expect(pair.balancer.arrived).toHaveLength(1);
    expect(tokens.refusals).toEqual([]);
  });

  test('that never comes does not hold a call beyond its deadline', async () => {
    await using secrets = await startSecrets({ token: 'silent' });
    const tokens = new SecretTokens({ secretOf: () => 'token', client: secrets.client() });
    await using pair = await startPair({ tokens });
    const began = performance.now();
    const racing = Promise.race([
      failureOf(pair.client.lookup(group, visitor, deadlineIn(200))),
      new Promise((resolve) => setTimeout(resolve, 2_000, 'still waiting after 2 s')),
    ]);
    expect(await racing).toMatchObject({ code: 'timeout' });
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

test('two hundred look-ups at once need no more than sixteen connections', async () => {
  await using pair = await startPair({ balancer: { '/lookupvisitor': later(5, present) } });
  await Promise.all(
    Array.from({ length: 200 }, () => pair.client.lookup(group, visitor, deadlineIn(15_000))),
  );
  expect(pair.balancer.arrived).toHaveLength(200);
  expect(pair.balancer.connections).toBeLessThanOrEqual(16);
});
