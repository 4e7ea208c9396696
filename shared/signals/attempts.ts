import type { PresenceClient } from '../presence/client.ts';
import { PresenceError, type PresenceErrorCode } from '../presence/errors.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import type { Deadline } from '../runtime/deadline.ts';
import type { Counters } from './counters.ts';
import type { DeadReason } from './dead-letter.ts';
import type { SignalEvents } from './events.ts';
import type { SignalLog } from './log.ts';
import { backOffMs } from './pauses.ts';
import type { DeadLetters } from './queue.ts';
import { writeMessage } from './queue-message.ts';
import type { Signal, SignalReason } from './signal.ts';
import type { Claim, Hold, SignalTable } from './table.ts';

export interface AttemptDependencies {
  readonly table: SignalTable;
  readonly counters: Counters;
  readonly deadLetters: DeadLetters;
  readonly presence: Pick<PresenceClient, 'signal'>;
  readonly log: SignalLog;
  readonly events: Pick<SignalEvents, 'ended'>;
  readonly limits: {
    /** At most so many signals reach a visitor in a minute. */
    readonly perVisitor: number;
  };
  readonly clock?: Pick<Clock, 'now'>;
  /** A number from 0 to 1, for the jitter. */
  readonly random?: () => number;
}

/** What there is left to do with a signal: nothing, to wait for its visitor, or to come again after so long. */
export type Left = 'nothing' | 'waiting' | { readonly againMs: number };

type Held = Extract<Claim, { hold: Hold }>;

interface Ended {
  readonly ending: 'sent' | 'expired' | 'unknown' | 'failed';
  readonly reason?: SignalReason;
  readonly detail?: string;
}

/**
 * Everything that is done with one signal by whoever has claimed it. What becomes of it is in its record before anybody
 * else hears of it. All methods reject where the table or a queue is not to be had.
 */
export class Attempts {
  readonly #deps: AttemptDependencies;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #random: () => number;

  constructor(dependencies: AttemptDependencies) {
    this.#deps = dependencies;
    this.#clock = dependencies.clock ?? systemClock;
    this.#random = dependencies.random ?? Math.random;
  }

  /**
   * Its time is over. Whether its visitor was there is not known where nobody could be asked. False where somebody else
   * works on it.
   */
  async expire(signal: Signal, found: 'present' | 'absent' | PresenceError): Promise<boolean> {
    const claim = await this.#deps.table.claim(signal);
    if (claim.outcome === 'taken') return false;
    if (claim.outcome === 'ambiguous') await this.#end(signal, claim, 'unknown', 'worker-lost');
    if (claim.outcome === 'claimed') {
      if (found instanceof PresenceError) await this.#fail(signal, claim, found);
      else await this.#end(signal, claim, 'expired', 'visitor-not-present');
    }
    return true;
  }

  /** Too many wait for its visitor already. */
  async refuse(signal: Signal): Promise<Left> {
    const claim = await this.#deps.table.claim(signal);
    if (claim.outcome !== 'claimed' || isRefused(claim, signal)) return await this.#drop(claim, signal);
    return await this.#end(signal, claim, 'failed', 'rate-limited');
  }

  /** It waits behind others. */
  async queueUp(signal: Signal): Promise<Left> {
    const claim = await this.#deps.table.claim(signal);
    if (isRefused(claim, signal)) return await this.#drop(claim, signal);
    if (isOurs(claim, signal)) return await this.#wait(signal, claim);
    return await this.#unless(claim, signal);
  }

  async deliver(signal: Signal, deadline: Deadline): Promise<Left> {
    const claim = await this.#deps.table.claim(signal);
    if (isRefused(claim, signal)) return await this.#drop(claim, signal);
    if (isOurs(claim, signal)) return await this.#send(signal, claim, deadline);
    return await this.#unless(claim, signal);
  }

  /** Its caller was told that the key is another request's; that one comes by itself. */
  async #drop(claim: Claim, signal: Signal): Promise<Left> {
    if (claim.outcome === 'ambiguous') return await this.#end(signal, claim, 'unknown', 'worker-lost');
    if (claim.outcome === 'claimed') await claim.hold.release(claim.record.reason);
    this.#deps.log.repeated(signal, claim.record.status);
    return 'nothing';
  }

  /** What is not ours to send. */
  async #unless(claim: Claim, signal: Signal): Promise<Left> {
    if (claim.outcome === 'ambiguous') return await this.#end(signal, claim, 'unknown', 'worker-lost');
    if (claim.outcome === 'taken') {
      const { leaseUntil = 0 } = claim.record;
      return { againMs: Math.max(1_000, leaseUntil - this.#clock.now() + 500) };
    }
    this.#deps.log.repeated(signal, claim.record.status);
    return 'nothing';
  }

  async #send(signal: Signal, held: Held, deadline: Deadline): Promise<Left> {
    const { presence, counters, limits } = this.#deps;
    const { groupid, visitorid, message } = signal;
    const { hold, record } = held;
    if (this.#clock.now() >= record.expiresAt) return await this.#tooLate(signal, held);
    let admitted: boolean | undefined;
    let mayHaveLeft = false;
    const beforeSend = async () => {
      admitted ??= await counters.admitSignal(signal, limits.perVisitor);
      if (admitted) mayHaveLeft = await hold.sending();
      return mayHaveLeft;
    };
    try {
      const outcome = await presence.signal(groupid, visitorid, message, deadline, { beforeSend });
      if (outcome === 'sent') return await this.#end(signal, held, 'sent');
      if (outcome === 'not-present') return await this.#absent(signal, held);
      // Otherwise it was cancelled, or somebody else has it, who tells what becomes of it.
      return admitted ? 'nothing' : await this.#end(signal, held, 'failed', 'rate-limited');
    } catch (error) {
      if (error instanceof PresenceError) return await this.#trouble(signal, held, error);
      // Nothing was sent: whoever comes next shall not have to wait for the lease to end.
      if (!mayHaveLeft) await hold.release(doubt(held) ?? 'internal').catch(() => {});
      throw error;
    }
  }

  async #absent(signal: Signal, held: Held): Promise<Left> {
    const waits = signal.waits && this.#clock.now() < held.record.expiresAt;
    return waits
      ? await this.#wait(signal, held)
      : await this.#end(signal, held, 'expired', 'visitor-not-present');
  }

  async #wait(signal: Signal, held: Held): Promise<Left> {
    const { hold, record } = held;
    await hold.wait(doubt(held));
    if (record.waitingSince === undefined) this.#deps.log.waiting(signal);
    return 'waiting';
  }

  async #trouble(signal: Signal, held: Held, error: PresenceError): Promise<Left> {
    const { hold, record } = held;
    if (error.code === 'delivery-unknown' && !maySendAgain(signal))
      return await this.#end(signal, held, 'unknown', 'delivery-unknown', error.message);
    const hasTime = this.#clock.now() < record.expiresAt;
    if (signal.waits && hasTime && mayPass.has(error.code)) return await this.#wait(signal, held);
    const againMs = backOffMs(record.attempts, error.retryAfterSeconds, this.#random());
    const passes = ['unavailable', 'timeout', 'delivery-unknown'].includes(error.code);
    if (!passes || this.#clock.now() + againMs >= record.expiresAt)
      return await this.#fail(signal, held, error);
    await hold.release(doubt(held) ?? error.code);
    this.#deps.log.postponed(signal, error.code, error.message, againMs);
    return { againMs };
  }

  /** It could not be tried in time; if it was, what was in the way is the reason. */
  async #tooLate(signal: Signal, held: Held): Promise<Left> {
    const { reason } = held.record;
    if (reason !== undefined && isTrouble(reason))
      return await this.#fail(signal, held, new PresenceError(reason, 'it went on until it was too late'));
    return await this.#end(signal, held, 'expired', signal.waits ? 'visitor-not-present' : 'too-late');
  }

  /** The dead letter comes first: a worker that dies in between leaves one too many, which does no harm. */
  async #fail(signal: Signal, held: Held, { code, message }: PresenceError): Promise<Left> {
    // What may have arrived is no dead letter.
    if (code === 'delivery-unknown') return await this.#end(signal, held, 'unknown', code, message);
    if (doubt(held)) return await this.#end(signal, held, 'failed', code, message);
    const letter = { body: writeMessage({ signals: [signal] }), reason: code satisfies DeadReason };
    await this.#deps.deadLetters.put({ ...letter, detail: message, source: signal.source });
    return await this.#putDown(signal, held, { ending: 'failed', reason: code, detail: message });
  }

  async #end(
    signal: Signal,
    held: Held,
    status: Ended['ending'],
    reason?: SignalReason,
    detail?: string,
  ): Promise<Left> {
    // That it did not arrive this time does not say that it never did.
    const why = status === 'sent' ? undefined : doubt(held);
    const [ending, because] = why ? (['unknown', why] as const) : [status, reason];
    return await this.#putDown(signal, held, {
      ending,
      ...(because && { reason: because }),
      ...(detail && { detail }),
    });
  }

  async #putDown(signal: Signal, { hold }: Held, { ending, ...why }: Ended): Promise<'nothing'> {
    const record = await hold.end(ending, why.reason);
    this.#deps.log.ended(signal, ending, why);
    if (record) this.#deps.events.ended(record);
    return 'nothing';
  }
}

/** Why an earlier attempt may have reached the visitor, where one may have. */
function doubt({ outcome, record }: Held): 'worker-lost' | 'delivery-unknown' | undefined {
  if (outcome === 'ambiguous') return 'worker-lost';
  const { reason } = record;
  return reason === 'worker-lost' || reason === 'delivery-unknown' ? reason : undefined;
}

/** Whether it may be sent: nobody has sent it before, or it may come twice. */
function isOurs(claim: Claim, signal: Signal): claim is Held {
  return claim.outcome === 'claimed' || (claim.outcome === 'ambiguous' && maySendAgain(signal));
}

/** What may be over before a signal's time is. */
const mayPass = new Set<PresenceErrorCode>(['unavailable', 'timeout', 'authorization']);

/** The record is that of another request with the same `Idempotency-Key`. */
function isRefused({ record }: Claim, { fingerprint }: Signal): boolean {
  return record.fingerprint !== fingerprint;
}

/** An invoke acts in somebody's browser: never twice. */
function maySendAgain({ resend, message }: Signal): boolean {
  return resend === true && message.mtype === 'signal';
}

function isTrouble(
  reason: SignalReason,
): reason is Exclude<PresenceErrorCode, 'delivery-unknown'> & SignalReason {
  return ['authorization', 'refused-server', 'invalid-answer', 'unavailable', 'timeout'].includes(reason);
}
