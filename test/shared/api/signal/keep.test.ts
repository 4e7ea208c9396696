import { afterEach, describe, expect, test, vi } from 'vitest';
import { signalvisitor } from '../../../../shared/api/endpoints.ts';
import type { SignalId } from '../../../../shared/signals/signal.ts';
import { assumedRole } from '../../../support/gateway-event.ts';
import { type KeptRelay, startKept } from '../../../support/kept.ts';

let relay: KeptRelay;
afterEach(() => relay[Symbol.asyncDispose]());

const recordOf = ({ told }: { told: Readonly<Record<string, unknown>> }) =>
  relay.records.read(told.id as SignalId);

describe('a signal with a TTL', () => {
  test('is taken on: with an id, an address to ask at, and nothing asked of the Presence service', async () => {
    relay = await startKept();
    const answer = await relay.signal({ ttl: '60' });
    expect(answer.statusCode).toBe(202);
    expect(signalvisitor.answers[202].schema.parse(answer.told)).toEqual({
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      status: 'accepted',
    });
    expect(answer.headers).toMatchObject({
      location: `/signals/${answer.told.id}`,
      'content-type': 'application/json; charset=utf-8',
    });
    expect([relay.presence.connections, relay.secrets.reads]).toEqual([0, []]);
  });

  test('is told of at an address that leads there from a stage, or from below a path, as well', async () => {
    relay = await startKept();
    const { headers, told } = await relay.signal({ ttl: '60', path: '/prod/signalvisitor' });
    expect(headers.location).toBe(`/prod/signals/${told.id}`);
  });

  test('waits in the queue with all that its delivery needs, and its record says so', async () => {
    relay = await startKept();
    const before = Date.now();
    const answer = await relay.signal({ ttl: '60', data: { text: 'hello' } });
    const [message, ...others] = await relay.queued();
    const signal = {
      id: answer.told.id,
      groupid: '12345',
      visitorid: 'ada',
      message: { mtype: 'signal', data: { text: 'hello' } },
      source: 'caller:111122223333:agent-desk',
      acceptedAt: expect.any(Number),
      expiresAt: expect.any(Number),
      waits: true,
    };
    expect([message, others]).toEqual([{ signals: [signal] }, []]);
    const record = await recordOf(answer);
    expect(record).toMatchObject({ id: answer.told.id, status: 'accepted', visitorid: 'ada', attempts: 0 });
    expect(record?.acceptedAt).toBeGreaterThanOrEqual(before);
    expect((record?.expiresAt ?? 0) - (record?.acceptedAt ?? 0)).toBe(60_000);
  });

  test('is in the queue before it is in the table', async () => {
    relay = await startKept();
    let recorded = -1;
    relay.queue.fateOf = () => {
      recorded = relay.table.calls.length;
      return undefined;
    };
    await relay.signal({ ttl: '60' });
    expect([recorded, relay.table.calls.length]).toEqual([0, 1]);
  });

  test('each is another one without a key, however alike', async () => {
    relay = await startKept();
    const [one, other] = [await relay.signal({ ttl: '60' }), await relay.signal({ ttl: '60' })];
    expect(one.told.id).not.toBe(other.told.id);
    expect(await relay.queued()).toHaveLength(2);
  });

  test('of a caller who may not invoke that function is refused, and kept nowhere', async () => {
    relay = await startKept();
    const body = '{"mtype":"invoke","data":{"func":"GLANCE.Guest.joinSession"}}';
    const { statusCode, told } = await relay.signal({ ttl: '60', body });
    expect([statusCode, told.code]).toEqual([403, 'forbidden-function']);
    expect([await relay.queued(), relay.table.calls]).toEqual([[], []]);
  });

  test('of a caller who has given up long ago is kept nowhere', async () => {
    relay = await startKept();
    const { told } = await relay.signal({ ttl: '60', ageMs: 30_000 });
    expect(told.code).toBe('upstream-timeout');
    expect([await relay.queued(), relay.table.calls]).toEqual([[], []]);
  });
});

describe('when a signal cannot be kept', () => {
  test('since the queue refuses it, nothing has happened, and its caller is told when to come back', async () => {
    relay = await startKept();
    relay.queue.fateOf = () => ({ error: 'ServiceUnavailable', status: 503 });
    const { statusCode, headers, told } = await relay.signal({ ttl: '60' });
    expect([statusCode, told.code, headers['retry-after']]).toEqual([503, 'upstream-unavailable', '5']);
    expect(relay.table.calls).toEqual([]);
  });

  test.each([
    ['a caller without a key is told so, who would send another one', {}, 504, 'delivery-unknown'],
    ['a caller with a key may simply try again', { key: 'key-1' }, 503, 'upstream-unavailable'],
  ] as const)('since nobody knows whether the queue has it, %s', async (_, more, status, code) => {
    relay = await startKept();
    relay.queue.fateOf = () => 'unanswered';
    const { statusCode, told } = await relay.signal({ ttl: '60', ...more });
    expect([statusCode, told.code]).toEqual([status, code]);
  });

  test('since the table is not to be had, it is accepted all the same: it will be delivered', async () => {
    relay = await startKept();
    relay.table.fateOf = () => ({ error: 'InternalServerError', status: 500 });
    const answer = await relay.signal({ ttl: '60' });
    expect([answer.statusCode, answer.told.status]).toEqual([202, 'accepted']);
    expect(await relay.queued()).toMatchObject([{ signals: [{ id: answer.told.id }] }]);
    expect(relay.lines('signal without a record')).toMatchObject([
      { level: 'ERROR', signal: answer.told.id },
    ]);
  });

  test('with a key, since the table cannot tell whether it was before, nothing has happened', async () => {
    relay = await startKept();
    relay.table.fateOf = () => ({ error: 'AccessDeniedException' });
    const { statusCode, told } = await relay.signal({ ttl: '60', key: 'k' });
    expect([statusCode, told.code]).toEqual([503, 'upstream-unavailable']);
    expect(await relay.queued()).toEqual([]);
    expect(relay.lines('upstream-unavailable')).toMatchObject([
      { reason: expect.stringContaining('AccessDeniedException') },
    ]);
  });

  test('with a key, since there is nothing to make ids with, nothing has happened', async () => {
    relay = await startKept();
    relay.secrets.secrets.delete('ids');
    const { statusCode, told } = await relay.signal({ ttl: '60', key: 'k' });
    expect([statusCode, told.code]).toEqual([503, 'upstream-unavailable']);
    expect([await relay.queued(), relay.table.calls]).toEqual([[], []]);
  });
});

describe('a signal with a TTL and a key', () => {
  test('that is repeated gets the first answer again, and is kept once', async () => {
    relay = await startKept();
    const first = await relay.signal({ ttl: '60', key: 'order-1' });
    const again = await relay.signal({ ttl: '60', key: 'order-1' });
    expect(first.told.id).toMatch(/^[\da-f]{32}$/);
    expect([again.statusCode, again.told, again.headers.location]).toEqual([
      202,
      first.told,
      first.headers.location,
    ]);
    expect(await relay.queued()).toHaveLength(1);
  });

  test('gets the first answer after it was delivered, too', async () => {
    relay = await startKept();
    const first = await relay.signal({ ttl: '60', key: 'order-1' });
    const [message] = await relay.queued();
    const [signal] = message && 'signals' in message ? message.signals : [];
    if (!signal) throw new Error('nothing waits');
    const claim = await relay.records.claim(signal);
    if ('hold' in claim) await claim.hold.end('sent');
    const again = await relay.signal({ ttl: '60', key: 'order-1' });
    expect([again.statusCode, again.told]).toEqual([202, first.told]);
    expect(await relay.queued()).toEqual([]);
  });

  test.each([
    ['another message', { data: 'bye' }],
    ['another visitor', { visitorid: 'grace' }],
    ['another TTL', { ttl: '61' }],
  ])('is not mixed up with one for %s: that is a mistake, and is not kept', async (_, other) => {
    relay = await startKept();
    await relay.signal({ ttl: '60', key: 'order-1' });
    await relay.queued();
    const { statusCode, told } = await relay.signal({ ttl: '60', key: 'order-1', ...other });
    expect([statusCode, told.code, told.title]).toEqual([422, 'key-reuse', 'Unprocessable Content']);
    expect(await relay.queued()).toEqual([]);
  });

  test('is the same one however its message is laid out, and however its TTL is written', async () => {
    relay = await startKept();
    const first = await relay.signal({ ttl: '60', key: 'k', body: '{"mtype":"signal","data":[1]}' });
    const again = await relay.signal({ ttl: '060', key: 'k', body: '{ "mtype": "signal", "data": [ 1 ] }' });
    expect([again.statusCode, again.told.id]).toEqual([202, first.told.id]);
  });

  test('of another caller is another one', async () => {
    relay = await startKept();
    vi.stubEnv(
      'RELAY_CALLERS',
      JSON.stringify({ 'agent-desk': { groups: ['12345'] }, crm: { groups: ['12345'] } }),
    );
    const userArn = assumedRole('crm');
    const one = await relay.signal({ ttl: '60', key: 'order-1' });
    const other = await relay.signal({ ttl: '60', key: 'order-1', data: 'bye', userArn });
    expect([other.statusCode, other.told.id === one.told.id]).toEqual([202, false]);
  });

  test('whose first call failed before its record was there loses nothing and doubles nothing', async () => {
    relay = await startKept();
    relay.table.fateOf = ({ operation }) =>
      operation === 'PutItem' ? { error: 'AccessDeniedException' } : undefined;
    const first = await relay.signal({ ttl: '60', key: 'k' });
    relay.table.fateOf = () => undefined;
    const again = await relay.signal({ ttl: '60', key: 'k' });
    expect([again.statusCode, again.told]).toEqual([first.statusCode, first.told]);
    const ids = (await relay.queued())
      .flatMap((each) => ('signals' in each ? each.signals : []))
      .map(({ id }) => id);
    // Both have one id, so whoever delivers them claims one record.
    expect(new Set(ids)).toEqual(new Set([first.told.id]));
  });

  test('of many repeats at once has one id and one record', async () => {
    relay = await startKept();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => relay.signal({ ttl: '60', key: 'k' })),
    );
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ told }) => told.id)).size).toBe(1);
    expect(await recordOf(answers[0] ?? { told: {} })).toMatchObject({ status: 'accepted' });
  });
});
