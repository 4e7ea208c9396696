import { PresenceError } from '../../presence/errors.ts';
import type { Signal, SignalRecord } from '../../signals/signal.ts';
import type { Hold } from '../../signals/table.ts';
import { reasonOf } from '../failure.ts';
import { Problem } from '../problem.ts';
import { beforehand, type Kept } from './kept.ts';
import { isSame, keyReuse, signalOf } from './signal-of.ts';
import { notPresent, type SignalCall, type Trace } from './trace.ts';

/**
 * Now or never, and once however often the call is repeated: a repeat gets the first answer again. What has surely
 * sent nothing and may pass is no such answer, or to repeat the call would be of no use.
 */
export async function sendOnce(call: SignalCall, trace: Trace, kept: Kept): Promise<'sent'> {
  const signal = await signalOf(call, kept);
  trace.id = signal.id;
  const claim = await beforehand(kept.table.claim(signal));
  const isOurs = isSame(claim.record, signal);
  if (claim.outcome === 'claimed' && isOurs) return await send(call, signal, claim.hold);
  trace.repeated = true;
  // That of another request is given back; but one that may have been sent is not, or it would be sent once more.
  if (claim.outcome === 'claimed') await putDown(call, signal, claim.hold.release(claim.record.reason));
  if (claim.outcome === 'ambiguous') await putDown(call, signal, claim.hold.end('unknown', 'worker-lost'));
  if (!isOurs) throw keyReuse();
  if (claim.outcome === 'ended') return answerAgain(claim.record);
  if (claim.outcome === 'ambiguous')
    throw new PresenceError('delivery-unknown', 'whoever was sending it did not live to hear the answer');
  const detail = 'The first request with this Idempotency-Key is still under way.';
  throw new Problem('conflict', detail, { headers: { 'retry-after': '1' } });
}

async function send(call: SignalCall, signal: Signal, hold: Hold): Promise<'sent'> {
  const { groupid, visitorid, message } = signal;
  let mayHaveLeft = false;
  const beforeSend = async () => {
    mayHaveLeft = await beforehand(hold.sending());
    return mayHaveLeft;
  };
  const sending = call.presence.signal(groupid, visitorid, message, call.deadline, { beforeSend });
  const outcome = await sending.catch(async (error: unknown) => {
    await putDown(call, signal, endAfter(error, hold, mayHaveLeft));
    throw error;
  });
  if (outcome === 'withheld') throw cancelled();
  const end = outcome === 'sent' ? hold.end('sent') : hold.end('failed', 'visitor-not-present');
  await putDown(call, signal, end);
  if (outcome === 'not-present') throw notPresent();
  return outcome;
}

async function endAfter(error: unknown, hold: Hold, mayHaveLeft: boolean): Promise<void> {
  if (error instanceof PresenceError) {
    if (error.code === 'delivery-unknown') await hold.end('unknown', error.code);
    else await hold.release(error.code);
  } else if (error instanceof Problem) {
    // That it is sent now could not be put down, so it was not sent.
    await hold.release('unavailable');
  } else {
    await (mayHaveLeft ? hold.end('unknown', 'internal') : hold.release('internal'));
  }
}

/** The caller learns what has happened, whether it can be put down or not. */
async function putDown({ log }: SignalCall, { id }: Signal, work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) =>
    log.error('signal not ended', { signal: id, reason: reasonOf(error) }),
  );
}

/** What the record has as an end: nothing else is left by a call that sends at once. */
function answerAgain({ status }: SignalRecord): 'sent' {
  if (status === 'sent') return status;
  if (status === 'cancelled') throw cancelled();
  if (status === 'unknown')
    throw new PresenceError('delivery-unknown', 'it was sent before, and not confirmed');
  throw notPresent();
}

function cancelled(): Problem {
  return new Problem('conflict', 'The signal with this Idempotency-Key was cancelled.');
}
