import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { signalDeadLettersName, signalQueueName, signalTableName } from '../names.ts';
import { signalQueue, signalTable } from '../signals.ts';
import { startEventSource } from './lambda/event-source.ts';
import type { LocalFunction } from './lambda/function.ts';
import type { Queue, Queues } from './queues/server.ts';
import type { Tables } from './table/server.ts';

/** The queue of signals with its dead letters, as the stack makes them. */
export async function createSignalQueue(
  queues: Queues,
  stage: string,
): Promise<{ queue: Queue; deadLetters: Queue }> {
  const { visibilitySeconds, retentionSeconds, receives, deadLetterSeconds } = signalQueue;
  const standard = { fifo: false, visibilitySeconds };
  const name = signalDeadLettersName(stage);
  const deadLetters = await queues.create({ ...standard, name, retentionSeconds: deadLetterSeconds });
  const queue = await queues.create({
    ...standard,
    name: signalQueueName(stage),
    retentionSeconds,
    deadLetters: { name, afterReceives: receives },
  });
  return { queue, deadLetters };
}

/** The table of their records, as the stack makes it. Gives its name. */
export async function createSignalTable(tables: Tables, stage: string): Promise<string> {
  const { partitionKey, sortKey, visitorIndex } = signalTable;
  const name = signalTableName(stage);
  await tables.create({ name, partitionKey, sortKey, index: visitorIndex });
  return name;
}

interface DeliveryOptions {
  readonly queue: Queue;
  /** The function `deliver`. */
  readonly target: LocalFunction;
  readonly config: RelayConfig;
  readonly log: (line: string) => void;
}

/** Lets the function behind the queue deliver what comes there. */
export function startDelivery({ queue, target, config, log }: DeliveryOptions): Disposable {
  const { batchSize } = signalQueue;
  const maxConcurrency = config.signals.concurrency;
  const eventSource = startEventSource({ queue, target, batchSize, maxConcurrency, log });
  return { [Symbol.dispose]: () => eventSource.close() };
}
