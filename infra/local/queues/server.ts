import { createServer, type IncomingMessage } from 'node:http';
import { accountId, region } from '../account.ts';
import { close, isLoopbackHost, listen } from '../http/loopback.ts';
import { openEngine } from './engine.ts';
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
  /** If so, a message without a deduplication id gets the hash of its body as such. Otherwise, a standard queue. */
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
  /** A message of a FIFO queue has a group. */
  send(message: { body: string; group?: string }): Promise<void>;
  /** How many messages can be received now, how many have been and may come back, and how many cannot be yet. */
  count(): Promise<{ visible: number; inFlight: number; delayed: number }>;
}

/**
 * SQS on loopback, over its wire protocol: for the unmodified client, whose environment says `AWS_ENDPOINT_URL_SQS`.
 * Signatures are not checked, messages stay in memory, however old they get.
 */
export async function startQueues({ port }: { port: number }): Promise<Queues> {
  const engine = await openEngine();

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
        send: (message) => send(QueueUrl, message),
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

async function send(QueueUrl: string, { body, group }: Parameters<Queue['send']>[0]): Promise<void> {
  const message = { QueueUrl, MessageBody: body, ...(group !== undefined && { MessageGroupId: group }) };
  await callSqs(QueueUrl, 'SendMessage', message);
}

async function count(QueueUrl: string) {
  const AttributeNames = ['', 'NotVisible', 'Delayed'].map((kind) => `ApproximateNumberOfMessages${kind}`);
  const { Attributes } = await callSqs(QueueUrl, 'GetQueueAttributes', { QueueUrl, AttributeNames });
  return {
    visible: Number(Attributes.ApproximateNumberOfMessages),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
    delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed),
  };
}
