import { describe, expect, test } from 'vitest';
import type { SignalOptions } from '../../../shared/presence/client.ts';
import type { Message } from '../../../shared/presence/message.ts';
import { deadlineIn } from '../../../shared/runtime/deadline.ts';
import {
  failureOf,
  freshToken,
  group,
  type PresencePair,
  staleToken,
  startPair,
  visitor,
} from '../../support/presence-pair.ts';
import {
  closedPort,
  cutBody,
  cutChunks,
  foundAt,
  json,
  later,
  notFound,
  type Reply,
  reset,
  silence,
  startPresenceServer,
  status,
  text,
} from '../../support/presence-server.ts';
import { tokensInTurn } from '../../support/tokens.ts';

const hello: Message = { mtype: 'signal', data: { greeting: 'hello' } };
const taken = json({});

function send({ client }: PresencePair, message = hello, ms = 5_000, options: SignalOptions = {}) {
  return client.signal(group, visitor, message, deadlineIn(ms), options);
}

function sendIf(pair: PresencePair, beforeSend: SignalOptions['beforeSend'], ms?: number) {
  return send(pair, hello, ms, { ...(beforeSend && { beforeSend }) });
}

describe('a signal', () => {
  test('goes to the one server that holds the visitor’s connection', async () => {
    await using pair = await startPair({ direct: { '/signalvisitor': taken } });
    expect(await send(pair)).toBe('sent');
    expect(pair.balancer.arrived).toMatchObject([
      { method: 'GET', url: '/findvisitor?groupid=12345&visitorid=ada', token: freshToken },
    ]);
    expect(pair.direct.arrived).toMatchObject([
      {
        method: 'POST',
        url: '/signalvisitor?groupid=12345&visitorid=ada',
        token: freshToken,
        body: '{"mtype":"signal","data":{"greeting":"hello"}}',
      },
    ]);
  });

  test('goes to the presence host where that holds the connection itself', async () => {
    await using pair = await startPair({
      balancer: { '/findvisitor': json({ visitorfound: true }), '/signalvisitor': taken },
    });
    expect(await send(pair)).toBe('sent');
    expect(pair.balancer.at('/signalvisitor')).toHaveLength(1);
  });

  test('goes to the server of the old documented shape', async () => {
    await using pair = await startPair({
      balancer: (port) => ({ '/findvisitor': json({ visitorfound: { direct: [`127.0.0.1:${port}`] } }) }),
      direct: { '/signalvisitor': taken },
    });
    expect(await send(pair)).toBe('sent');
  });

  test('to an absent visitor goes nowhere', async () => {
    await using pair = await startPair({ balancer: { '/findvisitor': notFound } });
    expect(await send(pair)).toBe('not-present');
    expect(pair.direct.connections).toBe(0);
  });

  test('each of two hundred at once arrives exactly once', async () => {
    await using pair = await startPair({ direct: { '/signalvisitor': later(2, taken) } });
    const numbers = Array.from({ length: 200 }, (_, n) => n);
    const outcomes = await Promise.all(numbers.map((n) => send(pair, { mtype: 'signal', data: n }, 15_000)));
    expect(new Set(outcomes)).toEqual(new Set(['sent']));
    const arrived = pair.direct.arrived.map(({ body }) => (JSON.parse(body) as { data: number }).data);
    expect(arrived.sort((a, b) => a - b)).toEqual(numbers);
  });
});

describe('when the server says that the visitor is not there', () => {
  const ways: [string, Reply][] = [
    ['404', status(404)],
    ['409', status(409)],
    ['410', status(410)],
    ['421', status(421)],
    ['a redirect', status(307, { location: 'http://127.0.0.1:9/' })],
    ['status 200 with visitornotpresent', json({ err: 'visitornotpresent', msg: 'gone' })],
    ['status 200 with another server', json({ type: 'redirect', direct: 'pr0017.glance.net' })],
  ];

  test.for(ways)('(%s), the visitor is found anew and signalled there', async ([, notHere]) => {
    await using pair = await startPair({ direct: { '/signalvisitor': [notHere, taken] } });
    expect(await send(pair)).toBe('sent');
    expect(pair.balancer.at('/findvisitor')).toHaveLength(2);
    expect(pair.direct.arrived).toHaveLength(2);
  });

  test('the second server is the one that the second find names', async () => {
    await using other = await startPresenceServer({ '/signalvisitor': taken });
    await using pair = await startPair({
      balancer: (port) => ({ '/findvisitor': [foundAt(port), foundAt(other.port)] }),
      direct: { '/signalvisitor': status(404) },
    });
    expect(await send(pair)).toBe('sent');
    expect([pair.direct.arrived.length, other.arrived.length]).toEqual([1, 1]);
  });

  test.for(ways)('twice (%s), the visitor is not present', async ([, notHere]) => {
    await using pair = await startPair({ direct: { '/signalvisitor': notHere } });
    expect(await send(pair)).toBe('not-present');
    expect(pair.direct.arrived).toHaveLength(2);
  });

  test('and the second find says the same, nothing more is sent', async () => {
    await using pair = await startPair({
      balancer: (port) => ({ '/findvisitor': [foundAt(port), notFound] }),
      direct: { '/signalvisitor': status(404) },
    });
    expect(await send(pair)).toBe('not-present');
    expect(pair.direct.arrived).toHaveLength(1);
  });
});

describe('a message that left and was not confirmed is never sent again, and its fate is called unknown', () => {
  test.for<[string, Reply]>([
    ['a reset', reset],
    ['status 500', status(500)],
    ['status 502', status(502)],
    ['status 504', status(504)],
    ['a cut body', cutBody],
    ['a cut chunked body', cutChunks],
    ['silence', silence],
  ])('after %s', async ([, reply]) => {
    await using pair = await startPair({
      direct: { '/signalvisitor': [reply, taken] },
      limits: { headersMs: 200 },
    });
    expect((await failureOf(send(pair))).code).toBe('delivery-unknown');
    expect(pair.direct.arrived).toHaveLength(1);
  });

  test('after silence until the deadline', async () => {
    await using pair = await startPair({ direct: { '/signalvisitor': [silence, taken] } });
    const began = performance.now();
    expect((await failureOf(send(pair, hello, 800))).code).toBe('delivery-unknown');
    expect(performance.now() - began).toBeLessThan(1_500);
    expect(pair.direct.arrived).toHaveLength(1);
  });

  test('after an answer that is too long to read', async () => {
    await using pair = await startPair({
      direct: { '/signalvisitor': [text('x'.repeat(2_000)), taken] },
      limits: { maxBytes: 1_000 },
    });
    expect((await failureOf(send(pair))).code).toBe('delivery-unknown');
    expect(pair.direct.arrived).toHaveLength(1);
  });
});

describe('a message that surely did not arrive', () => {
  test('because the server is not there is sent to the one that a new find names', async () => {
    const nobody = await closedPort();
    await using pair = await startPair({
      balancer: (port) => ({ '/findvisitor': [foundAt(nobody), foundAt(nobody), foundAt(port)] }),
      direct: { '/signalvisitor': taken },
    });
    expect(await send(pair)).toBe('sent');
    expect(pair.balancer.at('/findvisitor')).toHaveLength(3);
    expect(pair.direct.arrived).toHaveLength(1);
  });

  test('because no server is ever there is given up after four tries', async () => {
    const nobody = await closedPort();
    await using pair = await startPair({ balancer: { '/findvisitor': foundAt(nobody) } });
    expect((await failureOf(send(pair))).code).toBe('unavailable');
    expect(pair.balancer.arrived).toHaveLength(4);
  });

  test('because the find failed is tried again', async () => {
    await using pair = await startPair({
      balancer: (port) => ({ '/findvisitor': [status(503), reset, foundAt(port)] }),
      direct: { '/signalvisitor': taken },
    });
    expect(await send(pair)).toBe('sent');
    expect(pair.direct.arrived).toHaveLength(1);
  });

  test.for([
    [429, 'unavailable'],
    [503, 'unavailable'],
    [400, 'invalid-answer'],
  ] as const)('because the server refused it (%d) is not sent again by itself', async ([code, failure]) => {
    await using pair = await startPair({ direct: { '/signalvisitor': [status(code), taken] } });
    expect((await failureOf(send(pair))).code).toBe(failure);
    expect(pair.direct.arrived).toHaveLength(1);
  });

  test('because too little time was left for an answer', async () => {
    await using pair = await startPair({
      balancer: (port) => ({ '/findvisitor': later(300, foundAt(port)) }),
      direct: { '/signalvisitor': taken },
    });
    expect((await failureOf(send(pair, hello, 600))).code).toBe('timeout');
    expect(pair.direct.connections).toBe(0);
  });

  test('because all connections were busy until the deadline is not sent afterwards', async () => {
    await using pair = await startPair({
      direct: { '/signalvisitor': later(1_200, taken) },
      limits: { connections: 1 },
    });
    const first = send(pair);
    await expect.poll(() => pair.direct.arrived.length).toBe(1);
    expect((await failureOf(send(pair, { mtype: 'signal', data: 'late' }, 700))).code).toBe('timeout');
    expect(await first).toBe('sent');
    await send(pair);
    expect(pair.direct.arrived.map(({ body }) => body.includes('late'))).toEqual([false, false]);
  });
});

describe('a token', () => {
  test('that the direct server refuses is read anew, and the message sent once more', async () => {
    const tokens = tokensInTurn(staleToken, freshToken);
    await using pair = await startPair({ direct: { '/signalvisitor': [status(401), taken] }, tokens });
    expect(await send(pair)).toBe('sent');
    expect(pair.direct.arrived.map(({ token }) => token)).toEqual([staleToken, freshToken]);
  });

  test('that the direct server refuses even when fresh ends the call', async () => {
    const tokens = tokensInTurn(staleToken, freshToken);
    await using pair = await startPair({ direct: { '/signalvisitor': status(401) }, tokens });
    expect((await failureOf(send(pair))).code).toBe('authorization');
    expect(pair.direct.arrived).toHaveLength(2);
  });

  test('without the privilege (403) ends the call', async () => {
    await using pair = await startPair({ direct: { '/signalvisitor': status(403) } });
    expect((await failureOf(send(pair))).code).toBe('authorization');
    expect(pair.direct.arrived).toHaveLength(1);
  });
});

describe('a server that is not allowed', () => {
  // Nothing but its name differs from the allowed 127.0.0.1: it could be reached.
  test.for<[string, (port: number) => Reply]>([
    ['in the new shape', (port) => foundAt(port, 'localhost')],
    ['in the old shape', (port) => json({ visitorfound: { direct: [`localhost:${port}`] } })],
    ['with credentials', (port) => json({ visitorfound: true, direct: `user:pw@127.0.0.1:${port}` })],
    ['in short', (port) => foundAt(port, '127.1')],
    ['as a number', (port) => foundAt(port, '2130706433')],
    ['with a path', (port) => json({ visitorfound: true, direct: `127.0.0.1:${port}/..` })],
  ])('(%s) gets no connection at all, and the error says so', async ([, found]) => {
    await using pair = await startPair({
      balancer: (port) => ({ '/findvisitor': found(port) }),
      direct: { '/signalvisitor': taken },
    });
    expect((await failureOf(send(pair))).code).toBe('refused-server');
    expect(pair.direct.connections).toBe(0);
    expect(pair.balancer.arrived).toHaveLength(1);
  });

  test('is named, so that somebody can allow it', async () => {
    await using pair = await startPair({ balancer: { '/findvisitor': foundAt(443, 'pr0016.glance.net') } });
    expect((await failureOf(send(pair))).message).toContain('pr0016.glance.net');
  });

  test('does not get the token by a redirect either', async () => {
    await using elsewhere = await startPresenceServer({});
    const location = `http://127.0.0.1:${elsewhere.port}/signalvisitor`;
    await using pair = await startPair({ direct: { '/signalvisitor': status(307, { location }) } });
    await send(pair);
    expect(elsewhere.connections).toBe(0);
  });
});

describe('whoever sends has the last word', () => {
  test('right before the message leaves, once for each time that it does', async () => {
    const tokens = tokensInTurn(staleToken, freshToken);
    await using pair = await startPair({
      direct: { '/signalvisitor': [status(401), status(404), taken] },
      tokens,
    });
    const arrivedBefore: number[] = [];
    const outcome = await sendIf(pair, async () => {
      arrivedBefore.push(pair.direct.arrived.length);
      return await Promise.resolve(true);
    });
    expect([outcome, arrivedBefore, pair.direct.arrived.length]).toEqual(['sent', [0, 1, 2], 3]);
  });

  test('and is not asked for a visitor who is absent', async () => {
    await using pair = await startPair({ balancer: { '/findvisitor': notFound } });
    const asked = sendIf(pair, () => Promise.reject(new Error('it was asked')));
    expect(await asked).toBe('not-present');
  });

  test('whose no keeps the message here', async () => {
    await using pair = await startPair({ direct: { '/signalvisitor': taken } });
    expect(await sendIf(pair, () => Promise.resolve(false))).toBe('withheld');
    expect(pair.direct.connections).toBe(0);
  });

  test('whose no keeps it from being sent once more', async () => {
    await using pair = await startPair({ direct: { '/signalvisitor': [status(404), taken] } });
    let asked = 0;
    expect(await sendIf(pair, () => Promise.resolve(++asked === 1))).toBe('withheld');
    expect([asked, pair.direct.arrived.length]).toEqual([2, 1]);
  });

  test('whose own failure is thrown as it is, with nothing sent and nothing tried again', async () => {
    await using pair = await startPair({ direct: { '/signalvisitor': taken } });
    const failure = new TypeError('of its own');
    await expect(sendIf(pair, () => Promise.reject(failure))).rejects.toBe(failure);
    expect([pair.balancer.arrived.length, pair.direct.connections]).toEqual([1, 0]);
  });

  test('whose word takes so long that an answer would not be seen any more has sent nothing', async () => {
    await using pair = await startPair({ direct: { '/signalvisitor': taken } });
    const slow = () => new Promise<boolean>((resolve) => setTimeout(resolve, 300, true));
    expect((await failureOf(sendIf(pair, slow, 700))).code).toBe('timeout');
    expect(pair.direct.connections).toBe(0);
  });
});
