import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { accountId, region } from '../account.ts';
import { close, isLoopbackHost, listen } from '../http/loopback.ts';
import { callSqs } from './protocol.ts';

export interface Queues {
  /** For `AWS_ENDPOINT_URL_SQS`. */
  readonly url: string;
  /** Rejects what SQS would not take. The dead-letter queue has to be there already. */
  create(options: QueueOptions): Promise<Queue>;
  close(): Promise<void>;
}

interface QueueOptions {
  /** That of a FIFO queue ends with `.fifo`. */
  readonly name: string;
  /** If so, a message without a deduplication id gets the hash of its body as such. */
  readonly fifo: boolean;
  readonly visibilitySeconds: number;
  readonly retentionSeconds: number;
  /** Where a message goes that has been received so often and was never deleted. */
  readonly deadLetters?: { readonly name: string; readonly afterReceives: number };
}

export interface Queue {
  /** What clients take as `QueueUrl`. */
  readonly url: string;
  readonly arn: string;
  send(message: { body: string; group: string }): Promise<void>;
  /** How many messages wait, and how many have been received and may come back. */
  count(): Promise<{ visible: number; inFlight: number }>;
}

/**
 * SQS on loopback, over its wire protocol: for the unmodified client, whose environment says `AWS_ENDPOINT_URL_SQS`.
 * Signatures are not checked, messages stay in memory, however old they get.
 */
export async function startQueues({ port }: { port: number }): Promise<Queues> {
  // Takes a tenth of a second, in which others may start as well.
  const { buildApp } = await import('fauxqs');
  const engine = buildApp({ logger: false, defaultRegion: region });
  engine.addHook('onSend', ({ headers }, _reply, payload, done) => done(null, withOwnHost(headers, payload)));
  await engine.ready();

  // The engine by itself would listen to the whole network, and offer S3 and SNS too.
  const server = createServer((request, response) => {
    const message = refusal(request);
    if (message === undefined) {
      request.url = '/';
      engine.routing(request, response);
    } else {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify({ __type: 'com.amazonaws.sqs#UnsupportedOperation', message }));
    }
  });
  const url = await listen(server, port, 'SQS');

  return {
    url,
    async create(options) {
      if (options.deadLetters) await callSqs(url, 'GetQueueUrl', { QueueName: options.deadLetters.name });
      const input = { QueueName: options.name, Attributes: attributesOf(options) };
      const { QueueUrl } = await callSqs(url, 'CreateQueue', input);
      return {
        url: QueueUrl,
        arn: queueArn(options.name),
        send: ({ body, group }) => send(QueueUrl, body, group),
        count: () => count(QueueUrl),
      };
    },
    async close() {
      await close(server);
      await engine.close();
    },
  };
}

function refusal({ method, headers }: IncomingMessage): string | undefined {
  if (!isLoopbackHost(headers.host)) return 'Not this host.';
  const isSqs = method === 'POST' && String(headers['x-amz-target']).startsWith('AmazonSQS.');
  return isSqs ? undefined : 'This is SQS: POST with X-Amz-Target.';
}

/** The engine calls its host `sqs.<region>.localhost`, a name that not every machine resolves. */
function withOwnHost({ host, ...headers }: IncomingHttpHeaders, payload: unknown): unknown {
  const tellsAddresses = /\.(CreateQueue|GetQueueUrl|ListQueues)$/.test(String(headers['x-amz-target']));
  if (!tellsAddresses || typeof payload !== 'string') return payload;
  return payload.replaceAll(/"http:\/\/sqs\.[^/]+\//g, `"http://${host}/`);
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html */
function attributesOf({ fifo, visibilitySeconds, retentionSeconds, deadLetters }: QueueOptions) {
  return {
    VisibilityTimeout: String(visibilitySeconds),
    MessageRetentionPeriod: String(retentionSeconds),
    ...(fifo && { FifoQueue: 'true', ContentBasedDeduplication: 'true' }),
    ...(deadLetters && {
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: queueArn(deadLetters.name),
        maxReceiveCount: deadLetters.afterReceives,
      }),
    }),
  };
}

function queueArn(name: string): string {
  return `arn:aws:sqs:${region}:${accountId}:${name}`;
}

async function send(QueueUrl: string, MessageBody: string, MessageGroupId: string): Promise<void> {
  await callSqs(QueueUrl, 'SendMessage', { QueueUrl, MessageBody, MessageGroupId });
}

async function count(QueueUrl: string) {
  const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'];
  const { Attributes } = await callSqs(QueueUrl, 'GetQueueAttributes', { QueueUrl, AttributeNames });
  return {
    visible: Number(Attributes.ApproximateNumberOfMessages),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
  };
}
