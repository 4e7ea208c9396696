import * as dynamo from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { vi } from 'vitest';
import { callSqs } from '../../infra/local/queues/protocol.ts';
import { cancelsignal, readsignal, signalvisitor } from '../../shared/api/endpoints.ts';
import type { HttpAnswer } from '../../shared/api/problem.ts';
import { type QueueMessage, readMessage } from '../../shared/signals/queue-message.ts';
import { SignalTable } from '../../shared/signals/table.ts';
import { type AwsCall, type AwsGate, startAwsGate } from './aws-gate.ts';
import { type CallOptions, gatewayEvent, lambdaContext } from './gateway-event.ts';
import type { Script } from './presence-server.ts';
import { captureLog, type RelayEnvironment, startRelayEnvironment } from './relay-environment.ts';
import { startSignalStore } from './signal-store.ts';

export interface ToldAnswer extends HttpAnswer {
  /** The body as JSON. */
  readonly told: Readonly<Record<string, unknown>>;
}

interface SignalOptions extends CallOptions {
  readonly ttl?: string;
  readonly key?: string;
  readonly data?: unknown;
  readonly visitorid?: string;
  /** The path of the API, with what API Gateway puts before it. */
  readonly path?: string;
}

export interface KeptRelay extends RelayEnvironment {
  /** Before DynamoDB and SQS. */
  readonly table: AwsGate<AwsCall>;
  readonly queue: AwsGate<AwsCall>;
  /** What the worker would work with; it passes by the gate. */
  readonly records: SignalTable;
  /** Likewise, with a clock that is so many milliseconds late. */
  recordsAgo(ms: number): SignalTable;
  /** The function `signalvisitor`, for visitor `ada` of group 12345. */
  signal(options?: SignalOptions): Promise<ToldAnswer>;
  /** The function `signals`. */
  receipt(id: unknown, options?: CallOptions): Promise<ToldAnswer>;
  cancel(id: unknown, options?: CallOptions): Promise<ToldAnswer>;
  /** What the functions have written, line by line. */
  lines(event?: string): Readonly<Record<string, unknown>>[];
  /** The messages that wait for the worker; they are gone then. */
  queued(): Promise<QueueMessage[]>;
}

/** The functions that keep signals, as after a cold start, with a queue, a table and a scripted Presence server. */
export async function startKept(presence: Script = {}): Promise<KeptRelay> {
  const log = captureLog();
  const store = await startSignalStore();
  const table = await startAwsGate(store.endpoints.dynamodb, (call) => call);
  const queue = await startAwsGate(store.endpoints.sqs, (call) => call);
  const environment = await startRelayEnvironment({ presence, endpoint: signalvisitor });
  environment.secrets.secrets.set('ids', 'a key that only the relay knows');
  const client = new dynamo.DynamoDBClient({
    endpoint: store.endpoints.dynamodb,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const recordsAgo = (ms: number) =>
    new SignalTable({
      table: store.table,
      clock: { now: () => Date.now() - ms },
      open: () => ({ client, ...dynamo }),
    });
  const variables = {
    AWS_ENDPOINT_URL_DYNAMODB: table.url,
    AWS_ENDPOINT_URL_SQS: queue.url,
    RELAY_SIGNAL_QUEUE: store.queue.url.replace(store.endpoints.sqs, queue.url),
    RELAY_SIGNAL_TABLE: store.table,
    RELAY_ID_KEY: 'ids',
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  vi.resetModules();
  const functions = {
    signalvisitor: (await import('../../functions/signalvisitor.ts')).handler,
    signals: (await import('../../functions/signals.ts')).handler,
  };
  const ofSignal = async (
    endpoint: typeof readsignal | typeof cancelsignal,
    id: unknown,
    options: CallOptions,
  ) => {
    const event = { ...gatewayEvent({ endpoint, ...options }), pathParameters: { id: String(id) } };
    return told(await functions.signals(event, lambdaContext()));
  };
  return {
    ...environment,
    table,
    queue,
    records: recordsAgo(0),
    recordsAgo,
    async signal(options = {}) {
      return told(await functions.signalvisitor(signalEvent(options), lambdaContext()));
    },
    receipt: (id, options = {}) => ofSignal(readsignal, id, options),
    cancel: (id, options = {}) => ofSignal(cancelsignal, id, options),
    lines(event) {
      const all = log.text.split('\n').filter(Boolean);
      return all
        .map((line) => JSON.parse(line))
        .filter((line) => event === undefined || line.event === event);
    },
    async queued() {
      const { url: QueueUrl } = store.queue;
      const { Messages = [] } = await callSqs(QueueUrl, 'ReceiveMessage', {
        QueueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 0,
        MessageSystemAttributeNames: [],
        MessageAttributeNames: [],
      });
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      if (Entries.length > 0) await callSqs(QueueUrl, 'DeleteMessageBatch', { QueueUrl, Entries });
      return Messages.map(({ Body }) => readMessage(Body));
    },
    async [Symbol.asyncDispose]() {
      log[Symbol.dispose]();
      client.destroy();
      await environment[Symbol.asyncDispose]();
      await Promise.all([table, queue, store].map((each) => each[Symbol.asyncDispose]()));
    },
  };
}

function signalEvent({
  ttl,
  key,
  data = 'hello',
  visitorid = 'ada',
  path = '/signalvisitor',
  ...options
}: SignalOptions): APIGatewayProxyEvent {
  const event = gatewayEvent({
    endpoint: signalvisitor,
    query: { groupid: '12345', visitorid },
    headers: {
      'content-type': 'application/json',
      ...(ttl !== undefined && { TTL: ttl }),
      ...(key !== undefined && { 'Idempotency-Key': key }),
    },
    body: JSON.stringify({ mtype: 'signal', data }),
    ...options,
  });
  return { ...event, requestContext: { ...event.requestContext, path } };
}

function told(answer: HttpAnswer): ToldAnswer {
  return { ...answer, told: JSON.parse(answer.body) };
}
