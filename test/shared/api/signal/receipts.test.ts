import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cancelsignal, readsignal } from '../../../../shared/api/endpoints.ts';
import { type Signal, signal as signalSchema } from '../../../../shared/signals/signal.ts';
import type { Claim, Hold } from '../../../../shared/signals/table.ts';
import { assumedRole } from '../../../support/gateway-event.ts';
import { type KeptRelay, startKept, type ToldAnswer } from '../../../support/kept.ts';

let relay: KeptRelay;
beforeEach(async () => {
  relay = await startKept();
});
afterEach(() => relay[Symbol.asyncDispose]());

const desk = 'caller:111122223333:agent-desk';

/** One that waits for visitor `ada`, as the role of the tests has sent it. */
function signalOf({ source = desk, acceptedAt = Date.now(), lifeMs = 60_000 } = {}): Signal {
  return signalSchema.parse({
    id: randomUUID(),
    groupid: '12345',
    visitorid: 'visitor-of-mine',
    message: { mtype: 'signal', data: 'hunter2' },
    source,
    acceptedAt,
    expiresAt: acceptedAt + lifeMs,
    waits: true,
  });
}

async function accepted(options?: Parameters<typeof signalOf>[0]): Promise<Signal> {
  const signal = signalOf(options);
  await relay.records.accept(signal);
  return signal;
}

function holdOf(claim: Claim): Hold {
  if ('hold' in claim) return claim.hold;
  throw new Error(`it is ${claim.outcome}`);
}

async function claimed(options?: Parameters<typeof signalOf>[0]) {
  const signal = signalOf(options);
  return { signal, hold: holdOf(await relay.records.claim(signal)) };
}

const codeOf = ({ statusCode, told }: ToldAnswer) => `${statusCode} ${told.code}`;

describe('the receipt of a signal', () => {
  test('tells what became of it, to be kept by nobody, and neither its visitor nor its message', async () => {
    const { id, acceptedAt, expiresAt } = await accepted();
    const answer = await relay.receipt(id);
    expect(readsignal.answers[200].schema.parse(answer.told)).toEqual({
      id,
      status: 'accepted',
      groupid: '12345',
      acceptedAt: new Date(acceptedAt).toISOString(),
      expiresAt: new Date(expiresAt).toISOString(),
      attempts: 0,
    });
    expect([answer.statusCode, answer.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(answer.body + JSON.stringify(relay.lines())).not.toMatch(/visitor-of-mine|hunter2/);
  });

  test('can be read as soon as its address is known', async () => {
    const { headers, told } = await relay.signal({ ttl: '60' });
    const id = headers.location?.replace('/signals/', '');
    expect((await relay.receipt(id)).told).toMatchObject({ id: told.id, status: 'accepted' });
  });

  test('tells since when it waits', async () => {
    const { signal, hold } = await claimed();
    await hold.wait();
    const { told } = await relay.receipt(signal.id);
    expect(told).toMatchObject({ status: 'waiting', attempts: 1, waitingSince: expect.stringMatching(/Z$/) });
  });

  test.each(['sent', 'unknown'] as const)('tells when it was sent, if it is %s', async (status) => {
    const { signal, hold } = await claimed();
    await hold.sending();
    await hold.end(status);
    const { told } = await relay.receipt(signal.id);
    expect(told).toMatchObject({ status, sentAt: expect.any(String), endedAt: expect.any(String) });
  });

  test('tells why it failed, and no time at which it was sent, since it was not', async () => {
    const { signal, hold } = await claimed();
    await hold.sending();
    await hold.end('failed', 'rate-limited');
    const { told } = await relay.receipt(signal.id);
    expect(told).toMatchObject({ status: 'failed', reason: 'rate-limited', endedAt: expect.any(String) });
    expect(told).not.toHaveProperty('sentAt');
  });

  test('says that it has expired once nobody delivers it any more, though nobody has put that down', async () => {
    const longOver = await accepted({ acceptedAt: Date.now() - 100_000, lifeMs: 60_000 });
    const justOver = await accepted({ acceptedAt: Date.now() - 61_000, lifeMs: 60_000 });
    expect((await relay.receipt(longOver.id)).told.status).toBe('expired');
    expect((await relay.receipt(justOver.id)).told.status).toBe('accepted');
  });

  test('is not there for an id that nobody has, or that is none', async () => {
    expect(codeOf(await relay.receipt(randomUUID()))).toBe('404 not-found');
    for (const id of ['x', '../../findvisitor', 'a'.repeat(65), ''])
      expect(codeOf(await relay.receipt(id))).toBe('404 not-found');
  });

  test.each([
    ['another caller', 'caller:111122223333:crm'],
    ['the same role of another account', 'caller:444455556666:agent-desk'],
    ['a webhook', 'webhook:hubspot'],
  ])('of %s looks as if there were none, to read and to cancel', async (_, source) => {
    const { id } = await accepted({ source });
    const nothing = await relay.receipt(randomUUID());
    expect((await relay.receipt(id)).told).toEqual(nothing.told);
    expect((await relay.cancel(id)).told).toEqual(nothing.told);
    expect((await relay.records.read(id))?.status).toBe('accepted');
  });

  test('is for those who may signal', async () => {
    const { id } = await accepted();
    const userArn = assumedRole('stranger');
    expect(codeOf(await relay.receipt(id, { userArn }))).toBe('403 forbidden-caller');
    expect(codeOf(await relay.cancel(id, { userArn }))).toBe('403 forbidden-caller');
  });

  test('goes by the role, whatever its session is called', async () => {
    const { id } = await accepted();
    const userArn = assumedRole('agent-desk', '111122223333', 'somebody-else');
    expect((await relay.receipt(id, { userArn })).statusCode).toBe(200);
  });

  test('when it cannot be read now, can be asked for later', async () => {
    const { id } = await accepted();
    relay.table.fateOf = () => ({ error: 'AccessDeniedException' });
    const answer = await relay.receipt(id);
    expect([codeOf(answer), answer.headers['retry-after']]).toEqual(['503 upstream-unavailable', '5']);
  });

  test('takes no parameters, and no other methods', async () => {
    const { id } = await accepted();
    expect(codeOf(await relay.receipt(id, { query: { groupid: '1' } }))).toBe('400 invalid-request');
    const answer = await relay.receipt(id, { httpMethod: 'POST' });
    expect([codeOf(answer), answer.headers.allow]).toEqual(['405 method-not-allowed', 'GET, DELETE']);
  });

  test('needs nothing but the table', async () => {
    vi.stubEnv('RELAY_SIGNAL_QUEUE', undefined);
    vi.stubEnv('RELAY_ID_KEY', undefined);
    const { id } = await accepted();
    expect((await relay.receipt(id)).statusCode).toBe(200);
    expect([relay.secrets.reads, relay.presence.connections]).toEqual([[], 0]);
  });
});

describe('a signal that is cancelled', () => {
  test('has ended, and nobody delivers it', async () => {
    const { id } = await accepted();
    const answer = await relay.cancel(id);
    expect(answer.statusCode).toBe(200);
    expect(cancelsignal.answers[200].schema.parse(answer.told)).toMatchObject({
      id,
      status: 'cancelled',
      endedAt: expect.any(String),
    });
    expect((await relay.receipt(id)).told).toEqual(answer.told);
    expect((await relay.records.claim({ ...signalOf(), id })).outcome).toBe('ended');
  });

  test('while it waits has ended, too', async () => {
    const { signal, hold } = await claimed();
    await hold.wait();
    expect((await relay.cancel(signal.id)).told.status).toBe('cancelled');
  });

  test('once more gives the same receipt, and is counted once', async () => {
    const { id } = await accepted();
    const [first, again] = [await relay.cancel(id), await relay.cancel(id)];
    expect([again.statusCode, again.told]).toEqual([200, first.told]);
    const lines = relay.lines('signal ended');
    expect(lines).toMatchObject([
      { signal: id, source: desk, groupid: '12345', mtype: 'signal', Outcome: 'cancelled', SignalsEnded: 1 },
    ]);
    expect(JSON.stringify(lines[0]?._aws)).toContain('[["Stage","Outcome"]]');
  });

  test.each(['sending', 'sent', 'unknown', 'failed', 'expired'] as const)(
    'too late, as it is %s, is left as it is',
    async (status) => {
      const { signal, hold } = await claimed();
      await hold.sending();
      if (status !== 'sending') await hold.end(status);
      expect(codeOf(await relay.cancel(signal.id))).toBe('409 conflict');
      expect((await relay.records.read(signal.id))?.status).toBe(status);
    },
  );

  test('after its time is too late, as it has expired', async () => {
    const { id } = await accepted({ acceptedAt: Date.now() - 100_000, lifeMs: 60_000 });
    expect(codeOf(await relay.cancel(id))).toBe('409 conflict');
  });

  test('in the very moment that it is sent is either cancelled or sent, never both', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, async (_, turn) => {
        const { signal, hold } = await claimed();
        const first = turn % 2 ? hold.sending() : undefined;
        const [{ statusCode }, maySend] = await Promise.all([
          relay.cancel(signal.id),
          first ?? hold.sending(),
        ]);
        return `${statusCode} ${maySend}`;
      }),
    );
    expect(outcomes.filter((outcome) => !['200 false', '409 true'].includes(outcome))).toEqual([]);
  });
});
