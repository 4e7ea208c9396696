import { afterEach, describe, expect, test, vi } from 'vitest';
import { serve } from '../../../shared/api/edge.ts';
import { lookupvisitor } from '../../../shared/api/endpoints.ts';
import type { HttpAnswer } from '../../../shared/api/problem.ts';
import { type CallOptions, gatewayEvent, lambdaContext } from '../../support/gateway-event.ts';
import { json, silence, status } from '../../support/presence-server.ts';
import { captureLog, startRelayEnvironment, token } from '../../support/relay-environment.ts';

const good = { query: { groupid: '12345', visitorid: 'ada' } };
const present = { '/lookupvisitor': json({ visitorid: 'ada', url: 'https://shop.example/' }) };

afterEach(() => vi.unstubAllEnvs());

/** The function `lookupvisitor`, as after a cold start. */
function coldFunction() {
  const handler = serve(lookupvisitor, async ({ query, presence, deadline }) => {
    const { body } = await presence.lookup(query.groupid, query.visitorid, deadline);
    return body;
  });
  return (options: CallOptions = good, remainingMs?: number) =>
    handler(gatewayEvent(options), lambdaContext(remainingMs));
}

function codeOf({ statusCode, body }: HttpAnswer): string {
  return `${statusCode} ${JSON.parse(body).code}`;
}

describe('a call', () => {
  test('gets what the service answers, as JSON that nobody keeps', async () => {
    await using _ = await startRelayEnvironment({ presence: present });
    expect(await coldFunction()()).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
      body: '{"visitorid":"ada","url":"https://shop.example/"}',
    });
  });

  test('finds client and token ready from the call before', async () => {
    await using environment = await startRelayEnvironment({ presence: present });
    const call = coldFunction();
    for (let i = 0; i < 5; i++) await call();
    expect(environment.secrets.reads).toEqual(['presence-relay/12345']);
    expect(environment.presence.arrived.map((request) => request.token)).toEqual(Array(5).fill(token));
  });

  test('with faults is refused before anything is asked', async () => {
    await using environment = await startRelayEnvironment();
    const answer = await coldFunction()({ query: { groupid: 'x' } });
    expect(codeOf(answer)).toBe('400 invalid-request');
    expect(JSON.parse(answer.body).requestId).toBe('request-1');
    expect([environment.presence.connections, environment.secrets.reads.length]).toEqual([0, 0]);
  });

  test('for another group is forbidden, and the group is not repeated', async () => {
    await using environment = await startRelayEnvironment();
    const answer = await coldFunction()({ query: { groupid: '98765', visitorid: 'ada' } });
    expect(codeOf(answer)).toBe('403 forbidden-group');
    expect(answer.body).not.toContain('98765');
    expect(environment.presence.connections).toBe(0);
  });

  test.for(['ada.lovelace', 'a~b', 'x'.repeat(51)])(
    'with the visitor id %s is good for a group with the lax rule, and a fault with the strict one',
    async (visitorid) => {
      const query = { groupid: '12345', visitorid };
      {
        await using _ = await startRelayEnvironment({ presence: present });
        expect((await coldFunction()({ query })).statusCode).toBe(200);
      }
      await using _ = await startRelayEnvironment({ presence: present, visitorids: 'strict' });
      const answer = await coldFunction()({ query });
      expect(JSON.parse(answer.body)).toMatchObject({
        code: 'invalid-request',
        errors: [{ parameter: 'visitorid', detail: expect.stringContaining('1 to 50') }],
      });
      expect(answer.body).not.toContain(visitorid);
    },
  );
});

describe('a call that fails', () => {
  test('tells when to come back', async () => {
    await using _ = await startRelayEnvironment({
      presence: { '/lookupvisitor': status(503, { 'retry-after': '60' }) },
    });
    using _log = captureLog();
    const answer = await coldFunction()();
    expect(codeOf(answer)).toBe('503 upstream-unavailable');
    expect(answer.headers['retry-after']).toBe('60');
  });

  test('answers before the platform would end it', async () => {
    await using _ = await startRelayEnvironment({ presence: { '/lookupvisitor': silence } });
    using _log = captureLog();
    const began = performance.now();
    expect(codeOf(await coldFunction()(good, 1_000))).toBe('504 upstream-timeout');
    expect(performance.now() - began).toBeLessThan(900);
  });

  test('has at most 28 seconds, as API Gateway waits no longer', async () => {
    await using _ = await startRelayEnvironment();
    const handler = serve(lookupvisitor, ({ deadline }) => Promise.resolve(String(deadline.remaining())));
    const { body } = await handler(gatewayEvent(good), lambdaContext(900_000));
    expect(Number(body)).toBeGreaterThan(27_000);
    expect(Number(body)).toBeLessThanOrEqual(28_000);
  });

  test('that came in long ago has no more time than its caller will wait', async () => {
    await using _ = await startRelayEnvironment();
    const handler = serve(lookupvisitor, ({ deadline }) => Promise.resolve(String(deadline.remaining())));
    const { body } = await handler(gatewayEvent({ ...good, ageMs: 20_000 }), lambdaContext(900_000));
    expect(Number(body)).toBeGreaterThan(7_000);
    expect(Number(body)).toBeLessThanOrEqual(8_000);
  });

  test('whose caller has given up is not sent any more', async () => {
    await using environment = await startRelayEnvironment();
    const answer = await coldFunction()({ ...good, ageMs: 30_000 });
    expect(codeOf(answer)).toBe('504 upstream-timeout');
    expect([environment.presence.connections, environment.secrets.reads.length]).toEqual([0, 0]);
  });

  test('for want of a token says in the log which secret is wrong, and not what it holds', async () => {
    await using _ = await startRelayEnvironment({ secret: 'hunter2' });
    using log = captureLog();
    const answer = await coldFunction()();
    expect(codeOf(answer)).toBe('502 upstream-authorization');
    expect(answer.body).not.toContain('presence-relay/12345');
    expect(JSON.parse(log.text)).toMatchObject({
      level: 'ERROR',
      function: 'lookupvisitor',
      requestId: 'request-1',
      reason: expect.stringContaining('secret presence-relay/12345 is malformed'),
    });
    expect(log.text).not.toContain('hunter2');
  });

  test('on a broken environment is internal, and only the log says what is wrong with it', async () => {
    vi.stubEnv('RELAY_GROUPS', '{"12345":{"presence":"http://hunter2.example","secret":"hunter2"}}');
    using log = captureLog();
    const answer = await coldFunction()();
    expect(answer.statusCode).toBe(500);
    expect(JSON.parse(answer.body)).toEqual({
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      code: 'internal',
      detail: 'The relay failed.',
      requestId: 'request-1',
    });
    expect(log.text).toContain('RELAY_GROUPS.12345.presence');
    expect(log.text).not.toContain('hunter2');
  });

  test('without any environment does not keep the next call from trying again', async () => {
    vi.stubEnv('RELAY_GROUPS', undefined);
    const call = coldFunction();
    {
      using _log = captureLog();
      expect(codeOf(await call())).toBe('500 internal');
    }
    await using _ = await startRelayEnvironment({ presence: present });
    expect((await call()).statusCode).toBe(200);
  });

  test.for(['404', '403', '400'])('by the caller’s own fault (%s) is no error in the log', async (kind) => {
    await using _ = await startRelayEnvironment();
    using log = captureLog();
    const query = { 404: good.query, 403: { groupid: '1', visitorid: 'ada' }, 400: {} }[kind] ?? {};
    await coldFunction()({ query });
    expect(JSON.parse(log.text)).toMatchObject({ level: 'INFO' });
  });
});

test('no log line of any failure holds a visitor id, a token or a body', async () => {
  const replies = [
    status(500),
    json({ err: 'HUNTER2', msg: 'HUNTER2' }),
    status(403),
    status(401),
    json('HUNTER2'),
  ];
  await using _ = await startRelayEnvironment({ presence: { '/lookupvisitor': replies } });
  using log = captureLog();
  const call = coldFunction();
  for (const _ of replies) await call({ query: { groupid: '12345', visitorid: 'visitor-of-mine' } });
  expect(log.text.trim().split('\n').length).toBe(replies.length);
  expect(log.text).not.toMatch(/HUNTER2|visitor-of-mine|eyJ/);
});
