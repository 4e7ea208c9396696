import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { onTestFinished } from 'vitest';
import { startQueues } from '../../../../infra/local/queues/server.ts';

/**
 * A FIFO queue, or a standard one, whose messages come back after a second, and go to its dead-letter queue when they
 * have been received `afterReceives` times; with a client of AWS. Gone after the test.
 */
export async function toyQueue({ afterReceives = 100, fifo = true } = {}) {
  const queues = await startQueues({ port: 0 });
  onTestFinished(() => queues.close());
  const settings = { fifo, visibilitySeconds: 1, retentionSeconds: 3600 };
  const suffix = fifo ? '.fifo' : '';
  const dead = await queues.create({ ...settings, name: `dead${suffix}` });
  const deadLetters = { name: `dead${suffix}`, afterReceives };
  const queue = await queues.create({ ...settings, name: `toy${suffix}`, deadLetters });

  const client = toyClient({ endpoint: queues.url });
  const QueueUrl = queue.url;
  return {
    queues,
    queue,
    dead,
    client,
    /** Body, group, and deduplication id if any. */
    send: (MessageBody: string, MessageGroupId: string, MessageDeduplicationId?: string) =>
      client.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId, MessageDeduplicationId })),
    /** The bodies of what is there, ten at most, or comes within `WaitTimeSeconds`. */
    receive: async (WaitTimeSeconds = 0) => {
      const poll = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds });
      const { Messages = [] } = await client.send(poll);
      return Messages.map(({ Body }) => Body);
    },
  };
}

/** The client as it comes, gone after the test. */
export function toyClient(options: { endpoint?: string } = {}) {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SQSClient({ region: 'us-east-1', credentials, ...options });
  onTestFinished(() => client.destroy());
  return client;
}
