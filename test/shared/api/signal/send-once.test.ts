import { afterEach, describe, expect, test, vi } from 'vitest';
import { signalvisitor } from '../../../../shared/api/endpoints.ts';
import { type SignalId, signal as signalSchema } from '../../../../shared/signals/signal.ts';
import type { AwsCall } from '../../../support/aws-gate.ts';
import { assumedRole } from '../../../support/gateway-event.ts';
import { type KeptRelay, startKept } from '../../../support/kept.ts';
import { json, later, notFound, type Reply, reset, status } from '../../../support/presence-server.ts';

let relay: KeptRelay;
afterEach(() => relay[Symbol.asyncDispose]());

/** The presence host holds the connection of everybody itself. */
const there = { '/findvisitor': json({ visitorfound: true }) };
const taken = json({});

const sentMessages = () => relay.presence.at('/signalvisitor').map(({ body }) => JSON.parse(body).data);
const lastId = () => relay.lines('signal').at(-1)?.signal as SignalId;

/** To which status a call would set the record. */
function setsStatus({ input }: AwsCall): unknown {
  const values = input.ExpressionAttributeValues as Record<string, { S?: string }> | undefined;
  return values?.[':set_status']?.S;
}

describe('a signal with neither header', () => {
  test('is sent as ever, and neither table nor queue nor the key of ids is asked', async () => {
    relay = await startKept({ ...there, '/signalvisitor': taken });
    const { statusCode, told, headers } = await relay.signal();
    expect([statusCode, told.status, headers.location]).toEqual([200, 'sent', undefined]);
    expect([relay.table.calls, relay.queue.calls, relay.secrets.reads]).toEqual([
      [],
      [],
      ['presence-relay/12345'],
    ]);
  });

  test('works where nothing is kept at all', async () => {
    relay = await startKept({ ...there, '/signalvisitor': taken });
    for (const name of ['RELAY_SIGNAL_QUEUE', 'RELAY_SIGNAL_TABLE', 'RELAY_ID_KEY'])
      vi.stubEnv(name, undefined);
    expect((await relay.signal()).statusCode).toBe(200);
  });
});

describe('a signal with a key', () => {
  test('is sent at once, and a repeat gets the first answer and sends nothing', async () => {
    relay = await startKept({ ...there, '/signalvisitor': taken });
    const first = await relay.signal({ key: 'k' });
    expect(signalvisitor.answers[200].schema.parse(first.told)).toEqual({
      id: expect.stringMatching(/^[\da-f]{32}$/),
      status: 'sent',
    });
    const again = await relay.signal({ key: 'k' });
    expect([again.statusCode, again.told]).toEqual([200, first.told]);
    expect([sentMessages(), relay.queue.calls]).toEqual([['hello'], []]);
  });

  test('to an absent visitor gets the same answer again, though the visitor has come meanwhile', async () => {
    relay = await startKept({
      '/findvisitor': [notFound, json({ visitorfound: true })],
      '/signalvisitor': taken,
    });
    for (const _ of ['first', 'again']) {
      const { statusCode, told } = await relay.signal({ key: 'k' });
      expect([statusCode, told.code]).toEqual([404, 'visitor-not-present']);
    }
    expect(sentMessages()).toEqual([]);
  });

  test('whose fate is unknown is unknown for ever, and not sent again', async () => {
    relay = await startKept({ ...there, '/signalvisitor': [reset, taken] });
    for (const _ of ['first', 'again']) {
      const { statusCode, told } = await relay.signal({ key: 'k' });
      expect([statusCode, told.code]).toEqual([504, 'delivery-unknown']);
    }
    expect(sentMessages()).toEqual(['hello']);
  });

  test.for<[string, string, Reply, number]>([
    ['the service is overloaded', '/signalvisitor', status(429), 503],
    ['the token has no rights', '/findvisitor', status(403), 502],
    ['the answer means nothing', '/findvisitor', json([]), 502],
    [
      'the server is elsewhere',
      '/findvisitor',
      json({ visitorfound: true, directserver: 'evil.example' }),
      502,
    ],
  ])('that has sent nothing since %s is tried again by a repeat', async ([, path, failure, failed]) => {
    const good = { ...there, '/signalvisitor': taken };
    relay = await startKept({ ...good, [path]: [failure, good[path as keyof typeof good]] });
    const first = await relay.signal({ key: 'k' });
    expect(first.statusCode).toBe(failed);
    const refused = path === '/signalvisitor' ? ['hello'] : [];
    expect(sentMessages()).toEqual(refused);
    const again = await relay.signal({ key: 'k' });
    expect([again.statusCode, again.told.status]).toEqual([200, 'sent']);
    expect(sentMessages()).toEqual([...refused, 'hello']);
  });

  test('that is repeated while the first call is under way is told to come back, and is sent once', async () => {
    relay = await startKept({ ...there, '/signalvisitor': later(300, taken) });
    const first = relay.signal({ key: 'k' });
    await expect.poll(() => sentMessages().length).toBe(1);
    const meanwhile = await relay.signal({ key: 'k' });
    expect([meanwhile.statusCode, meanwhile.told.code, meanwhile.headers['retry-after']]).toEqual([
      409,
      'conflict',
      '1',
    ]);
    expect((await first).statusCode).toBe(200);
    expect((await relay.signal({ key: 'k' })).told).toEqual((await first).told);
    expect(sentMessages()).toEqual(['hello']);
  });

  test('of thirty repeats at the same moment is sent once', async () => {
    relay = await startKept({ ...there, '/signalvisitor': later(50, taken) });
    const answers = await Promise.all(Array.from({ length: 30 }, () => relay.signal({ key: 'k' })));
    const statuses = answers.map(({ statusCode }) => statusCode).toSorted();
    expect(statuses[0]).toBe(200);
    expect(new Set(statuses)).toEqual(new Set([200, 409]));
    expect(sentMessages()).toEqual(['hello']);
  });

  test.each([
    ['another message', { data: 'bye' }],
    ['the same number in other digits', { body: '{"mtype":"signal","data":9007199254740993}' }],
    ['another visitor', { visitorid: 'grace' }],
    ['a TTL', { ttl: '60' }],
  ])('is not mixed up with one that has %s: that is a mistake, and is not sent', async (_, other) => {
    relay = await startKept({ ...there, '/signalvisitor': taken });
    await relay.signal({ key: 'k', data: 9007199254740992 });
    const { statusCode, told } = await relay.signal({ key: 'k', ...other });
    expect([statusCode, told.code]).toEqual([422, 'key-reuse']);
    expect([sentMessages().length, await relay.queued()]).toEqual([1, []]);
    expect((await relay.signal({ key: 'k', data: 9007199254740992 })).statusCode).toBe(200);
  });

  test('that could not be sent yet is not taken away by another with its key', async () => {
    relay = await startKept({ ...there, '/signalvisitor': [status(429), taken] });
    await relay.signal({ key: 'k' });
    expect((await relay.signal({ key: 'k', data: 'bye' })).told.code).toBe('key-reuse');
    expect((await relay.signal({ key: 'k' })).statusCode).toBe(200);
    expect(sentMessages()).toEqual(['hello', 'hello']);
  });

  test('of another caller is another one', async () => {
    relay = await startKept({ ...there, '/signalvisitor': taken });
    const grant = { groups: ['12345'] };
    vi.stubEnv('RELAY_CALLERS', JSON.stringify({ 'agent-desk': grant, crm: grant }));
    const userArn = assumedRole('crm');
    const [one, other] = [await relay.signal({ key: 'k' }), await relay.signal({ key: 'k', userArn })];
    expect([one.statusCode, other.statusCode, one.told.id === other.told.id]).toEqual([200, 200, false]);
    expect(sentMessages()).toHaveLength(2);
  });

  test('leaves nothing of its message in the table', async () => {
    relay = await startKept({ ...there, '/signalvisitor': taken });
    await relay.signal({ key: 'k', data: 'hunter2' });
    expect(relay.table.calls.length).toBeGreaterThan(0);
    expect(JSON.stringify(relay.table.calls)).not.toContain('hunter2');
  });
});

describe('when whoever sent it has died', () => {
  /** The first call has sent nothing; then, long ago, somebody was sending it. */
  async function leaveSending(): Promise<void> {
    relay = await startKept({ ...there, '/findvisitor': [status(403), json({ visitorfound: true })] });
    await relay.signal({ key: 'k' });
    const record = await relay.records.read(lastId());
    const signal = signalSchema.parse({ ...record, message: { mtype: 'signal', data: 1 } });
    const claim = await relay.recordsAgo(60_000).claim(signal);
    if (!('hold' in claim)) throw new Error(`it is ${claim.outcome}`);
    await claim.hold.sending();
  }

  test('a repeat learns that nobody knows, and so does every other', async () => {
    await leaveSending();
    for (const _ of ['first', 'again']) {
      const { statusCode, told } = await relay.signal({ key: 'k' });
      expect([statusCode, told.code]).toEqual([504, 'delivery-unknown']);
    }
    expect(sentMessages()).toEqual([]);
    const { told } = await relay.receipt(lastId());
    expect(told).toMatchObject({ status: 'unknown', reason: 'worker-lost' });
  });

  test('a repeat learns the same where that cannot be put down', async () => {
    await leaveSending();
    relay.table.fateOf = (call) =>
      setsStatus(call) === 'unknown' ? { error: 'AccessDeniedException' } : undefined;
    expect((await relay.signal({ key: 'k' })).told.code).toBe('delivery-unknown');
    expect(relay.lines('signal not ended')).toMatchObject([{ signal: lastId() }]);
    relay.table.fateOf = () => undefined;
    expect((await relay.signal({ key: 'k' })).told.code).toBe('conflict');
    expect(sentMessages()).toEqual([]);
  });

  test('another request with its key does not bring it back', async () => {
    await leaveSending();
    expect((await relay.signal({ key: 'k', data: 'bye' })).told.code).toBe('key-reuse');
    expect((await relay.signal({ key: 'k' })).told.code).toBe('delivery-unknown');
    expect(sentMessages()).toEqual([]);
  });
});

describe('a signal that was cancelled before a repeat', () => {
  test('is not sent by it', async () => {
    relay = await startKept({ ...there, '/findvisitor': [status(403), json({ visitorfound: true })] });
    await relay.signal({ key: 'k' });
    expect((await relay.cancel(lastId())).statusCode).toBe(200);
    const again = await relay.signal({ key: 'k' });
    expect([again.statusCode, again.told.code, again.headers['retry-after']]).toEqual([
      409,
      'conflict',
      undefined,
    ]);
    expect(sentMessages()).toEqual([]);
  });

  test('or while its call was under way, is not sent either', async () => {
    relay = await startKept({ '/findvisitor': later(300, json({ visitorfound: true })) });
    const call = relay.signal({ key: 'k' });
    await expect.poll(() => relay.presence.arrived.length).toBe(1);
    const [put] = relay.table.calls;
    const item = put?.input.Item as { id: { S: string } };
    expect((await relay.cancel(item.id.S)).statusCode).toBe(200);
    expect((await call).told.code).toBe('conflict');
    expect(sentMessages()).toEqual([]);
  });
});

describe('when the table is not to be had', () => {
  const refused = { error: 'AccessDeniedException' };

  test('before it is claimed, nothing is sent', async () => {
    relay = await startKept({ ...there, '/signalvisitor': taken });
    relay.table.fateOf = () => refused;
    const { statusCode, told, headers } = await relay.signal({ key: 'k' });
    expect([statusCode, told.code, headers['retry-after']]).toEqual([503, 'upstream-unavailable', '5']);
    expect(relay.presence.connections).toBe(0);
  });

  test.each([refused, 'unanswered'] as const)(
    'right before it is sent (%j), nothing is sent, and a repeat sends it',
    async (fate) => {
      relay = await startKept({ ...there, '/signalvisitor': taken });
      relay.table.fateOf = (call) => (setsStatus(call) === 'sending' ? fate : undefined);
      const { statusCode, told } = await relay.signal({ key: 'k' });
      expect([statusCode, told.code]).toEqual([503, 'upstream-unavailable']);
      expect(sentMessages()).toEqual([]);
      relay.table.fateOf = () => undefined;
      expect((await relay.signal({ key: 'k' })).statusCode).toBe(200);
      expect(sentMessages()).toEqual(['hello']);
    },
  );

  test('after it was sent, its caller learns that it was sent, and a repeat sends nothing', async () => {
    relay = await startKept({ ...there, '/signalvisitor': taken });
    relay.table.fateOf = (call) => (setsStatus(call) === 'sent' ? refused : undefined);
    expect((await relay.signal({ key: 'k' })).statusCode).toBe(200);
    expect(relay.lines('signal not ended')).toMatchObject([{ level: 'ERROR', signal: lastId() }]);
    expect((await relay.signal({ key: 'k' })).told.code).toBe('conflict');
    expect(sentMessages()).toEqual(['hello']);
  });
});
