import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cancelsignal, readsignal, signalvisitor } from '../../shared/api/endpoints.ts';
import { type Answer, RelayUnderTest } from '../support/relay.ts';

let relay: RelayUnderTest;
beforeAll(async () => {
  relay = await RelayUnderTest.open();
});
afterAll(() => relay[Symbol.asyncDispose]());
beforeEach(() => relay.emulator('DELETE', '/faults'));

interface Wishes {
  readonly ttl?: number;
  readonly key?: string;
}

function signal(visitorid: string, data: unknown, { ttl, key }: Wishes): Promise<Answer> {
  const headers = {
    'content-type': 'application/json',
    ...(ttl !== undefined && { TTL: String(ttl) }),
    ...(key !== undefined && { 'Idempotency-Key': key }),
  };
  const body = JSON.stringify({ mtype: 'signal', data });
  const target = `signalvisitor?${new URLSearchParams(relay.of(visitorid))}`;
  return relay.request(target, { method: 'POST', headers, body });
}

/**
 * Where the answer says that the signal is told of, as a target below the address of the relay. It knows what stands
 * before that at its own host, a stage mostly, and not what an emulator of AWS puts before it.
 */
function placeOf({ headers }: Answer): string {
  const location = headers.get('location') ?? '';
  expect(location).toMatch(/^(\/\w+)?\/signals\/[\w-]+$/);
  return location.slice(location.indexOf('/signals/') + 1);
}

async function receiptOf(answer: Answer) {
  return readsignal.answers[200].schema.parse((await relay.request(placeOf(answer))).json);
}

async function ended(answer: Answer, withinMs = 20_000) {
  await expect
    .poll(async () => (await receiptOf(answer)).status, { timeout: withinMs, interval: 200 })
    .toMatch(/^(sent|expired|cancelled|unknown|failed)$/);
  return await receiptOf(answer);
}

describe('a signal with a TTL', () => {
  test('reaches a visitor who is there at once, and its receipt says so', async () => {
    const id = randomUUID();
    await using visitor = await relay.visitor(id);
    const answer = await signal(id, 'hello', { ttl: 60 });
    expect(answer.status).toBe(202);
    expect(signalvisitor.answers[202].schema.parse(answer.json).status).toBe('accepted');
    expect(await visitor.next()).toEqual({ mtype: 'signal', data: 'hello' });
    expect(await ended(answer)).toMatchObject({ status: 'sent', sentAt: expect.any(String) });
  });

  test('can be asked about as soon as it is taken on', async () => {
    const answer = await signal(randomUUID(), 'hello', { ttl: 60 });
    const receipt = await receiptOf(answer);
    expect(['accepted', 'waiting']).toContain(receipt.status);
    expect(Date.parse(receipt.expiresAt) - Date.parse(receipt.acceptedAt)).toBe(60_000);
    await relay.request(placeOf(answer), { method: 'DELETE' });
  });

  test('waits for its visitor, and several of them arrive in order', async () => {
    const id = randomUUID();
    const answers: Answer[] = [];
    for (const number of [1, 2, 3]) answers.push(await signal(id, number, { ttl: 120 }));
    await expect
      .poll(async () => (await Promise.all(answers.map(receiptOf))).map(({ status }) => status), {
        timeout: 10_000,
      })
      .toEqual(['waiting', 'waiting', 'waiting']);
    await using visitor = await relay.visitor(id);
    const received = [await visitor.next(15_000), await visitor.next(), await visitor.next()];
    expect(received.map(({ data }) => data)).toEqual([1, 2, 3]);
    for (const answer of answers) expect((await ended(answer)).status).toBe('sent');
  }, 60_000);

  test('whose visitor does not come expires, and is not delivered afterwards', async () => {
    const id = randomUUID();
    const answer = await signal(id, 'too late', { ttl: 2 });
    expect(await ended(answer)).toMatchObject({ status: 'expired', reason: 'visitor-not-present' });
    await using visitor = await relay.visitor(id);
    await sleep(3_000);
    expect(visitor.received).toEqual([]);
  }, 60_000);

  test('reaches its visitor with every digit that it came with', async () => {
    const id = randomUUID();
    await using visitor = await relay.visitor(id);
    const body = `{"mtype":"signal","data":{"id":${'9'.repeat(24)}}}`;
    const headers = { 'content-type': 'application/json', TTL: '60' };
    const target = `signalvisitor?${new URLSearchParams(relay.of(id))}`;
    await relay.request(target, { method: 'POST', headers, body });
    await visitor.next();
    const deliveries = await fetch(`${relay.addresses.presence}/emulator/deliveries?visitorid=${id}`);
    expect(await deliveries.text()).toContain('9'.repeat(24));
  });
});

describe('a signal that is cancelled', () => {
  test('does not reach its visitor any more', async () => {
    const id = randomUUID();
    const answer = await signal(id, 'never mind', { ttl: 60 });
    const cancelled = await relay.request(placeOf(answer), { method: 'DELETE' });
    expect(cancelled.status).toBe(200);
    expect(cancelsignal.answers[200].schema.parse(cancelled.json).status).toBe('cancelled');
    await using visitor = await relay.visitor(id);
    await sleep(3_000);
    expect(visitor.received).toEqual([]);
    expect((await receiptOf(answer)).status).toBe('cancelled');
  });

  test('after it was sent is sent', async () => {
    const id = randomUUID();
    await using visitor = await relay.visitor(id);
    const answer = await signal(id, 'hello', { ttl: 60 });
    await visitor.next();
    await ended(answer);
    const late = await relay.request(placeOf(answer), { method: 'DELETE' });
    expect(late).toMatchObject({ status: 409, json: { code: 'conflict' } });
  });
});

describe('a signal with a key', () => {
  test('reaches its visitor once, however often it is repeated at the same moment', async () => {
    const id = randomUUID();
    await using visitor = await relay.visitor(id);
    await relay.fault('findvisitor', { kind: 'latency', ms: 300 }, 0);
    const key = randomUUID();
    const repeats = await Promise.all(Array.from({ length: 10 }, () => signal(id, 'hello', { key })));
    // Whoever comes while the first is under way is sent away; whoever comes later gets its answer.
    const statuses = repeats.map(({ status }) => status);
    expect(statuses).toContain(200);
    expect(statuses.filter((status) => status !== 200 && status !== 409)).toEqual([]);
    expect((await signal(id, 'hello', { key })).status).toBe(200);
    await visitor.close();
    expect(visitor.received).toEqual([{ mtype: 'signal', data: 'hello' }]);
  });

  test('whose answer was lost is told of again, and not sent again', async () => {
    const id = randomUUID();
    await using visitor = await relay.visitor(id);
    const key = randomUUID();
    await relay.fault('signalvisitor', { kind: 'reset', deliver: true });
    for (const _ of ['first', 'again']) {
      const answer = await signal(id, 'hello', { key });
      expect(answer).toMatchObject({ status: 504, json: { code: 'delivery-unknown' } });
    }
    await visitor.close();
    expect(visitor.received).toHaveLength(1);
  });

  test('that could not be sent is sent by a repeat', async () => {
    const id = randomUUID();
    await using visitor = await relay.visitor(id);
    const key = randomUUID();
    await relay.fault('signalvisitor', { kind: 'status', status: 503 });
    expect((await signal(id, 'hello', { key })).status).toBe(503);
    expect((await signal(id, 'hello', { key })).status).toBe(200);
    await visitor.close();
    expect(visitor.received).toHaveLength(1);
  });

  test('and a TTL is kept once and delivered once, however often it is repeated', async () => {
    const id = randomUUID();
    const key = randomUUID();
    const repeats = await Promise.all(Array.from({ length: 5 }, () => signal(id, 'hello', { key, ttl: 60 })));
    expect(new Set(repeats.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    await using visitor = await relay.visitor(id);
    expect(await visitor.next(15_000)).toEqual({ mtype: 'signal', data: 'hello' });
    const again = await signal(id, 'hello', { key, ttl: 60 });
    expect([again.status, again.text]).toEqual([202, repeats[0]?.text]);
    await sleep(1_000);
    expect(visitor.received).toHaveLength(1);
  }, 60_000);

  test('is a mistake with another message', async () => {
    const key = randomUUID();
    const id = randomUUID();
    await signal(id, 'hello', { key });
    expect(await signal(id, 'bye', { key })).toMatchObject({ status: 422, json: { code: 'key-reuse' } });
  });
});
