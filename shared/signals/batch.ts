import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import type { Deadline } from '../runtime/deadline.ts';
import type { Delivery } from './delivery.ts';
import type { SignalEvents } from './events.ts';
import type { SignalQueue } from './queue.ts';
import { readMessage } from './queue-message.ts';
import type { Signal } from './signal.ts';

interface BatchDependencies {
  readonly delivery: Delivery;
  readonly queue: SignalQueue;
  /** What the delivery has to tell. */
  readonly events: Pick<SignalEvents, 'put'>;
  readonly deadline: Deadline;
  /** Hears why a message goes back whole. */
  readonly failed: (messageId: string, error: unknown) => void;
}

/** So many visitors are served at once by one worker. */
const mostAtOnce = 16;

/**
 * What a batch of the signal queue has to do. Of a message, only the signals that need it go back, as a message of their
 * own; a message goes back whole where the table or the queue is not to be had, and what is done of it is known then.
 */
export async function deliverBatch(
  records: readonly SQSRecord[],
  { delivery, queue, events, deadline, failed }: BatchDependencies,
): Promise<SQSBatchResponse> {
  const inTurn = turns(mostAtOnce);
  const handled = records.map(async ({ messageId, body }) => {
    try {
      const message = readMessage(body);
      if ('look' in message) await inTurn(() => delivery.look(message.look, deadline));
      else await deliverAll(message.signals, inTurn, { delivery, queue, deadline });
      return [];
    } catch (error) {
      failed(messageId, error);
      return [{ itemIdentifier: messageId }];
    }
  });
  const batchItemFailures = (await Promise.all(handled)).flat();
  await events.put(deadline);
  return { batchItemFailures };
}

type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

async function deliverAll(
  signals: readonly Signal[],
  inTurn: InTurn,
  { delivery, queue, deadline }: Pick<BatchDependencies, 'delivery' | 'queue' | 'deadline'>,
): Promise<void> {
  const visitors = Object.values(
    Object.groupBy(signals, ({ groupid, visitorid }) => `${groupid}#${visitorid}`),
  );
  const outcomes = await Promise.allSettled(
    visitors.map((some = []) => inTurn(() => deliverInOrder(some, delivery, deadline))),
  );
  const failure = outcomes.find(({ status }) => status === 'rejected');
  if (failure) throw (failure as PromiseRejectedResult).reason; // as its status says
  const again = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
  for (const some of Object.values(Object.groupBy(again, ({ delaySeconds }) => delaySeconds))) {
    const [first] = some ?? [];
    if (first)
      await queue.send(
        (some ?? []).map(({ signal }) => signal),
        first.delaySeconds,
      );
  }
}

/** Those of one visitor: what comes behind one that has to come again comes again with it. */
async function deliverInOrder(signals: readonly Signal[], delivery: Delivery, deadline: Deadline) {
  for (const [at, signal] of signals.entries()) {
    const left = await delivery.signal(signal, deadline);
    if (typeof left === 'string') continue;
    const delaySeconds = Math.min(900, Math.ceil(left.againMs / 1_000));
    return signals.slice(at).map((each) => ({ signal: each, delaySeconds }));
  }
  return [];
}

/** Lets so many begin at once; the others wait for their turn. */
function turns(most: number): InTurn {
  let free = most;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((begin) => waiting.push(begin));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
