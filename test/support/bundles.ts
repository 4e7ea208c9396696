import { spawn } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import path from 'node:path';
import { json, text } from 'node:stream/consumers';

const invoker = path.join(import.meta.dirname, 'invoke-bundle.cjs');
const token = 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl';
const webhookKey = `whsec_${Buffer.from('the key of webhooks to bundles').toString('base64')}`;

/** For `bundleFunctions`: one source of webhooks, `crm`. */
export const webhookConfig = path.join(import.meta.dirname, 'webhook-config.ts');

/**
 * What a function needs of AWS, a load-balanced Presence service as far as one visitor goes, and the Authorization API in
 * one: all that any function needs for a call. Nothing is kept: every signal is new, and every claim succeeds.
 */
export async function startOneVisitorService(): Promise<{ origin: string } & Disposable> {
  const server = createServer(async (request, response) => {
    const [, operation = ''] = String(request.headers['x-amz-target'] ?? '').split('.');
    if (operation) {
      const input = (await json(request)) as Record<string, string>; // of the client's own making
      response.end(JSON.stringify(awsAnswer(operation, input)));
    } else if (request.headers['x-amz-content-sha256'] !== undefined) {
      request
        .resume()
        .on('end', () => response.writeHead(request.method === 'PUT' ? 200 : 404, { etag: '"1"' }).end());
    } else response.end(JSON.stringify(presenceAnswer(request.url ?? '')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { origin: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => void server.close() };
}

function presenceAnswer(url: string): unknown {
  if (url.startsWith('/authorize')) return token;
  return url.startsWith('/query') ? { visitors: [{ visitorid: 'ada' }] } : { visitorfound: true };
}

/** What the secrets hold; all others a token. */
const contents: Readonly<Record<string, string>> = {
  credentials: '{"username":"ada","password":"secret"}',
  keys: webhookKey,
};

function awsAnswer(operation: string, input: Readonly<Record<string, string>>): object {
  switch (operation) {
    case 'GetItem':
      return isOfSnapshot(input) ? {} : { Item: record };
    case 'Query':
      return { Items: [], Count: 0 };
    case 'UpdateItem':
      return { Attributes: isOfSnapshot(input) ? claim : record };
    case 'PutItem':
      return {};
    case 'SendMessage':
      return {
        MessageId: 'one',
        MD5OfMessageBody: createHash('md5')
          .update(input.MessageBody ?? '')
          .digest('hex'),
      };
    default: {
      const SecretString = contents[input.SecretId ?? ''] ?? token;
      return { VersionId: 'one', ...(input.VersionStage ? {} : { SecretString }) };
    }
  }
}

function isOfSnapshot({ Key }: Readonly<Record<string, unknown>>): boolean {
  return JSON.stringify(Key).includes('snapshot#');
}

/** As DynamoDB tells the claim of a snapshot. */
const claim = { status: { S: 'taking' }, ttl: { N: String(Math.ceil(Date.now() / 1_000) + 3_600) } };

const signal = {
  id: 'a-signal-of-bundles',
  groupid: '12345',
  visitorid: 'ada',
  message: { mtype: 'signal', data: 1 },
  source: 'caller:111122223333:agent-desk',
  acceptedAt: Date.now(),
  expiresAt: Date.now() + 3_600_000,
};

/** As DynamoDB tells the record of that signal. */
const record = {
  ...Object.fromEntries(
    (['id', 'groupid', 'visitorid', 'source'] as const).map((name) => [name, { S: signal[name] }]),
  ),
  mtype: { S: 'signal' },
  status: { S: 'accepted' },
  attempts: { N: '0' },
  ...Object.fromEntries(
    (['acceptedAt', 'expiresAt'] as const).map((name) => [name, { N: String(signal[name]) }]),
  ),
  ttl: { N: String(Math.ceil(signal.expiresAt / 1_000)) },
};

export interface BundleCall {
  readonly event: object;
  readonly environment: Readonly<Record<string, string>>;
  /** How long the function may run, as it is told. */
  readonly remainingMs?: number;
}

export interface BundleOutcome {
  /** As JSON, or as it was streamed. */
  readonly answer?: string;
  /** Name and message of what it threw. */
  readonly failure?: string;
  /** The built-in modules that were loaded on the way. */
  readonly loaded: readonly string[];
  /** The lines that it wrote. */
  readonly log: readonly string[];
}

export interface RunningBundle {
  readonly outcome: Promise<BundleOutcome>;
  /** Ends its process at once, as when Lambda loses an instance. */
  kill(): Promise<void>;
}

/** Loads a bundle in a process of its own and hands it one call, as Lambda would. */
export function runBundle(
  file: string,
  { event, environment, remainingMs = 20_000 }: BundleCall,
): RunningBundle {
  const child = spawn(process.execPath, [invoker, file, JSON.stringify({ event, remainingMs })], {
    env: {
      AWS_REGION: 'local',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  return {
    outcome: text(child.stdout).then((written) => {
      const lines = written.trimEnd().split('\n');
      return { ...JSON.parse(lines.at(-1) ?? ''), log: lines.slice(0, -1) };
    }),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** One call, such as a function of that name gets, to a bundle that has everything it needs at `origin`. */
export async function invokeBundle(file: string, name: string, origin: string): Promise<BundleOutcome> {
  const environment = {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: origin,
    AWS_ENDPOINT_URL_SQS: origin,
    AWS_ENDPOINT_URL_DYNAMODB: origin,
    AWS_ENDPOINT_URL_S3: origin,
    AWS_ENDPOINT_URL_EVENTBRIDGE: origin,
    RELAY_STAGE: 'test',
    RELAY_SIGNAL_QUEUE: `${origin}/000000000000/signals`,
    RELAY_DEAD_LETTERS: `${origin}/000000000000/dead-letters`,
    RELAY_SIGNAL_TABLE: 'signals',
    RELAY_ID_KEY: 'ids',
    RELAY_CALLERS: JSON.stringify({ 'agent-desk': { groups: ['12345'] } }),
    RELAY_GROUPS: JSON.stringify({ 12345: groupOf(name, origin) }),
    RELAY_TOKEN_MINUTES: '120',
    RELAY_WEBHOOK_KEYS: JSON.stringify({ crm: 'keys' }),
    RELAY_STRICT_GROUPS: '[]',
    RELAY_LIMITS: '{}',
    RELAY_BUS: 'bus',
    RELAY_SNAPSHOTS: '{"12345":{"periodSeconds":3600}}',
    RELAY_SNAPSHOT_BUCKET: 'bucket',
  };
  return await runBundle(file, { event: eventOf(name), environment, remainingMs: 60_000 }).outcome;
}

function groupOf(name: string, presence: string) {
  const group = { presence, secret: 'token' };
  if (name !== 'refresh-token') return group;
  return { ...group, authorization: `${presence}/authorize`, credentials: 'credentials' };
}

function eventOf(name: string): object {
  switch (name) {
    case 'refresh-token':
      return queueEvent('{"groupid":"12345","because":"schedule","at":"now"}');
    case 'deliver':
      return queueEvent(JSON.stringify({ signals: [signal] }));
    case 'webhook':
      return webhookEvent();
    case 'snapshot':
      return { groupid: '12345', scheduledTime: new Date().toISOString() };
    default:
      return endpointEvent(name);
  }
}

/** A webhook of the source in `webhook-config.ts`, as API Gateway hands it over. */
function webhookEvent(): object {
  const body = JSON.stringify({ data: { visitorId: 'ada' } });
  const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': String(Math.floor(Date.now() / 1_000)) };
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const key = Buffer.from(webhookKey.replace('whsec_', ''), 'base64');
  const signature = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  const all = { ...headers, 'webhook-signature': signature };
  return {
    ...endpointEvent('webhooks/{source}'),
    httpMethod: 'POST',
    pathParameters: { source: 'crm' },
    multiValueQueryStringParameters: null,
    headers: all,
    multiValueHeaders: Object.fromEntries(Object.entries(all).map(([header, value]) => [header, [value]])),
    body: Buffer.from(body).toString('base64'),
  };
}

/** A call of that endpoint for visitor `ada` of group 12345, as API Gateway hands it over. */
export function endpointEvent(name: string): object {
  const ofSignal = name === 'signals';
  return {
    headers: { 'Content-Type': 'application/json' },
    multiValueQueryStringParameters: ofSignal ? null : { groupid: ['12345'], visitorid: ['ada'] },
    pathParameters: ofSignal ? { id: signal.id } : null,
    resource: ofSignal ? '/signals/{id}' : `/${name}`,
    httpMethod: name === 'signalvisitor' ? 'POST' : 'GET',
    requestContext: {
      requestId: 'request-1',
      requestTimeEpoch: Date.now(),
      accountId: '111122223333',
      identity: { userArn: 'arn:aws:sts::111122223333:assumed-role/agent-desk/ada' },
    },
    body: Buffer.from('{"mtype":"signal","data":1}').toString('base64'),
    isBase64Encoded: true,
  };
}

/** What Lambda hands to a function behind a queue, as far as it is read here. */
export function queueEvent(...bodies: readonly string[]): object {
  return { Records: bodies.map((body, index) => ({ messageId: String(index), body })) };
}
