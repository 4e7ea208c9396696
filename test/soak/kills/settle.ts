import { setTimeout as sleep } from 'node:timers/promises';
import { callSqs, type Message } from '../../../infra/local/queues/protocol.ts';
import type { Signal, SignalRecord } from '../../../shared/signals/signal.ts';
import type { KillPlace } from './place.ts';

const atOnce = 10;

/**
 * Waits until nothing is left in the queue, so many seconds at most. What SQS has put with the dead letters, since its
 * workers were killed each time, is given back, as `npm run redrive` does. Tells how much that was.
 */
export async function settled({ queue, deadLetters }: KillPlace, seconds: number): Promise<number> {
  const end = performance.now() + seconds * 1_000;
  let returned = 0;
  while (performance.now() < end) {
    const { visible, inFlight, delayed } = await queue.count();
    if (visible + inFlight + delayed === 0) {
      const killed = await killedIn(deadLetters.url);
      if (killed.length === 0) return returned;
      for (const { Body } of killed) await queue.send({ body: Body });
      returned += killed.length;
    }
    await sleep(500);
  }
  return returned;
}

/** The dead letters without a reason of ours; all of them are taken out. */
async function killedIn(QueueUrl: string): Promise<Message[]> {
  const all: Message[] = [];
  for (;;) {
    const { Messages = [] } = await callSqs(QueueUrl, 'ReceiveMessage', {
      QueueUrl,
      MaxNumberOfMessages: atOnce,
      WaitTimeSeconds: 0,
      MessageSystemAttributeNames: [],
      MessageAttributeNames: ['All'],
    });
    if (Messages.length === 0) return all.filter(({ MessageAttributes }) => !MessageAttributes?.reason);
    all.push(...Messages);
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await callSqs(QueueUrl, 'DeleteMessageBatch', { QueueUrl, Entries });
  }
}

/** By the ids of the signals. */
export async function recordsOf(
  { table }: KillPlace,
  signals: readonly Signal[],
): Promise<ReadonlyMap<string, SignalRecord | undefined>> {
  const records = new Map<string, SignalRecord | undefined>();
  const left = [...signals];
  const reader = async () => {
    for (let signal = left.pop(); signal; signal = left.pop())
      records.set(signal.id, await table.read(signal.id));
  };
  await Promise.all(Array.from({ length: atOnce }, reader));
  return records;
}
