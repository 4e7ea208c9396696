import { createServer } from 'node:net';
import { request } from 'undici';
import { expect, test, vi } from 'vitest';
import { portCount } from '../../../infra/local/ports.ts';
import { type LocalStack, startLocalStack } from '../../../infra/local/stack.ts';
import { defineRelay } from '../../../shared/api/config/relay.ts';
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

test('Each group gets its own token, for credentials, before anybody calls', async () => {
  await using stack = await startLocalStack({
    ...quiet,
    config: defineRelay({ groups: { 777: {}, 12345: {} } }),
  });
  expect(stack.groupids).toEqual([777, 12345]);
  expect(stack.emulator.granted).toBe(2);
  const reads = stack.secretsManager.calls.get('GetSecretValue') ?? 0;
  for (const groupid of stack.groupids) {
    expect(await call(stack, `/lookupvisitor?groupid=${groupid}&visitorid=ada`)).toEqual({
      statusCode: 200,
      answer: {},
    });
  }
  expect(stack.secretsManager.calls.get('GetSecretValue')).toBe(reads + 2);
  expect(await call(stack, '/lookupvisitor?groupid=1&visitorid=ada')).toMatchObject({ statusCode: 403 });
});

test('A page of a configured origin may ask, call and read; other pages may not', async () => {
  const desk = 'https://desk.acme.example';
  const config = defineRelay({ groups: { 12345: {} }, cors: { origins: [desk] } });
  await using stack = await startLocalStack({ ...quiet, config });
  const visitor = 'groupid=12345&visitorid=ada';
  expect(await asPage(stack, desk, `/signalvisitor?${visitor}`, 'OPTIONS')).toMatchObject({
    status: 204,
    readableBy: desk,
    methods: 'POST',
  });
  for (const path of [`/lookupvisitor?${visitor}`, '/query?groupid=12345', '/query?groupid=1']) {
    expect(await asPage(stack, desk, path)).toMatchObject({ readableBy: desk, vary: 'origin' });
    expect(await asPage(stack, 'https://evil.example', path)).toMatchObject({ readableBy: null });
  }
  expect(await asPage(stack, desk, '/nothing')).toMatchObject({ status: 404, readableBy: '*' });
});

/** What a browser looks at before a page of the origin gets to see the answer. */
async function asPage(stack: LocalStack, origin: string, path: string, method: 'GET' | 'OPTIONS' = 'GET') {
  const {
    statusCode: status,
    headers,
    body,
  } = await request(`${stack.relay}${path}`, {
    method,
    headers: { origin },
  });
  await body.dump();
  const { vary, 'access-control-allow-methods': methods } = headers;
  return { status, vary, methods, readableBy: headers['access-control-allow-origin'] ?? null };
}

test('Base addresses are of loopback and end without a slash', async () => {
  await using stack = await startLocalStack(quiet);
  const { relay, presence, site, secrets, queues, table, events } = stack;
  for (const address of [relay, presence, site, secrets, queues, table, events]) {
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
    `Port ${port + portCount - 1} is not to be had for Lambda: it is taken`,
  );
  await new Promise((done) => blocker.close(done));
  await using stack = await startLocalStack({ ...quiet, port });
  const { relay, presence, site, secrets, queues, table, events, bucket, functions } = stack;
  const all = [relay, presence, site, secrets, queues, table, events, bucket, functions];
  const ports = all.map((url) => Number(new URL(url).port));
  expect(ports.map((each) => each - port)).toEqual([0, 1, 4, 5, 6, 7, 8, 9, 10]);
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
