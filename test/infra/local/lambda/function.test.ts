import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { toyFunction } from './toy-function.ts';

test('A function gets its event as JSON and its result comes back as JSON', async () => {
  const { toy } = toyFunction('exports.handler = async (event) => ({ got: event, gone: undefined })');
  expect(await toy.invoke({ a: 1, when: new Date(0), b: undefined })).toEqual({
    got: { a: 1, when: '1970-01-01T00:00:00.000Z' },
  });
});

test('A handler that returns nothing answers null', async () => {
  const { toy } = toyFunction('exports.handler = async () => {}');
  expect(await toy.invoke({})).toBeNull();
});

test('The context is that of Lambda', async () => {
  const { toy } = toyFunction(
    `exports.handler = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis() })`,
    { name: 'lookupvisitor', timeoutSeconds: 29, memoryMb: 256 },
  );
  expect(await toy.invoke({})).toEqual({
    awsRequestId: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/),
    callbackWaitsForEmptyEventLoop: true,
    functionName: 'lookupvisitor',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:lookupvisitor',
    memoryLimitInMB: '256',
    logGroupName: '/aws/lambda/lookupvisitor',
    logStreamName: expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][\da-f]{32}$/),
    left: expect.closeTo(29_000, -3),
  });
});

test('The environment is what Lambda sets and what is configured, and nothing of this process', async () => {
  process.env.OF_THE_PARENT = 'secret';
  const { toy } = toyFunction('exports.handler = async () => process.env', {
    environment: { RELAY_GROUPS: '{}' },
  });
  const environment = await toy.invoke({});
  expect(environment).toMatchObject({
    RELAY_GROUPS: '{}',
    AWS_REGION: 'us-east-1',
    _HANDLER: 'index.handler',
  });
  expect(environment).not.toHaveProperty('OF_THE_PARENT');
});

test('An instance handles one event at a time and keeps what it has learnt', async () => {
  const { toy } = toyFunction(
    `let calls = 0; let running = 0;
     exports.handler = async () => {
       running += 1; const most = running;
       await new Promise((done) => setTimeout(done, 5));
       running -= 1;
       return [++calls, most];
     }`,
    { maxInstances: 1 },
  );
  const results = await Promise.all([1, 2, 3].map(() => toy.invoke({})));
  expect(results).toEqual([1, 2, 3].map((call) => [call, 1]));
});

/** Tells which instance it is. */
const waits = `exports.handler = async (wait) => {
  await new Promise((done) => setTimeout(done, wait));
  return process.env.AWS_LAMBDA_LOG_STREAM_NAME;
}`;

test('Under load there are more instances, up to the limit; idle ones are used again', async () => {
  const { toy } = toyFunction(waits, { maxInstances: 3 });
  const busy = await Promise.all(Array.from({ length: 9 }, () => toy.invoke(50)));
  expect(new Set(busy).size).toBe(3);
  const calm = [await toy.invoke(0), await toy.invoke(0)];
  expect(busy).toEqual(expect.arrayContaining(calm));
});

test('A short burst of fast calls is served by ten instances', async () => {
  const { toy } = toyFunction(waits);
  const instances = await Promise.all(Array.from({ length: 300 }, () => toy.invoke(10)));
  expect(new Set(instances).size).toBe(10);
});

test('Slow calls do not wait for each other: more than ten instances start, ten at a time', async () => {
  const { toy } = toyFunction(waits);
  const begin = performance.now();
  const calls = Array.from({ length: 40 }, async () => {
    const instance = await toy.invoke(3000);
    return { instance, ms: performance.now() - begin };
  });
  const answers = await Promise.all(calls);
  expect(new Set(answers.map(({ instance }) => instance)).size).toBeGreaterThan(20);
  const times = answers.map(({ ms }) => ms).toSorted((a, b) => a - b);
  expect(times[10]).toBeGreaterThan((times[0] ?? 0) + 100);
  // Ten instances would take four times as long as one call.
  expect(times.at(-1)).toBeLessThan(9000);
});

test('When the load is over, ten instances are kept', async () => {
  const { toy } = toyFunction(waits, { idleMs: 300 });
  const load = () => Promise.all(Array.from({ length: 20 }, () => toy.invoke(1000)));
  const first = new Set(await load());
  expect(first.size).toBe(20);
  await sleep(1000);
  const second = new Set(await load());
  expect([...second].filter((instance) => first.has(instance))).toHaveLength(10);
});

test('A handler that throws is a function error, and its instance goes on', async () => {
  const { toy, lines } = toyFunction(
    `let calls = 0;
     exports.handler = async () => { if (++calls === 1) throw new RangeError('too far'); return calls; }`,
  );
  await expect(toy.invoke({})).rejects.toMatchObject({ errorType: 'RangeError', errorMessage: 'too far' });
  expect(await toy.invoke({})).toBe(2);
  expect(lines.join('\n')).toMatch(/^toy \| Invoke Error \{"errorType":"RangeError"/);
});

test('A time-out ends the instance even in an endless loop; the next event gets a fresh one', async () => {
  const { toy, lines } = toyFunction(
    `let calls = 0; exports.handler = async (endless) => { calls += 1; while (endless); return calls; }`,
    { timeoutSeconds: 0.3 },
  );
  expect(await toy.invoke(false)).toBe(1);
  await expect(toy.invoke(true)).rejects.toMatchObject({
    errorType: 'Sandbox.Timedout',
    errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Task timed out after 0.30 seconds$/),
  });
  expect(await toy.invoke(false)).toBe(1);
  expect(lines).toEqual([expect.stringContaining('Task timed out after 0.30 seconds')]);
});

test.each([
  [
    'an uncaught exception',
    `setTimeout(() => { throw new TypeError('lost') }); return new Promise(() => {})`,
    'TypeError',
  ],
  [
    'an unhandled rejection',
    `Promise.reject(new TypeError('lost')); return new Promise(() => {})`,
    'TypeError',
  ],
  ['process.exit', 'process.exit(3)', 'Runtime.ExitError'],
  ['too much memory', 'const all = []; for (;;) all.push(new Array(1e5).fill({}))', 'Error'],
])('After %s only its own invocation fails', async (_what, crash, errorType) => {
  const { toy } = toyFunction(
    `exports.handler = async (isCrash) => {
       if (isCrash) { ${crash} }
       await new Promise((done) => setTimeout(done, 300));
       return 'fine';
     }`,
    { memoryMb: 64 },
  );
  const others = [toy.invoke(false), toy.invoke(false)];
  await expect(toy.invoke(true)).rejects.toMatchObject({ errorType });
  expect(await Promise.all(others)).toEqual(['fine', 'fine']);
  expect(await toy.invoke(false)).toBe('fine');
});

test('A crash between two events takes no event with it', async () => {
  const { toy, lines } = toyFunction(
    `exports.handler = async () => { setTimeout(() => { throw new Error('afterwards') }, 20); return 'fine' }`,
  );
  expect(await toy.invoke({})).toBe('fine');
  await vi.waitFor(() => expect(lines).toEqual(['toy | Uncaught Error: afterwards']));
  expect(await toy.invoke({})).toBe('fine');
});

test.each([
  ['cannot be loaded', 'throw new SyntaxError("half a bundle")', 'SyntaxError'],
  ['has no handler', 'exports.handle = async () => {}', 'Runtime.HandlerNotFound'],
  [
    'has a callback',
    'exports.handler = (event, context, callback) => callback(null, 1)',
    'Runtime.CallbackHandlerDeprecated',
  ],
])('A bundle that %s fails its invocations', async (_what, code, errorType) => {
  const { toy } = toyFunction(code);
  await expect(toy.invoke({})).rejects.toMatchObject({ errorType });
  await expect(toy.invoke({})).rejects.toMatchObject({ errorType });
});

test('What a function prints comes line by line under its name', async () => {
  const { toy, lines } = toyFunction(
    `exports.handler = async () => { console.log('one\\ntwo'); console.error('three') }`,
  );
  await toy.invoke({});
  await vi.waitFor(() => expect(lines.toSorted()).toEqual(['toy | one', 'toy | three', 'toy | two']));
});

test('Events and results above the limits of Lambda are refused', async () => {
  const { toy } = toyFunction(`exports.handler = async (size) => 'x'.repeat(Number(size))`);
  await expect(toy.invoke('x'.repeat(6 * 1024 * 1024))).rejects.toMatchObject({ name: 'RequestTooLarge' });
  await expect(toy.invoke(6_300_000)).rejects.toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' });
});

test('Closing ends running and waiting events at once', async () => {
  const { toy } = toyFunction('exports.handler = () => new Promise(() => {})', { maxInstances: 1 });
  const calls = [toy.invoke({}), toy.invoke({})].map((call) => expect(call).rejects.toThrow('stopped'));
  await sleep(100);
  await toy.close();
  await Promise.all(calls);
});
