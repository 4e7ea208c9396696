import { text as textOf } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { deadlineIn } from '../../../shared/runtime/deadline.ts';
import { failureOf, freshToken, group, staleToken, startPair, visitor } from '../../support/presence-pair.ts';
import { cutBody, cutChunks, json, type Reply, reset, status, text } from '../../support/presence-server.ts';
import { tokensInTurn } from '../../support/tokens.ts';

const soon = () => deadlineIn(5_000);

async function answerTo(reply: Reply | readonly Reply[]): Promise<string> {
  await using pair = await startPair({ balancer: { '/query': reply } });
  return await textOf(await pair.client.query(group, undefined, soon()));
}

async function failureAfter(reply: Reply | readonly Reply[]) {
  await using pair = await startPair({ balancer: { '/query': reply } });
  return await failureOf(pair.client.query(group, undefined, soon()));
}

/** More than the start of an answer that is looked at before any of it is handed on. */
const crowd = JSON.stringify({ visitors: Array.from({ length: 5_000 }, (_, n) => ({ visitorid: `v${n}` })) });

describe('a query', () => {
  test('asks the load balancer for the group', async () => {
    await using pair = await startPair({ balancer: { '/query': json([]) } });
    await textOf(await pair.client.query(group, undefined, soon()));
    expect(pair.balancer.arrived).toMatchObject([{ url: '/query?groupid=12345', token: freshToken }]);
  });

  test('or for one visitor of it', async () => {
    await using pair = await startPair({ balancer: { '/query': json([]) } });
    await textOf(await pair.client.query(group, visitor, soon()));
    expect(pair.balancer.arrived[0]?.url).toBe('/query?groupid=12345&visitorid=ada');
  });

  test.for(['[]', '{}', ' [ {"visitorid":"ada"} ] ', '{"visitors":[]}', '{"ada":{"url":"é"}}', crowd])(
    'hands on what the service says, letter by letter: %.40s',
    async (answer) => {
      expect(await answerTo(text(answer))).toBe(answer);
    },
  );

  test.for(['', ' \n'])('takes an empty answer (%j) for nobody', async (answer) => {
    expect(JSON.parse(await answerTo(text(answer)))).toEqual({});
  });

  test('hands on the pieces as they come', async () => {
    const start = `[${'1,'.repeat(5_000)}`;
    const slow: Reply = (response) => {
      response.write(start);
      setTimeout(() => response.end('2]'), 500);
    };
    await using pair = await startPair({ balancer: { '/query': slow } });
    const began = performance.now();
    const stream = await pair.client.query(group, undefined, soon());
    expect(performance.now() - began).toBeLessThan(400);
    expect(await textOf(stream)).toBe(`${start}2]`);
  });
});

describe('an answer that is no list of visitors', () => {
  test.for(['<html>', 'visitors', '"text"', '17', '{"visitors":[', '{oops}'])(
    '(%s) is a failure',
    async (answer) => {
      expect((await failureAfter(text(answer))).code).toBe('invalid-answer');
    },
  );

  test('(an error with status 200) is a failure', async () => {
    expect((await failureAfter(json({ err: 'authorization', msg: 'no' }))).code).toBe('authorization');
    expect((await failureAfter(json({ err: 'busy', msg: 'later' }))).code).toBe('invalid-answer');
  });

  test.for([404, 500, 302])('(status %d) is a failure', async (code) => {
    expect((await failureAfter(status(code))).code).toBe('invalid-answer');
  });

  test('(without an end) is a failure at once, and its connection closed', async () => {
    const endless: Reply = (response) => response.write('<p>'.repeat(5_000));
    await using pair = await startPair({ balancer: { '/query': endless } });
    expect((await failureOf(pair.client.query(group, undefined, soon()))).code).toBe('invalid-answer');
    await expect.poll(() => pair.balancer.open).toBe(0);
  });

  test('a visitor called “err” among others is none', async () => {
    const answer = '{"err":{"url":"a"},"msg":{"url":"b"},"ada":{"url":"c"}}';
    expect(await answerTo(text(answer))).toBe(answer);
  });
});

describe('trouble before the first piece', () => {
  test.for<[string, Reply]>([
    ['503', status(503)],
    ['429', status(429)],
    ['a reset', reset],
    ['a cut body', cutBody],
    ['a cut chunked body', cutChunks],
  ])('(%s) is tried again', async ([, trouble]) => {
    expect(await answerTo([trouble, json([])])).toBe('[]');
  });

  test('(401) is tried again with a fresh token', async () => {
    const tokens = tokensInTurn(staleToken, freshToken);
    await using pair = await startPair({ balancer: { '/query': [status(401), json([])] }, tokens });
    expect(await textOf(await pair.client.query(group, undefined, soon()))).toBe('[]');
    expect(pair.balancer.arrived.map(({ token }) => token)).toEqual([staleToken, freshToken]);
  });

  test('that does not end is given up', async () => {
    expect((await failureAfter(status(503))).code).toBe('unavailable');
  });

  test('does not leave its connections open', async () => {
    const endless: Reply = (response) => response.writeHead(503).write('x'.repeat(10_000));
    await using pair = await startPair({ balancer: { '/query': endless } });
    await failureOf(pair.client.query(group, undefined, soon()));
    await expect.poll(() => pair.balancer.open).toBe(0);
  });
});

describe('trouble in the middle', () => {
  test.for<[string, (response: Parameters<Reply>[0]) => unknown]>([
    ['a reset', (response) => response.socket?.resetAndDestroy()],
    ['a closed connection', (response) => response.socket?.end()],
  ])('(%s) is never a clean end', async ([, stop]) => {
    const broken: Reply = (response) => {
      response.write(crowd.slice(0, 50_000));
      setTimeout(() => stop(response), 50);
    };
    await using pair = await startPair({ balancer: { '/query': broken } });
    const stream = await pair.client.query(group, undefined, soon());
    await expect(textOf(stream)).rejects.toThrow();
    expect(pair.balancer.arrived).toHaveLength(1);
  });

  test('(the deadline) is never a clean end', async () => {
    const stuck: Reply = (response) => response.write(crowd.slice(0, 50_000));
    await using pair = await startPair({ balancer: { '/query': stuck } });
    const stream = await pair.client.query(group, undefined, deadlineIn(300));
    await expect(textOf(stream)).rejects.toThrow();
  });
});

describe('a reader who goes away', () => {
  const endless: Reply = (response) => {
    response.write('[');
    const more = () => {
      while (response.write('1,'.repeat(5_000)));
    };
    response.on('drain', more);
    more();
  };

  test.for<[string, (stream: AsyncIterable<Buffer> & { destroy(): void }) => unknown]>([
    ['before reading anything', (stream) => stream.destroy()],
    [
      'after the first piece',
      async (stream) => {
        for await (const _ of stream) break;
      },
    ],
    [
      'after a megabyte',
      async (stream) => {
        let length = 0;
        for await (const piece of stream) {
          length += piece.length;
          if (length > 1_000_000) break;
        }
      },
    ],
  ])('(%s) ends the request', async ([, leave]) => {
    await using pair = await startPair({ balancer: { '/query': endless } });
    await leave(await pair.client.query(group, undefined, soon()));
    await expect.poll(() => pair.balancer.open).toBe(0);
  });
});
