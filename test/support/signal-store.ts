import { callSqs } from '../../infra/local/queues/protocol.ts';
import { type Queue, startQueues } from '../../infra/local/queues/server.ts';
import { createSignalQueue, createSignalTable } from '../../infra/local/signals.ts';
import { startTables } from '../../infra/local/table/server.ts';
import { localStage } from '../../infra/names.ts';

interface DeadLetter {
  readonly body: string;
  /** Of its message attributes, all of which are text: `reason`, `detail`, `source`. */
  readonly attributes: Readonly<Record<string, string | undefined>>;
}

export interface SignalStore extends AsyncDisposable {
  /** Of SQS and DynamoDB, for clients that are given an `endpoint`. */
  readonly endpoints: { readonly sqs: string; readonly dynamodb: string };
  /** For clients that find it by themselves: what a function has in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly queue: Queue;
  readonly deadLetters: Queue;
  /** The name of the table. */
  readonly table: string;
  /** The dead letters that are there; they are gone then. */
  takeDeadLetters(): Promise<DeadLetter[]>;
  /** Likewise the bodies of the messages of the queue. */
  takeMessages(): Promise<string[]>;
}

/** SQS and DynamoDB on free ports, with the queue of signals, its dead letters and the table, as the stack makes them. */
export async function startSignalStore(): Promise<SignalStore> {
  const [queues, tables] = await Promise.all([startQueues({ port: 0 }), startTables({ port: 0 })]);
  const { queue, deadLetters } = await createSignalQueue(queues, localStage);
  const table = await createSignalTable(tables, localStage);
  return {
    endpoints: { sqs: queues.url, dynamodb: tables.url },
    environment: {
      AWS_ENDPOINT_URL_SQS: queues.url,
      AWS_ENDPOINT_URL_DYNAMODB: tables.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    },
    queue,
    deadLetters,
    table,
    takeDeadLetters: () => takeAll(deadLetters.url),
    takeMessages: async () => (await takeAll(queue.url)).map(({ body }) => body),
    async [Symbol.asyncDispose]() {
      await Promise.all([queues.close(), tables.close()]);
    },
  };
}

async function takeAll(url: string): Promise<DeadLetter[]> {
  const taken: DeadLetter[] = [];
  for (let some = await take(url); some.length > 0; some = await take(url)) taken.push(...some);
  return taken;
}

async function take(QueueUrl: string): Promise<DeadLetter[]> {
  const { Messages = [] } = await callSqs(QueueUrl, 'ReceiveMessage', {
    QueueUrl,
    MaxNumberOfMessages: 10,
    WaitTimeSeconds: 0,
    MessageSystemAttributeNames: [],
    MessageAttributeNames: ['All'],
  });
  const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  if (Entries.length > 0) await callSqs(QueueUrl, 'DeleteMessageBatch', { QueueUrl, Entries });
  return Messages.map(({ Body, MessageAttributes = {} }) => ({
    body: Body,
    attributes: Object.fromEntries(
      Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue]),
    ),
  }));
}
