import type { SQSEvent } from 'aws-lambda';
import { vi } from 'vitest';
import { startEventSource } from '../../infra/local/lambda/event-source.ts';
import { callSqs } from '../../infra/local/queues/protocol.ts';
import { startQueues } from '../../infra/local/queues/server.ts';
import { refreshQueue } from '../../infra/refresh.ts';
import { RefreshQueue } from '../../shared/authorization/queue.ts';
import { refresh } from '../../shared/authorization/refresh.ts';
import { readRequest } from '../../shared/authorization/request.ts';
import { Vault } from '../../shared/authorization/vault.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { deadlineIn } from '../../shared/runtime/deadline.ts';
import { type AwsCall, type AwsGate, startAwsGate } from './aws-gate.ts';
import type { GatedSecrets } from './gated-secrets.ts';
import { group } from './presence-pair.ts';
import { type Renewing, tokenSecret } from './renewing.ts';

interface Waiting {
  readonly body: unknown;
  readonly group: string | undefined;
  readonly deduplication: string | undefined;
}

export interface TestRefreshQueue extends AsyncDisposable {
  readonly gate: AwsGate<AwsCall>;
  /** What clients take as `QueueUrl`. */
  readonly url: string;
  /** What an instance of a function asks with; group 12345 is renewed, and no other. */
  instance(clock?: Pick<Clock, 'now'>): RefreshQueue;
  /** The messages that wait; they are gone then. */
  take(): Promise<Waiting[]>;
  /** From now on, messages are worked off as the deployed function does. Ends with the block. */
  consume(renewing: Renewing): Disposable;
}

/** The refresh queue as the stack makes it, with a gate before it; the environment tells where it is. */
export async function startRefreshQueue(secrets: GatedSecrets): Promise<TestRefreshQueue> {
  const queues = await startQueues({ port: 0 });
  const gate = await startAwsGate(queues.url, (call) => call);
  const { visibilitySeconds, retentionSeconds } = refreshQueue;
  const settings = { fifo: true, visibilitySeconds, retentionSeconds };
  const queue = await queues.create({ ...settings, name: 'refresh.fifo' });
  const environment = {
    AWS_ENDPOINT_URL_SQS: gate.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const url = queue.url.replace(queues.url, gate.url);
  return {
    gate,
    url,
    instance: (clock) =>
      new RefreshQueue({
        url,
        secretOf: (groupid) => (groupid === group ? tokenSecret : undefined),
        vault: new Vault(secrets.client()),
        ...(clock && { clock }),
      }),
    async take() {
      const taken: Waiting[] = [];
      // The engine hands out one of a group at a time.
      for (let some = await receive(queue.url); some.length > 0; some = await receive(queue.url)) {
        taken.push(...some);
      }
      return taken;
    },
    consume(renewing) {
      const invoke = async (event: object) => {
        const { Records } = event as SQSEvent; // of the queue's event source
        for (const { body } of Records) {
          await using dependencies = renewing.dependencies();
          await refresh(readRequest(body), dependencies, deadlineIn(55_000, renewing.clock));
        }
        return null;
      };
      const source = startEventSource({
        queue,
        target: { invoke },
        batchSize: 1,
        maxConcurrency: 2,
        log: (line) => process.stderr.write(`${line}\n`),
      });
      return { [Symbol.dispose]: () => source.close() };
    },
    async [Symbol.asyncDispose]() {
      vi.unstubAllEnvs();
      await gate[Symbol.asyncDispose]();
      await queues.close();
    },
  };
}

async function receive(QueueUrl: string): Promise<Waiting[]> {
  const { Messages = [] } = await callSqs(QueueUrl, 'ReceiveMessage', {
    QueueUrl,
    MaxNumberOfMessages: 10,
    WaitTimeSeconds: 0,
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: [],
  });
  const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  if (Entries.length > 0) await callSqs(QueueUrl, 'DeleteMessageBatch', { QueueUrl, Entries });
  return Messages.map(({ Body, Attributes }) => ({
    body: JSON.parse(Body),
    group: Attributes.MessageGroupId,
    deduplication: Attributes.MessageDeduplicationId,
  }));
}
