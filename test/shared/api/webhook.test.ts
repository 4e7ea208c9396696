import * as sqs from '@aws-sdk/client-sqs';
import type { APIGatewayProxyEvent, EventBridgeEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { WebhookEnvironment } from '../../../shared/api/config/webhook-environment.ts';
import { openReceiver, serveEvent, serveWebhook, type WebhookReceiver } from '../../../shared/api/webhook.ts';
import { readParked } from '../../../shared/signals/dead-letter.ts';
import { readMessage } from '../../../shared/signals/queue-message.ts';
import { hubspot } from '../../../shared/webhooks/hubspot.ts';
import { salesforceEventRelay } from '../../../shared/webhooks/salesforce-event-relay.ts';
import { captureLog } from '../../support/relay-environment.ts';
import { type SecretsServer, startSecrets } from '../../support/secrets-server.ts';
import { type SignalStore, startSignalStore } from '../../support/signal-store.ts';
import { toVisitor, toy } from '../../support/toy-source.ts';

const key = 'a key that nobody knows';
const eventSource = 'aws.partner/salesforce.com/00D000000000001EAA/channel-1';
const sources = {
  crm: toy({ group: 12345, signal: toVisitor, maxBytes: 20_000 }),
  broken: toy({ group: 12345, signal: () => Object.keys(undefined as never) as never }),
  sleeping: toy({ group: 12345, signal: toVisitor, enabled: false }),
  unset: toy({ group: 12345, signal: toVisitor }),
  hubspot: hubspot({ group: 12345, signal: () => null }),
  relayed: salesforceEventRelay({
    group: 12345,
    eventSource,
    signal: ({ payload }) => ({
      visitorid: String(payload.Visitor_Id__c),
      message: { mtype: 'signal', data: 'from Salesforce' },
    }),
  }),
};

let store: SignalStore;
let secrets: SecretsServer;
let environment: WebhookEnvironment;
let receiver: WebhookReceiver;
let log: ReturnType<typeof captureLog>;

beforeEach(async () => {
  store = await startSignalStore();
  secrets = await startSecrets({
    ids: 'the key of all ids',
    unset: '{"state":"unset"}',
    ...Object.fromEntries(['crm', 'broken', 'sleeping', 'hubspot'].map((name) => [name, key])),
  });
  const aws = { ...store.environment, AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url };
  for (const [name, value] of Object.entries(aws)) vi.stubEnv(name, value);
  environment = {
    RELAY_STAGE: 'test',
    RELAY_WEBHOOK_KEYS: Object.fromEntries(
      ['crm', 'broken', 'sleeping', 'unset', 'hubspot'].map((name) => [name, name]),
    ),
    RELAY_STRICT_GROUPS: [],
    RELAY_PUBLIC_URL: 'https://relay.example.com',
    RELAY_SIGNAL_QUEUE: store.queue.url,
    RELAY_DEAD_LETTERS: store.deadLetters.url,
    RELAY_ID_KEY: 'ids',
  };
  receiver = openReceiver(sources, environment, sqs);
  log = captureLog();
});

afterEach(async () => {
  log[Symbol.dispose]();
  vi.unstubAllEnvs();
  await store[Symbol.asyncDispose]();
  await secrets[Symbol.asyncDispose]();
});

/** With the store down: nobody listens there. */
function withoutQueue(): WebhookReceiver {
  const nowhere = 'http://127.0.0.1:9/000000000000/queue';
  return openReceiver(sources, { ...environment, RELAY_SIGNAL_QUEUE: nowhere }, sqs);
}

interface Call {
  readonly source?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string[]>>;
  readonly query?: Readonly<Record<string, string[]>>;
  readonly body?: unknown;
}

function call({
  source = 'crm',
  method = 'POST',
  headers = { 'X-Key': [key] },
  query,
  body = [],
}: Call = {}) {
  const raw = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const event = {
    httpMethod: method,
    pathParameters: { source },
    multiValueHeaders: headers,
    multiValueQueryStringParameters: query ?? null,
    body: raw.toString('base64'),
    isBase64Encoded: true,
    requestContext: { requestId: 'request-1' },
  } as unknown as APIGatewayProxyEvent;
  return serveWebhook(event, () => Promise.resolve(receiver));
}

/** All signals in the queue, and in how many messages. */
async function queued() {
  const messages = await store.takeMessages();
  return { messages: messages.length, signals: messages.flatMap((body) => signalsOf(body)) };
}

function signalsOf(body: string) {
  const message = readMessage(body);
  return 'signals' in message ? message.signals : [];
}

describe('an authentic webhook', () => {
  test('has all of its signals put into the queue as one message, and is answered as its vendor wants', async () => {
    const body = Array.from({ length: 50 }, (_, i) => ({ id: `event-${i}`, visitor: `visitor-${i}` }));
    expect(await call({ body })).toEqual({
      statusCode: 200,
      headers: { 'cache-control': 'no-store' },
      body: 'thanks',
    });
    const { messages, signals } = await queued();
    expect(messages).toBe(1);
    expect(signals.map(({ visitorid }) => visitorid)).toEqual(body.map(({ visitor }) => visitor));
  });

  test('gives the same ids when it comes again', async () => {
    const body = [{ id: 'event-1', visitor: 'ada' }];
    await call({ body });
    await call({ body });
    const { signals } = await queued();
    expect(new Set(signals.map(({ id }) => id)).size).toBe(1);
    expect(signals).toHaveLength(2);
  });

  test('without anything for us costs no write', async () => {
    expect(await call({ body: [] })).toMatchObject({ statusCode: 200 });
    expect(await queued()).toEqual({ messages: 0, signals: [] });
  });

  test('that cannot be read is answered as its vendor wants, and put down without its content', async () => {
    expect(await call({ body: Buffer.from('{"email":"ada@example.com"') })).toMatchObject({
      statusCode: 200,
      body: 'what?',
    });
    const [letter] = await store.takeDeadLetters();
    expect(letter?.attributes).toEqual({
      reason: 'unreadable',
      detail: 'the body is not JSON',
      source: 'webhook:crm',
    });
    expect(letter?.body).not.toContain('ada@example.com');
    expect(readParked(letter?.body ?? '')).toMatchObject({ source: 'crm', requestId: 'request-1' });
  });

  test('of which a part is no event brings the rest', async () => {
    await call({ body: ['oops', { id: 'event-1', visitor: 'ada' }] });
    expect((await queued()).signals).toHaveLength(1);
    expect(await store.takeDeadLetters()).toHaveLength(1);
  });

  test('that cannot be mapped is parked as it was read, so that it can be mapped again', async () => {
    expect(await call({ source: 'broken', body: [{ id: 'event-1', visitor: 'ada' }] })).toMatchObject({
      statusCode: 200,
      body: 'thanks',
    });
    const [letter] = await store.takeDeadLetters();
    expect(letter?.attributes.reason).toBe('mapping-threw');
    expect(readParked(letter?.body ?? '')).toMatchObject({
      source: 'broken',
      key: 'event-1',
      event: { id: 'event-1', visitor: 'ada' },
    });
  });

  test('of a source that is switched off is told to come again', async () => {
    expect(await call({ source: 'sleeping', body: [{ id: 'event-1', visitor: 'ada' }] })).toMatchObject({
      statusCode: 503,
      headers: { 'retry-after': '7' },
    });
    expect((await queued()).signals).toEqual([]);
  });

  test('above the limit of its source is told so, and so is nobody else', async () => {
    const body = [{ id: 'event-1', more: 'x'.repeat(20_000) }];
    expect(await call({ body })).toMatchObject({ statusCode: 413 });
    const [letter] = await store.takeDeadLetters();
    expect(letter?.attributes.detail).toMatch(/^the body has \d+ bytes, of 20000 at most$/);
    expect(letter?.body).not.toContain('xxx');
    expect(await call({ body, headers: { 'x-key': ['wrong'] } })).toMatchObject({ statusCode: 401 });
  });

  test('that cannot be kept is told to come again', async () => {
    receiver = withoutQueue();
    const answer = await call({ body: [{ id: 'event-1', visitor: 'ada' }] });
    expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '7' } });
    expect(log.text).toContain('"WebhooksUnkept":1');
  });

  test('of which a part is no event parks nothing before its signals are kept', async () => {
    receiver = withoutQueue();
    expect(await call({ body: ['oops', { id: 'event-1', visitor: 'ada' }] })).toMatchObject({
      statusCode: 503,
    });
    expect(await store.takeDeadLetters()).toEqual([]);
  });

  test('whose keys cannot be read is told to come again', async () => {
    secrets.secrets.set('crm', { error: 'InternalServiceError', status: 500 });
    expect(await call()).toMatchObject({ statusCode: 503 });
  });
});

describe('whoever is not authentic', () => {
  const refused: [string, Call][] = [
    ['an unknown source', { source: 'nobody' }],
    ['a source that is not there, by a name of JavaScript', { source: 'constructor' }],
    ['a source that takes no HTTP', { source: 'relayed' }],
    ['a wrong key', { headers: { 'x-key': ['wrong'] } }],
    ['no key', { headers: {} }],
    ['two keys', { headers: { 'x-key': [key, key] } }],
    ['two keys, in headers that differ in their case', { headers: { 'x-key': [key], 'X-KEY': [key] } }],
    ['a stale request', { headers: { 'x-key': [key], 'x-stale': ['yes'] } }],
    ['a source whose secret is unset', { source: 'unset' }],
    ['a signed address with a query', { source: 'hubspot', query: { a: ['b'] } }],
  ];

  test('gets the same answer, to the last byte, and costs no write', async () => {
    const answers = await Promise.all(refused.map(([, one]) => call(one)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ statusCode: 401 });
    expect(JSON.parse(answers[0]?.body ?? '')).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(await queued()).toEqual({ messages: 0, signals: [] });
    expect(await store.takeDeadLetters()).toEqual([]);
  });

  test('is told apart in the log', async () => {
    for (const [, one] of refused.slice(0, 5)) await call(one);
    const rejections = log.text.match(/"Rejection":"[a-z-]+"/g);
    expect(rejections).toEqual([
      '"Rejection":"unknown-source"',
      '"Rejection":"unknown-source"',
      '"Rejection":"unknown-source"',
      '"Rejection":"mismatch"',
      '"Rejection":"missing"',
    ]);
    expect(log.text).not.toContain('nobody');
  });

  test('however many they are, has the secret read once', async () => {
    for (let i = 0; i < 200; i++) await call({ headers: { 'x-key': [`guess ${i}`] } });
    expect(secrets.reads).toEqual(['crm']);
  });
});

test('a HEAD request is answered whatever it is about', async () => {
  for (const source of ['crm', 'nobody']) {
    expect(await call({ source, method: 'HEAD' })).toEqual({
      statusCode: 200,
      headers: { 'cache-control': 'no-store' },
      body: '',
    });
  }
});

test('other methods are told which ones there are', async () => {
  expect(await call({ method: 'GET' })).toMatchObject({
    statusCode: 405,
    headers: { allow: 'HEAD, POST' },
  });
});

test('a function that cannot start tells vendors to come again', async () => {
  const event = { httpMethod: 'POST', requestContext: { requestId: 'r' } } as unknown as APIGatewayProxyEvent;
  const answer = await serveWebhook(event, () => Promise.reject(new Error('no environment')));
  expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '30' } });
});

test('no line of the log holds a key, a visitor or a body', async () => {
  await call({ body: [{ id: 'event-1', visitor: 'ada-lovelace', note: 'confidential' }] });
  await call({ source: 'broken', body: [{ id: 'event-2', visitor: 'ada-lovelace' }] });
  expect(log.text).toContain('signal accepted');
  expect(log.text).not.toMatch(/ada-lovelace|confidential|a key that nobody/);
});

describe('an event of a partner bus', () => {
  const event = (source = eventSource): EventBridgeEvent<string, unknown> => ({
    version: '0',
    id: 'a1b2',
    'detail-type': 'Order_Shipped__e',
    source,
    account: '111122223333',
    time: '2026-03-12T10:00:00Z',
    region: 'eu-west-1',
    resources: [],
    detail: { payload: { Visitor_Id__c: 'ada' } },
  });

  test('becomes a signal', async () => {
    await serveEvent(event(), receiver, 'request-1');
    expect((await queued()).signals).toMatchObject([{ visitorid: 'ada', source: 'webhook:relayed' }]);
  });

  test('whose source is switched off is parked, so that it can be mapped when that is on again', async () => {
    const relayed = { ...sources.relayed, enabled: false };
    const off = { ...receiver, sources: new Map([['relayed', relayed]]) };
    await serveEvent(event(), off, 'request-1');
    expect((await queued()).signals).toEqual([]);
    const [letter] = await store.takeDeadLetters();
    expect(letter?.attributes.reason).toBe('switched-off');
    expect(readParked(letter?.body ?? '')).toMatchObject({
      source: 'relayed',
      event: { payload: { Visitor_Id__c: 'ada' } },
    });
  });

  test('of a bus that is not configured is let go, and counted', async () => {
    await serveEvent(event('aws.partner/salesforce.com/other/bus'), receiver, 'request-1');
    expect((await queued()).signals).toEqual([]);
    expect(log.text).toContain('unknown-source');
  });

  test('that cannot be kept fails, so that Lambda brings it again', async () => {
    await expect(serveEvent(event(), withoutQueue(), 'request-1')).rejects.toThrow('could not be kept');
  });
});
