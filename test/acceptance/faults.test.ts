import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { needs } from '../support/lacks.ts';
import { RelayUnderTest } from '../support/relay.ts';
import type { ConnectedVisitor } from '../support/visitor.ts';

let relay: RelayUnderTest;
beforeAll(async () => {
  relay = await RelayUnderTest.open();
});
afterAll(() => relay[Symbol.asyncDispose]());
beforeEach(() => relay.emulator('DELETE', '/faults'));

async function present(): Promise<{ id: string; visitor: ConnectedVisitor }> {
  const id = randomUUID();
  return { id, visitor: await relay.visitor(id) };
}

describe('a signal arrives all the same, and once, when', () => {
  test.each([
    [
      'the load balancer is overloaded for a moment',
      'findvisitor',
      { kind: 'status', status: 503, retryAfter: 1 },
    ],
    [
      'the load balancer limits its callers for a moment',
      'findvisitor',
      { kind: 'status', status: 429, retryAfter: 1 },
    ],
    ['a gateway in front of the load balancer fails once', 'findvisitor', { kind: 'status', status: 502 }],
    ['the connection to the load balancer breaks', 'findvisitor', { kind: 'reset' }],
    [
      'the answer of the load balancer is cut',
      'findvisitor',
      { kind: 'cut', afterBytes: 5, framing: 'length' },
    ],
    ['everything is slow', '*', { kind: 'latency', ms: 700 }],
    ['the visitor moves to another server after being found', 'findvisitor', { kind: 'moved' }],
  ])('%s', async (_, endpoint, fault) => {
    const { id, visitor } = await present();
    await relay.fault(endpoint, fault);
    expect((await relay.signal(id, 'hello')).status).toBe(200);
    expect(await visitor.next()).toEqual({ mtype: 'signal', data: 'hello' });
    await visitor.close();
    expect(visitor.received).toHaveLength(1);
  });

  test('the token is revoked between finding and signalling, and a new one lies in the secret', async () => {
    const { id, visitor } = await present();
    await relay.signal(id, 'with the old token');
    await visitor.next();
    const { token } = (await relay.emulator('POST', '/tokens', { groupid: relay.addresses.groupid })) as {
      token: string;
    };
    await relay.putToken(token);
    await relay.fault('findvisitor', { kind: 'revoke' });

    expect((await relay.signal(id, 'with the new one')).status).toBe(200);

    expect(await visitor.next()).toEqual({ mtype: 'signal', data: 'with the new one' });
    await visitor.close();
  });
});

describe('the sender learns that delivery is unknown, and nothing is sent twice, when', () => {
  test.each([
    ['the connection breaks after the message arrived', { kind: 'reset', deliver: true }, 1],
    ['the connection breaks before the message arrived', { kind: 'reset', deliver: false }, 0],
    ['the confirmation is cut', { kind: 'cut', afterBytes: 1, framing: 'chunked', deliver: true }, 1],
    ['a gateway fails in front of the direct server', { kind: 'status', status: 502 }, 0],
    ['the direct server never answers', { kind: 'hang', deliver: true }, 1],
  ])('%s', async (_, fault, arrived) => {
    const { id, visitor } = await present();
    await relay.fault('signalvisitor', fault);
    const answer = await relay.signal(id, 'hello');
    expect(answer).toMatchObject({ status: 504, json: { code: 'delivery-unknown' } });
    await visitor.close();
    expect(visitor.received).toHaveLength(arrived);
  });
});

describe('the failure is named when', () => {
  test.each([
    [
      'the visitor is gone from the server',
      'signalvisitor',
      { kind: 'status', status: 404 },
      404,
      'visitor-not-present',
    ],
    [
      'the server is elsewhere',
      'findvisitor',
      { kind: 'direct', host: 'evil.example' },
      502,
      'upstream-invalid',
    ],
    ['the answer is not JSON', 'findvisitor', { kind: 'malformed' }, 502, 'upstream-invalid'],
    [
      'the service stays overloaded',
      'findvisitor',
      { kind: 'status', status: 503 },
      503,
      'upstream-unavailable',
    ],
    [
      'the server refuses for now',
      'signalvisitor',
      { kind: 'status', status: 503 },
      503,
      'upstream-unavailable',
    ],
    [
      'the token has no rights',
      'findvisitor',
      { kind: 'status', status: 403 },
      502,
      'upstream-authorization',
    ],
  ])('%s', async (_, endpoint, fault, status, code) => {
    const { id, visitor } = await present();
    await relay.fault(endpoint, fault, 0);
    const answer = await relay.signal(id, 'hello');
    expect(answer).toMatchObject({ status, json: { code } });
    expect(answer.headers.has('retry-after')).toBe(status === 503);
    await visitor.close();
    expect(visitor.received).toEqual([]);
  });

  test('the server that holds the visitor has died', async () => {
    const { id, visitor } = await present();
    const { servers } = (await relay.emulator('GET', '')) as { servers: { name: string; url: string }[] };
    const name = servers.find(({ url }) => url === visitor.server)?.name;
    await relay.emulator('PUT', `/servers/${name}`, { state: 'down' });
    const answer = await relay.signal(id, 'hello');
    await relay.emulator('PUT', `/servers/${name}`, { state: 'up' });
    expect([404, 503]).toContain(answer.status);
    expect(['visitor-not-present', 'upstream-unavailable']).toContain((answer.json as { code: string }).code);
  });
});

describe('the list of all visitors', () => {
  const group = () => ({ groupid: String(relay.addresses.groupid) });

  test('comes whole at any length', async () => {
    await relay.emulator('POST', '/visitors', { count: 50_000, ...{ groupid: relay.addresses.groupid } });
    const answer = await relay.call('query', group());
    await relay.emulator('DELETE', '/visitors');
    const { visitors } = answer.json as { visitors: unknown[] };
    expect(visitors.length).toBeGreaterThanOrEqual(50_000);
  });

  test.for(['length', 'chunked'])(
    'breaks off visibly when the service breaks off (%s)',
    async (framing, { skip }) => {
      needs('streams', { skip });
      await relay.emulator('POST', '/visitors', { count: 20_000, groupid: relay.addresses.groupid });
      await relay.fault('query', { kind: 'cut', afterBytes: 1_000_000, framing });
      await expect(relay.call('query', group())).rejects.toThrow();
      await relay.emulator('DELETE', '/visitors');
    },
  );
});
