import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { expect, test, vi } from 'vitest';
import { sendRaw, toyStream } from './toy-gateway.ts';

const from = (head: string) => `const http = awslambda.HttpResponseStream.from(answer, ${head});`;

test('Status and headers come with the prelude, the body as it is written', async () => {
  const { url } = await toyStream(
    `${from('{ statusCode: 201, headers: { "X-Toy": "yes" }, cookies: ["a=1", "b=2"] }')}
     http.write('one'); await new Promise((done) => setTimeout(done, 2000)); http.end('two');`,
  );
  const begin = Date.now();
  const { statusCode, headers, body } = await request(`${url}/toy`);
  expect(Date.now() - begin).toBeLessThan(1900);
  expect(statusCode).toBe(201);
  expect(headers).toMatchObject({
    'x-toy': 'yes',
    'set-cookie': ['a=1', 'b=2'],
    'transfer-encoding': 'chunked',
  });
  const pieces: string[] = [];
  for await (const piece of body) pieces.push(String(piece));
  expect(pieces).toEqual(['one', 'two']);
});

test('A short answer arrives whole, many times', async () => {
  const { url } = await toyStream(`${from('{ statusCode: 200 }')} http.write('{"a"'); http.end(':1}');`);
  for (let i = 0; i < 50; i += 1) {
    const { body } = await request(`${url}/toy`);
    expect(await body.json()).toEqual({ a: 1 });
  }
});

test('A prelude that comes in pieces is read', async () => {
  const { url } = await toyStream(
    `for (const byte of Buffer.from('{"statusCode":200}\\0\\0\\0\\0\\0\\0\\0\\0fine')) {
       await new Promise((done) => answer.write(Buffer.of(byte), done));
     }
     answer.end();`,
  );
  const { body } = await request(`${url}/toy`);
  expect(await body.text()).toBe('fine');
});

test.each([
  ['has no prelude', 'answer.write("{}"); answer.end();'],
  ['has a malformed prelude', 'answer.write("{]\\0\\0\\0\\0\\0\\0\\0\\0fine"); answer.end();'],
  ['has no status', `${from('{ headers: {} }')} http.write('fine'); http.end();`],
  ['never ends its prelude', 'await pipeline(Readable.from("x".repeat(100000)), answer);'],
  ['fails before the first byte', `${from('{ statusCode: 200 }')} throw new Error('broken');`],
])('A stream that %s is answered with `internal`', async (_what, code) => {
  const { url } = await toyStream(code);
  const { statusCode, body } = await request(`${url}/toy`);
  expect(statusCode).toBe(500);
  expect(await body.json()).toMatchObject({ code: 'internal' });
});

test.each([
  ['throws', 'throw new Error("broken")'],
  ['exits', 'process.exit(1)'],
  ['destroys its stream', 'http.destroy(new Error("broken"))'],
])('When a function %s in the middle, the client never sees a clean end', async (_what, failure) => {
  const { url } = await toyStream(
    `${from('{ statusCode: 200 }')} await new Promise((done) => http.write('half', done)); ${failure};`,
  );
  const { statusCode, body } = await request(`${url}/toy`);
  expect(statusCode).toBe(200);
  await expect(body.text()).rejects.toThrow();
  const raw = await sendRaw(url, 'GET /toy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n').catch(
    String,
  );
  expect(raw).not.toContain('0\r\n\r\n');
});

test('When the client goes away, the function goes on to its end, as on Lambda', async () => {
  const { url, lines } = await toyStream(
    `${from('{ statusCode: 200 }')} const piece = Buffer.alloc(1e6);
     await pipeline(function* () { for (let i = 0; i < 50; i += 1) yield piece }, http);
     console.log('done');`,
  );
  const { body } = await request(`${url}/toy`);
  for await (const _ of body) break;
  await vi.waitFor(() => expect(lines).toContain('toy | done'), { timeout: 5000 });
});

test('A slow client slows the function, and memory stays flat', async () => {
  const { url, lines } = await toyStream(
    `${from('{ statusCode: 200 }')} let count = 0;
     await pipeline(function* () { for (;;) { console.log(count += 1); yield Buffer.alloc(1e6); } }, http);`,
  );
  const { body } = await request(`${url}/toy`);
  await sleep(800);
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeLessThan(30);
  body.destroy();
});

test('Two hundred megabytes pass whole', async () => {
  const { url } = await toyStream(
    `${from('{ statusCode: 200 }')} const piece = Buffer.alloc(65536, 'x');
     await pipeline(function* () { for (let i = 0; i < 3200; i += 1) yield piece }, http);`,
  );
  const before = process.memoryUsage().rss;
  const { body } = await request(`${url}/toy`);
  let bytes = 0;
  for await (const piece of body) bytes += piece.length;
  expect(bytes).toBe(3200 * 65_536);
  expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
});
