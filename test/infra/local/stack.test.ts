import { createServer } from 'node:net';
import { request } from 'undici';
import { expect, test, vi } from 'vitest';
import { type LocalStack, portCount, startLocalStack } from '../../../infra/local/stack.ts';
import { defineRelay } from '../../../shared/api/config.ts';
import { freePorts } from '../../support/ports.ts';

const quiet = { config: defineRelay({ groups: { 12345: {} } }), log: () => {} };

async function call(stack: LocalStack, path: string, message?: object) {
  const { statusCode, body } = await request(`${stack.relay}${path}`, {
    ...(message && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(message),
    }),
  });
  return { statusCode, answer: await body.json() };
}

test('The relay that is deployed, with everything around it, answers on this machine', async () => {
  await using stack = await startLocalStack(quiet);
  stack.emulator.crowd(3);
  const visitor = 'groupid=12345&visitorid=crowd-1';
  expect(await call(stack, `/lookupvisitor?${visitor}`)).toMatchObject({
    statusCode: 200,
    answer: { groupid: '12345' },
  });
  expect(await call(stack, `/findvisitor?${visitor}`)).toMatchObject({ answer: { visitorfound: true } });
  expect(await call(stack, '/query?groupid=12345')).toMatchObject({
    statusCode: 200,
    answer: { visitors: { length: 3 } },
  });
  expect(await call(stack, `/signalvisitor?${visitor}`, { mtype: 'signal', data: 1 })).toEqual({
    statusCode: 200,
    answer: { id: expect.any(String), status: 'sent' },
  });
  expect(
    await call(stack, `/signalvisitor?groupid=12345&visitorid=ada`, { mtype: 'signal', data: 1 }),
  ).toMatchObject({
    statusCode: 404,
    answer: { code: 'visitor-not-present' },
  });
});

test('The relay answers from the first moment at which it can be called', async () => {
  const port = await freePorts(portCount);
  const starting = startLocalStack({ ...quiet, port });
  const first = await vi.waitFor(
    () => request(`http://127.0.0.1:${port}/lookupvisitor?groupid=12345&visitorid=ada`),
    { interval: 1, timeout: 10_000 },
  );
  expect([first.statusCode, await first.body.json()]).toEqual([200, {}]);
  await using _stack = await starting;
});

test('Each group has its own token, read from Secrets Manager', async () => {
  await using stack = await startLocalStack({
    ...quiet,
    config: defineRelay({ groups: { 777: {}, 12345: {} } }),
  });
  expect(stack.groupids).toEqual([777, 12345]);
  for (const groupid of stack.groupids) {
    expect(await call(stack, `/lookupvisitor?groupid=${groupid}&visitorid=ada`)).toEqual({
      statusCode: 200,
      answer: {},
    });
  }
  expect(stack.secretsManager.calls.get('GetSecretValue')).toBe(2);
  expect(await call(stack, '/lookupvisitor?groupid=1&visitorid=ada')).toMatchObject({ statusCode: 403 });
});

test('Base addresses are of loopback and end without a slash', async () => {
  await using stack = await startLocalStack(quiet);
  for (const address of [stack.relay, stack.presence, stack.site, stack.secrets]) {
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  }
  const { statusCode } = await request(`${stack.site}/?visitorid=ada`);
  expect(statusCode).toBe(200);
});

test('Two stacks run side by side', async () => {
  await using one = await startLocalStack(quiet);
  await using other = await startLocalStack(quiet);
  one.emulator.crowd(1);
  const path = '/lookupvisitor?groupid=12345&visitorid=crowd-0';
  expect((await call(one, path)).answer).not.toEqual({});
  expect((await call(other, path)).answer).toEqual({});
});

test('With a port, the others follow; a taken one is named, and nothing stays open', async () => {
  const port = await freePorts(portCount);
  const blocker = createServer().listen(port + portCount - 1, '127.0.0.1');
  await expect(startLocalStack({ ...quiet, port })).rejects.toThrow(
    `Port ${port + portCount - 1} is not to be had for Secrets Manager: it is taken`,
  );
  await new Promise((done) => blocker.close(done));
  await using stack = await startLocalStack({ ...quiet, port });
  expect([stack.relay, stack.presence].map((url) => Number(new URL(url).port))).toEqual([port, port + 1]);
});

test('Closing ends it in the middle of a stream, which has no clean end', async () => {
  const stack = await startLocalStack(quiet);
  stack.emulator.crowd(100_000);
  const { body } = await request(`${stack.relay}/query?groupid=12345`);
  await body[Symbol.asyncIterator]().next();
  const begin = Date.now();
  const rest = expect(body.text()).rejects.toThrow();
  await stack.close();
  await rest;
  expect(Date.now() - begin).toBeLessThan(1000);
});
