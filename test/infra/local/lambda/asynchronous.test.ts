import { expect, test, vi } from 'vitest';
import { invokeAsynchronously } from '../../../../infra/local/lambda/asynchronous.ts';
import { toyFunction } from './toy-function.ts';

/** The bodies of the events with which the function failed for good. */
function asynchronous(code: string) {
  const { toy, lines } = toyFunction(code);
  const failed: string[] = [];
  const ended = new AbortController();
  const onFailure = { send: ({ body }: { body: string }) => Promise.resolve(void failed.push(body)) };
  const options = { name: 'toy', target: toy, onFailure, ended: ended.signal };
  return { lines, failed, ended, invoke: (event: object) => invokeAsynchronously(event, options) };
}

test('A function that fails at first gets its event again', async () => {
  const { lines, failed, invoke } = asynchronous(`let calls = 0;
    exports.handler = async ({ n }) => { calls += 1; if (calls < 2) throw new Error(); console.log('did', n, calls); };`);
  await invoke({ n: 7 });
  await vi.waitFor(() => expect(lines.at(-1)).toBe('toy | did 7 2'));
  expect(failed).toEqual([]);
});

test('An event with which it fails three times is kept, with what went wrong', async () => {
  const { failed, invoke } = asynchronous(
    'exports.handler = async () => { throw new RangeError("too far"); };',
  );
  const begin = Date.now();
  await invoke({ n: 7 });
  expect(Date.now() - begin).toBeGreaterThanOrEqual(3000);
  expect(failed.map((body) => JSON.parse(body))).toEqual([
    {
      version: '1.0',
      timestamp: expect.stringMatching(/Z$/),
      requestContext: {
        functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:toy:$LATEST',
        condition: 'RetriesExhausted',
        approximateInvokeCount: 3,
      },
      requestPayload: { n: 7 },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: { errorType: 'RangeError', errorMessage: 'too far' },
    },
  ]);
});

test('Once it has ended, nothing more is tried or kept', async () => {
  const { lines, failed, ended, invoke } = asynchronous(
    'exports.handler = async () => { console.log("tried"); throw new Error(); };',
  );
  const invoked = invoke({});
  await vi.waitFor(() => expect(lines).toContain('toy | tried'));
  ended.abort();
  await invoked;
  expect([lines.filter((line) => line.endsWith('tried')).length, failed]).toEqual([1, []]);
});
