import { request } from 'undici';
import { expect, test } from 'vitest';
import { toyGateway } from './toy-gateway.ts';

const answering = (answer: unknown) =>
  toyGateway(`exports.handler = async () => (${JSON.stringify(answer)})`);

test('Status, headers and body are those of the function', async () => {
  const { url } = await answering({
    statusCode: 202,
    headers: { Location: '/toys/1', 'Retry-After': 3, 'X-Both': 'single' },
    multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'], 'x-both': ['several'] },
    body: 'Grüße',
  });
  const { statusCode, headers, body } = await request(`${url}/toy`);
  expect(statusCode).toBe(202);
  expect(headers).toMatchObject({
    location: '/toys/1',
    'retry-after': '3',
    'x-both': 'several',
    'set-cookie': ['a=1', 'b=2'],
    'content-type': 'application/json',
    'content-length': '7',
  });
  expect(await body.text()).toBe('Grüße');
});

test('A base64 body arrives as bytes', async () => {
  const { url } = await answering({ statusCode: 200, body: '/wD+', isBase64Encoded: true });
  const { body } = await request(`${url}/toy`);
  expect(Buffer.from(await body.arrayBuffer())).toEqual(Buffer.from([255, 0, 254]));
});

test('An answer without a body is empty', async () => {
  const { url } = await answering({ statusCode: 204 });
  const { statusCode, headers, body } = await request(`${url}/toy`);
  expect([statusCode, await body.text(), headers['content-length']]).toEqual([204, '', undefined]);
});

test('Headers that API Gateway says itself come under another name', async () => {
  const { url } = await answering({
    statusCode: 401,
    headers: { 'WWW-Authenticate': 'Basic', 'Content-Length': '999', 'x-amzn-requestid': 'mine', TE: 'gzip' },
    body: '{}',
  });
  const { headers, body } = await request(`${url}/toy`);
  expect(headers).toMatchObject({ 'x-amzn-remapped-www-authenticate': 'Basic', 'content-length': '2' });
  expect(headers['x-amzn-requestid']).not.toBe('mine');
  expect(headers).not.toHaveProperty('te');
  expect(await body.text()).toBe('{}');
});

test.each([
  ['nothing', 'undefined'],
  ['text', '"fine"'],
  ['no status', '{ body: "{}" }'],
  ['a status as text', '{ statusCode: "200" }'],
  ['a body that is no text', '{ statusCode: 200, body: {} }'],
  ['a key that is not known', '{ statusCode: 200, text: "" }'],
  ['a header that cannot be sent', '{ statusCode: 200, headers: { "x-a": "1", "x-b": "a\\r\\nb" } }'],
  ['an exception', '(() => { throw new Error("secret reason") })()'],
  ['an exit', 'process.exit(1)'],
  ['a time-out', 'new Promise(() => {})'],
])(
  'When the function gives %s, the client gets `internal` and nothing of the reason',
  async (_what, value) => {
    const { url, lines } = await toyGateway(`exports.handler = async () => (${value})`, {
      timeoutSeconds: 0.5,
    });
    const { statusCode, headers, body } = await request(`${url}/toy`);
    expect(statusCode).toBe(500);
    expect(headers).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
    });
    expect(headers).not.toHaveProperty('x-a');
    expect(await body.json()).toEqual({
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      code: 'internal',
      detail: 'Something went wrong here.',
      requestId: headers['x-amzn-requestid'],
    });
    expect(lines.at(-1)).toMatch(/^gateway \| \S/);
  },
);

test('Many calls at once are all answered, each with its own', async () => {
  const { url } = await toyGateway(
    'exports.handler = async (event) => ({ statusCode: 200, body: event.queryStringParameters.n })',
  );
  const calls = Array.from({ length: 300 }, async (_, n) => {
    const { body } = await request(`${url}/toy?n=${n}`);
    return Number(await body.text());
  });
  expect(await Promise.all(calls)).toEqual(calls.map((_, n) => n));
});
