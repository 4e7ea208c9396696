import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetFunctionConfigurationCommand,
  InvokeCommand,
  type InvokeCommandInput,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { request } from 'undici';
import { expect, onTestFinished, test, vi } from 'vitest';
import { onThisMachine } from '../../../../infra/cli/aws.ts';
import { startFunctionsApi } from '../../../../infra/local/lambda/api.ts';
import { toyFunction } from './toy-function.ts';

const name = 'presence-relay-local-snapshot';

async function start(code = 'exports.handler = async (event) => ({ got: event })') {
  const { toy, lines } = toyFunction(code);
  const environment = { RELAY_STAGE: 'local' };
  const api = await startFunctionsApi({ port: 0, functions: { [name]: { target: toy, environment } } });
  const client = new LambdaClient(onThisMachine(Number(new URL(api.url).port)));
  onTestFinished(async () => {
    client.destroy();
    await api.close();
  });
  const invoke = (input: Partial<InvokeCommandInput> = {}) =>
    client.send(new InvokeCommand({ FunctionName: name, ...input }));
  return { api, client, invoke, lines };
}

test('A function is called with its payload and answers with its own', async () => {
  const { invoke } = await start();
  const answer = await invoke({ Payload: JSON.stringify({ groupid: '12345', greeting: 'grüß dich' }) });
  expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' });
  expect(answer.FunctionError).toBeUndefined();
  expect(JSON.parse(answer.Payload?.transformToString() ?? '')).toEqual({
    got: { groupid: '12345', greeting: 'grüß dich' },
  });
});

test('A function that is called with nothing gets an empty event', async () => {
  const { invoke } = await start();
  expect((await invoke()).Payload?.transformToString()).toBe('{"got":{}}');
});

test('A function that fails is an answer that says so', async () => {
  const { invoke } = await start('exports.handler = async () => { throw new TypeError("no such thing") }');
  const { StatusCode, FunctionError, Payload } = await invoke();
  expect([StatusCode, FunctionError]).toEqual([200, 'Unhandled']);
  expect(JSON.parse(Payload?.transformToString() ?? '')).toEqual({
    errorType: 'TypeError',
    errorMessage: 'no such thing',
  });
});

test('An event is taken at once and run afterwards, and a function that fails with it harms nobody', async () => {
  const { invoke, lines } = await start(
    `exports.handler = async ({ wait }) => {
       await new Promise((done) => setTimeout(done, wait));
       console.log('ran');
       throw new Error('in vain');
     }`,
  );
  const { StatusCode, Payload } = await invoke({ InvocationType: 'Event', Payload: '{"wait":300}' });
  expect([StatusCode, Payload?.length ?? 0]).toEqual([202, 0]);
  expect(lines).toEqual([]);
  await vi.waitFor(() => expect(lines.join()).toContain('ran'), 5_000);
  await sleep(50);
  expect((await invoke({ Payload: '{}' })).FunctionError).toBe('Unhandled');
});

test('The environment of a function is told as it was given', async () => {
  const { client } = await start();
  const told = await client.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
  expect(told).toMatchObject({
    FunctionName: name,
    FunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    Environment: { Variables: { RELAY_STAGE: 'local' } },
  });
});

test.for(['nobody', 'constructor'])('A function %s that there is not is told so', async (FunctionName) => {
  const { client } = await start();
  for (const call of [
    new InvokeCommand({ FunctionName }),
    new GetFunctionConfigurationCommand({ FunctionName }),
  ])
    await expect(client.send(call as InvokeCommand)).rejects.toMatchObject({
      // one of the two
      name: 'ResourceNotFoundException',
      message: `Function not found: arn:aws:lambda:us-east-1:000000000000:function:${FunctionName}`,
    });
});

test('A payload of 6 MiB is taken, and one byte more is not', async () => {
  const { invoke } = await start('exports.handler = async (text) => text.length');
  const most = 6 * 1024 * 1024;
  const fits = await invoke({ Payload: JSON.stringify('x'.repeat(most - 2)) });
  expect(fits.Payload?.transformToString()).toBe(String(most - 2));
  await expect(invoke({ Payload: JSON.stringify('x'.repeat(most - 1)) })).rejects.toMatchObject({
    name: 'RequestTooLargeException',
    $metadata: { httpStatusCode: 413 },
  });
});

test('What is no JSON, or no kind of call that there is, is refused', async () => {
  const { invoke } = await start();
  await expect(invoke({ Payload: '{"cut":' })).rejects.toMatchObject({
    name: 'InvalidRequestContentException',
  });
  await expect(invoke({ InvocationType: 'DryRun' })).rejects.toMatchObject({
    name: 'InvalidParameterValueException',
  });
});

test('A page of the internet that has its name resolve to this machine gets nowhere', async () => {
  const { api } = await start();
  const url = `${api.url}/2015-03-31/functions/${name}/configuration`;
  const { statusCode, body } = await request(url, { headers: { host: 'rebound.example' } });
  expect([statusCode, await body.text()]).toEqual([403, expect.not.stringContaining('RELAY_STAGE')]);
});

test('A page of another site, which may send a form to anybody, calls no function', async () => {
  const { api, lines } = await start("exports.handler = async () => console.log('called')");
  const { statusCode, body } = await request(`${api.url}/2015-03-31/functions/${name}/invocations`, {
    method: 'POST',
    headers: { origin: 'https://elsewhere.example', 'content-type': 'text/plain' },
    body: '{}',
  });
  await body.dump();
  expect(statusCode).toBe(403);
  expect(lines).toEqual([]);
});

test.for([
  ['GET', `/2015-03-31/functions/${name}/invocations`],
  ['POST', `/2015-03-31/functions/${name}/configuration`],
  ['DELETE', `/2015-03-31/functions/${name}`],
  ['GET', '/'],
] as const)('%s %s is nothing that it does', async ([method, path]) => {
  const { api } = await start();
  const { statusCode, headers, body } = await request(api.url + path, {
    method,
    headers: { authorization: 'AWS4-HMAC-SHA256 Credential=local' },
  });
  await body.dump();
  expect([statusCode, headers['x-amzn-errortype']]).toEqual([404, 'UnknownOperationException']);
});
