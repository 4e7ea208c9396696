import { setTimeout as sleep } from 'node:timers/promises';
import { callSqs, type Message } from '../queues/protocol.ts';
import { failedMessages, sqsEvent } from './batch.ts';
import { FunctionError } from './failure.ts';
import type { LocalFunction } from './function.ts';

interface EventSourceOptions {
  readonly queue: { readonly url: string; readonly arn: string };
  readonly target: Pick<LocalFunction, 'invoke'>;
  /** So many messages at most make one event: 1 to 10. */
  readonly batchSize: number;
  /** So many events at most are with the function at once. */
  readonly maxConcurrency: number;
  /** Receives a line for every batch that was not wholly done with, and for every poll that failed. */
  readonly log: (line: string) => void;
}

export interface EventSource {
  /** Polls no more, at once. A batch that is with the function stays there; nobody hears of its failure. */
  close(): void;
}

/** The longest that SQS lets a poll wait for a message. */
const pollSeconds = 20;
const pauseMs = 500;

/**
 * Lambda's event source mapping of a queue, with `ReportBatchItemFailures`: polls, invokes the function, and deletes
 * what the function is done with. The rest comes back by itself when its visibility timeout is over, until the queue
 * puts it with the dead letters. In a FIFO queue it is for the function to stop after its first failure and to report
 * what it has not begun with; the queue holds back each group of which a message is under way.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function startEventSource(options: EventSourceOptions): EventSource {
  const { queue, target, batchSize, maxConcurrency, log } = options;
  const name = queue.arn.slice(queue.arn.lastIndexOf(':') + 1);
  const stop = new AbortController();
  const batches = new Set<Promise<void>>();
  void poll();

  async function poll(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        const messages = await receive();
        if (messages.length > 0) begin(messages);
        if (batches.size >= maxConcurrency) await Promise.race(batches);
      } catch (error) {
        report('cannot be polled', error);
        await sleep(pauseMs, undefined, { ref: false });
      }
    }
  }

  async function receive(): Promise<Message[]> {
    const input = {
      QueueUrl: queue.url,
      MaxNumberOfMessages: batchSize,
      WaitTimeSeconds: pollSeconds,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    };
    const { Messages = [] } = await callSqs(queue.url, 'ReceiveMessage', input, stop.signal);
    return Messages;
  }

  function begin(messages: readonly Message[]): void {
    const batch = handle(messages)
      .catch((error: unknown) => report(`a batch of ${messages.length} failed`, error))
      .finally(() => batches.delete(batch));
    batches.add(batch);
  }

  async function handle(messages: readonly Message[]): Promise<void> {
    const answer = await target.invoke(sqsEvent(queue.arn, messages));
    const failed = failedMessages(answer, messages);
    const done = messages.filter(({ MessageId }) => !failed.has(MessageId));
    if (done.length > 0) await remove(done);
    if (failed.size > 0) log(`${name} | of a batch of ${messages.length}, ${failed.size} failed`);
  }

  async function remove(messages: readonly Message[]): Promise<void> {
    const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await callSqs(queue.url, 'DeleteMessageBatch', { QueueUrl: queue.url, Entries });
  }

  function report(what: string, error: unknown): void {
    if (!stop.signal.aborted) log(`${name} | ${what}: ${reason(error)}`);
  }

  return { close: () => stop.abort() };
}

/** In one line; what a function has to say of its failure, it has logged itself. */
function reason(error: unknown): string {
  if (error instanceof FunctionError) return error.errorType;
  // `fetch` tells why in the cause.
  return String(error instanceof Error && error.cause ? error.cause : error);
}
