import type { SQSServiceException } from '@aws-sdk/client-sqs';
import { PresenceError } from '../../presence/errors.ts';
import type { Signal } from '../../signals/signal.ts';
import { reasonOf } from '../failure.ts';
import { Problem } from '../problem.ts';
import { beforehand, type Kept } from './kept.ts';
import { isSame, keyReuse, signalOf } from './signal-of.ts';
import type { SignalCall, Trace } from './trace.ts';

/**
 * Takes a signal on, to deliver it as soon as its visitor is present. From the moment that the queue has it, it will be
 * delivered, so from then on the answer is that it is accepted: a failure would make its caller send another one. The
 * record comes after it; where it cannot be put down now, whoever delivers the signal will do so.
 */
export async function keep(call: SignalCall, trace: Trace, kept: Kept): Promise<'accepted'> {
  const { table, queue } = kept;
  const signal = await signalOf(call, kept);
  trace.id = signal.id;
  const known = signal.fingerprint === undefined ? undefined : await beforehand(table.read(signal.id));
  if (known) {
    trace.repeated = true;
    if (!isSame(known, signal)) throw keyReuse();
    return 'accepted';
  }
  // Whoever has given up may have called again.
  if (call.deadline.remaining() <= 0) throw new PresenceError('timeout', 'no time is left');
  await putInQueue(queue.send([signal]), signal);
  const record = await table.accept(signal).catch((error: unknown) => {
    call.log.error('signal without a record', { signal: signal.id, reason: reasonOf(error) });
  });
  if (record && !isSame(record, signal)) throw keyReuse();
  return 'accepted';
}

/** A call with a key may be repeated in any case. One without would be another signal, so it has to know. */
async function putInQueue(sending: Promise<void>, { fingerprint }: Signal): Promise<void> {
  if (fingerprint !== undefined) return await beforehand(sending);
  const failure = await sending.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  if (!failure) return;
  if (isRefusal(failure.error)) return await beforehand(Promise.reject(failure.error));
  const detail =
    'The relay may have taken the signal on, and cannot tell. With an Idempotency-Key it would be safe to try again.';
  throw new Problem('delivery-unknown', detail, { cause: failure.error });
}

/** SQS itself says no, or that it can do nothing now: it has not taken the message. */
function isRefusal(error: unknown): boolean {
  const { $fault, $metadata } = error as Partial<SQSServiceException>; // what is none of its has neither
  return $fault === 'client' || $metadata?.httpStatusCode === 503;
}
