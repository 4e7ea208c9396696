import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { sendRaw, toyGateway } from './toy-gateway.ts';

const fine = 'exports.handler = async () => ({ statusCode: 200, body: "{}" })';
const tooMuch = 10 * 1024 * 1024 + 1;

async function problemOf(path: string, options: Parameters<typeof request>[1] = {}) {
  const { url } = await toyGateway(fine);
  const { statusCode, headers, body } = await request(`${url}${path}`, options);
  expect(headers['content-type']).toBe('application/problem+json');
  const problem = (await body.json()) as Record<string, unknown>;
  expect(problem).toMatchObject({ status: statusCode, requestId: headers['x-amzn-requestid'] });
  return { code: problem.code, headers };
}

test.each(['/', '/toy/', '/toys', '/toys/', '/toys/1/2', '/TOY', '//toy', '/toy%3Fa'])(
  'There is nothing at %s',
  async (path) => {
    expect(await problemOf(path)).toMatchObject({ code: 'not-found' });
  },
);

test.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const)('A known path does not take %s', async (method) => {
  const { code, headers } = await problemOf('/toy', { method });
  expect([code, headers.allow]).toEqual(['method-not-allowed', 'GET, POST']);
});

test('HEAD gets 405 without a body', async () => {
  const { url } = await toyGateway(fine);
  const answer = await sendRaw(url, 'HEAD /toy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1.1 405 Method Not Allowed\r\nallow: GET, POST\r\n/i);
  expect(answer).toMatch(/\r\n\r\n$/);
});

test('A path that is not well encoded is refused', async () => {
  expect(await problemOf('/toys/%E0%A4')).toMatchObject({ code: 'invalid-request' });
});

test('A body above 10 MB is refused, whether its length is said before or not', async () => {
  const body = Buffer.alloc(tooMuch);
  expect(await problemOf('/toy', { method: 'POST', body })).toMatchObject({ code: 'payload-too-large' });
  const unsaid = Readable.from([body.subarray(1e6), body.subarray(0, 1e6)]);
  expect(await problemOf('/toy', { method: 'POST', body: unsaid })).toMatchObject({
    code: 'payload-too-large',
  });
});

test('A body that Lambda would not take as an event is refused too', async () => {
  const body = Buffer.alloc(5 * 1024 * 1024);
  expect(await problemOf('/toy', { method: 'POST', body })).toMatchObject({ code: 'payload-too-large' });
});

test('After a refusal the connection serves the next call', async () => {
  const { url } = await toyGateway(fine);
  const post = (body: string) =>
    `POST /toy HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${tooMuch}\r\n\r\n${body}`;
  const get = 'GET /toy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
  const answers = await sendRaw(url, post('x'.repeat(tooMuch)) + get);
  expect(answers.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
});

test.each([
  ['no HTTP', 'hello\r\n\r\n'],
  ['a broken header', 'GET /toy HTTP/1.1\r\nHost localhost\r\n\r\n'],
  [
    'two lengths',
    'POST /toy HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  ],
  ['a method that nobody knows', 'FETCH /toy HTTP/1.1\r\nHost: localhost\r\n\r\n'],
])('A request of %s is refused with 400', async (_what, bytes) => {
  const { url } = await toyGateway(fine);
  const answer = await sendRaw(url, bytes);
  expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
  const [, requestId] = /x-amzn-requestid: (\S+)\r\n/.exec(answer) ?? [];
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
    code: 'invalid-request',
    detail: 'The relay cannot read this as an HTTP request.',
    requestId,
  });
});

test.each([
  ['A long query', `?x=${'x'.repeat(20_000)}`, ''],
  ['A query without end', `?x=${'x'.repeat(5_000_000)}`, ''],
  ['A long header', '', `X: ${'x'.repeat(20_000)}\r\n`],
  ['Many headers', '', `X: ${'x'.repeat(1000)}\r\n`.repeat(20)],
])('%s is refused with 413, which says what is too long', async (_what, query, headers) => {
  const { url } = await toyGateway(fine);
  const answer = await sendRaw(url, `GET /toy${query} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
  expect(answer).toMatch(/^HTTP\/1.1 413 Payload Too Large\r\n/);
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
    code: 'payload-too-large',
    detail: 'The path, the query and the headers together must be at most 16 KB.',
  });
});

test('A client that never ends its request is left after two seconds', async () => {
  const { url } = await toyGateway(fine);
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
  socket.resume().write('hello\r\n\r\n');
  const sending = setInterval(() => socket.write('x'), 50);
  const [error] = await once(socket, 'error');
  clearInterval(sending);
  expect(error).toMatchObject({ code: expect.stringMatching(/^(EPIPE|ECONNRESET)$/) });
});

test('A call with two hosts is refused, even when they are the same', async () => {
  const { url } = await toyGateway(fine);
  const host = 'Host: localhost\r\n';
  const answer = await sendRaw(url, `GET /toy HTTP/1.1\r\n${host}${host}Connection: close\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1.1 400 /);
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
    code: 'invalid-request',
    errors: [{ header: 'Host', detail: 'must be given once' }],
  });
});

test.each(['Host: rebound.example:4700\r\n', 'Host: 127.0.0.1.example\r\n', 'Host: localhost.\r\n', ''])(
  'A call with "%s" does not reach the function: it may come from a page on the internet',
  async (host) => {
    const { url } = await toyGateway(fine);
    const answer = await sendRaw(url, `GET /toy HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain('"code":"invalid-request"');
  },
);

test.each(['127.0.0.1', 'localhost:80', 'LOCALHOST:4700', '[::1]:4700'])(
  '%s is this machine',
  async (host) => {
    const { url } = await toyGateway(fine);
    const answer = await sendRaw(url, `GET /toy HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
  },
);

test('No page of another origin may read an answer', async () => {
  const { url } = await toyGateway(fine);
  const { headers } = await request(`${url}/toy`, { headers: { origin: 'http://example.com' } });
  expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
});
