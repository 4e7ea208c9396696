import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { toyFunction } from './toy-function.ts';

const streaming = (body: string) =>
  `const { pipeline } = require('node:stream/promises'); const { Readable } = require('node:stream');
   exports.handler = awslambda.streamifyResponse(async (event, answer, context) => { ${body} });`;

test('The prelude goes before the first write: metadata, eight NUL bytes, the payload', async () => {
  const { toy } = toyFunction(
    streaming(`const http = awslambda.HttpResponseStream.from(answer, { statusCode: 201 });
      http.write('one '); http.write(Buffer.from('two ')); http.write({ three: 3 }); http.end();`),
  );
  const bytes = await buffer(toy.invokeStreaming({}));
  expect(bytes.toString()).toBe(`{"statusCode":201}${'\0'.repeat(8)}one two {"three":3}`);
});

test('As on Lambda, a stream that ends without a write has no prelude', async () => {
  const { toy } = toyFunction(
    streaming(`awslambda.HttpResponseStream.from(answer, { statusCode: 200 }).end('lost')`),
  );
  expect((await buffer(toy.invokeStreaming({}))).toString()).toBe('lost');
});

test('The end of the stream is the end of the answer, although the handler goes on', async () => {
  const { toy } = toyFunction(
    streaming(`answer.write(process.env.AWS_LAMBDA_LOG_STREAM_NAME); answer.end();
      await new Promise((done) => setTimeout(done, 5000)); throw new Error('too late');`),
  );
  const begin = Date.now();
  const first = await buffer(toy.invokeStreaming({}));
  expect(Date.now() - begin).toBeLessThan(4900);
  expect(await buffer(toy.invokeStreaming({}))).not.toEqual(first);
});

test('Two hundred megabytes pass whole, in little memory', async () => {
  const { toy } = toyFunction(
    streaming(`const piece = Buffer.alloc(64 * 1024, 'x');
      await pipeline(function* () { for (let i = 0; i < 3200; i += 1) yield piece }, answer);`),
  );
  const before = process.memoryUsage();
  let bytes = 0;
  let most = 0;
  for await (const piece of toy.invokeStreaming({})) {
    bytes += piece.length;
    most = Math.max(most, process.memoryUsage().arrayBuffers - before.arrayBuffers);
  }
  expect(bytes).toBe(3200 * 64 * 1024);
  expect(most).toBeLessThan(50 * 1024 * 1024);
});

test('A receiver that does not read stops the writer', async () => {
  const { toy, lines } = toyFunction(
    streaming(`let written = 0; const piece = Buffer.alloc(64 * 1024);
      for (;;) {
        console.log(written += piece.length);
        if (!answer.write(piece)) await new Promise((done) => answer.once('drain', done));
      }`),
  );
  const answer = toy.invokeStreaming({});
  await once(() => lines.length > 0);
  await sleep(500);
  expect(lines.length).toBeLessThan(6);
  answer.destroy();
});

test.each([
  ['throws', 'throw new RangeError("broken")', 'RangeError'],
  [
    'destroys its stream',
    'answer.destroy(new RangeError("broken")); await new Promise(setImmediate)',
    'RangeError',
  ],
  ['exits', 'process.exit(1)', 'Runtime.ExitError'],
  ['takes too long', 'await new Promise(() => {})', 'Sandbox.Timedout'],
])(
  'When a function %s in the middle, the answer errors and never ends',
  async (_what, failure, errorType) => {
    const { toy } = toyFunction(
      streaming(`await new Promise((done) => answer.write('half', done)); ${failure}`),
      { timeoutSeconds: 0.5 },
    );
    const answer = toy.invokeStreaming({});
    await expect(buffer(answer)).rejects.toMatchObject({ errorType });
    expect(answer.readableEnded).toBe(false);
  },
);

test('When the receiver goes away, the function goes on to its end and takes the next event', async () => {
  const { toy, lines } = toyFunction(
    streaming(`if (event === 'short') return void answer.end('fine');
      const piece = Buffer.alloc(64 * 1024);
      await pipeline(function* () { for (let i = 0; i < 500; i += 1) yield piece }, answer);
      console.log('done');`),
    { maxInstances: 1 },
  );
  for await (const _ of toy.invokeStreaming({})) break;
  expect((await buffer(toy.invokeStreaming('short'))).toString()).toBe('fine');
  expect(lines).toEqual(['toy | done']);
});

test('As on Lambda, a function that destroys its stream with an error takes its instance with it', async () => {
  const { toy, lines } = toyFunction(
    streaming(`globalThis.count = (globalThis.count ?? 0) + 1;
      if (event === 'short') return void answer.end(String(globalThis.count));
      await pipeline(Readable.from((async function* () { yield 'half'; throw new Error('hunter2'); })()), answer);`),
    { maxInstances: 1 },
  );
  await expect(buffer(toy.invokeStreaming({}))).rejects.toThrow();
  expect((await buffer(toy.invokeStreaming('short'))).toString()).toBe('1');
  expect(lines.join()).toContain('Uncaught Error: hunter2');
});

test('An event whose caller went away while it waited is not run', async () => {
  const { toy, lines } = toyFunction(
    `exports.handler = async (event) => { console.log(event); await new Promise((done) => setTimeout(done, 50)) }`,
    { maxInstances: 1 },
  );
  const first = toy.invoke('first');
  toy.invokeStreaming('second').destroy();
  await Promise.all([first, toy.invoke('third')]);
  await once(() => lines.length > 1);
  expect(lines).toEqual(['toy | first', 'toy | third']);
});

const once = (isSo: () => boolean) => vi.waitFor(() => expect(isSo()).toBe(true), { timeout: 5000 });
