import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type HttpRequest, Transport, TransportError } from '../../../shared/presence/transport.ts';
import { deadlineIn } from '../../../shared/runtime/deadline.ts';
import {
  cutBody,
  cutChunks,
  json,
  type PresenceServer,
  type Reply,
  reset,
  startPresenceServer,
} from '../../support/presence-server.ts';
import { startRawServer } from '../../support/raw-server.ts';

let transport: Transport;

beforeEach(() => {
  transport = new Transport({ connections: 1 });
});

afterEach(() => transport.close());

function query({ address }: Pick<PresenceServer, 'address'>): HttpRequest {
  return { server: address, method: 'GET', path: '/query?groupid=1', token: 'eyJ.a.b' };
}

/** So many bytes, as fast as they are taken; `written` tells how many have gone. */
function flood(bytes: number): { reply: Reply; written: () => number } {
  let written = 0;
  const chunk = Buffer.alloc(65_536, 'x');
  const reply: Reply = (response) => {
    const more = () => {
      while (written < bytes) {
        written += chunk.length;
        if (!response.write(chunk)) return;
      }
      response.end();
    };
    response.on('drain', more);
    more();
  };
  return { reply, written: () => written };
}

async function lengthOf(body: AsyncIterable<Buffer>): Promise<number> {
  let length = 0;
  for await (const chunk of body) length += chunk.length;
  return length;
}

const megabyte = 1_048_576;

test('an answer of any length arrives whole', async () => {
  const { reply } = flood(100 * megabyte);
  await using server = await startPresenceServer({ '/query': reply });
  const { status, body } = await transport.stream(query(server), deadlineIn(15_000));
  expect(status).toBe(200);
  expect(await lengthOf(body)).toBe(100 * megabyte);
});

test('a slow reader slows the server: nothing piles up in memory', async () => {
  const { reply, written } = flood(100 * megabyte);
  await using server = await startPresenceServer({ '/query': reply });
  const { body } = await transport.stream(query(server), deadlineIn(15_000));
  await sleep(300);
  const held = written();
  expect(held).toBeLessThan(20 * megabyte); // what the two sockets hold
  await sleep(200);
  expect(written()).toBe(held);
  expect(await lengthOf(body)).toBe(100 * megabyte);
});

test('hints that go before an answer are not taken for it', async () => {
  await using server = await startPresenceServer({
    '/query': (response) => {
      response.writeEarlyHints({ link: '</x>; rel=preload' });
      setTimeout(() => response.end('[]'), 20);
    },
  });
  const { status, body } = await transport.stream(query(server), deadlineIn(5_000));
  expect([status, await lengthOf(body)]).toEqual([200, 2]);
});

test('an answer without a body ends', async () => {
  await using server = await startPresenceServer({ '/query': (response) => response.end() });
  const { body } = await transport.stream(query(server), deadlineIn(5_000));
  expect(await lengthOf(body)).toBe(0);
});

test.for([
  ['a cut body', cutBody],
  ['a cut chunked body', cutChunks],
] as const)('%s never ends cleanly', async ([, cut]) => {
  await using server = await startPresenceServer({ '/query': cut });
  const { body } = await transport.stream(query(server), deadlineIn(5_000));
  await expect(lengthOf(body)).rejects.toBeInstanceOf(TransportError);
});

test('a connection that is reset in the middle never ends cleanly', async () => {
  await using server = await startPresenceServer({
    '/query': (response) => {
      response.write('x'.repeat(megabyte));
      setTimeout(() => response.socket?.resetAndDestroy(), 50);
    },
  });
  const { body } = await transport.stream(query(server), deadlineIn(5_000));
  await expect(lengthOf(body)).rejects.toBeInstanceOf(TransportError);
});

test('a failure before the head fails the call', async () => {
  await using server = await startPresenceServer({ '/query': reset });
  await expect(transport.stream(query(server), deadlineIn(5_000))).rejects.toBeInstanceOf(TransportError);
});

test('a chunk that is none, in one packet with the head, fails the reading and nothing else', async () => {
  await using server = await startRawServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n[1,2,\r\nZZZ\r\n');
  });
  const reading = transport.stream(query(server), deadlineIn(5_000)).then(({ body }) => lengthOf(body));
  await expect(reading).rejects.toBeInstanceOf(TransportError);
});

test('a stream that passes its deadline ends with an error', async () => {
  await using server = await startPresenceServer({ '/query': (response) => response.write('[1,') });
  const { body } = await transport.stream(query(server), deadlineIn(200));
  await expect(lengthOf(body)).rejects.toMatchObject({ late: true });
});

test('a deadline that passes while nobody reads is told to whoever reads later', async () => {
  await using server = await startPresenceServer({ '/query': (response) => response.write('[1,') });
  const { body } = await transport.stream(query(server), deadlineIn(100));
  await sleep(200);
  await expect(lengthOf(body)).rejects.toMatchObject({ late: true });
});

test('a reader who goes away ends the request, and the connection is free for the next', async () => {
  const { reply, written } = flood(100 * megabyte);
  await using server = await startPresenceServer({ '/query': [reply, json([])] });
  const { body } = await transport.stream(query(server), deadlineIn(15_000));
  for await (const _ of body) break;
  const next = await transport.stream(query(server), deadlineIn(2_000));
  expect(await lengthOf(next.body)).toBe(2);
  expect(written()).toBeLessThan(20 * megabyte);
});
