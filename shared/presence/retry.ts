import type { Clock } from '../runtime/clock.ts';
import type { Deadline } from '../runtime/deadline.ts';
import { PresenceError } from './errors.ts';

/** What an attempt gives back when it failed in a way that does no harm to repeat. */
export class Again {
  readonly error: PresenceError;

  constructor(error: PresenceError) {
    this.error = error;
  }
}

interface RetryOptions {
  deadline: Deadline;
  clock: Clock;
  random: () => number;
}

const mostTries = 4;
const firstMs = 100;
const longestMs = 2_000;

/** Tries up to four times as long as a pause still fits the deadline; then the last failure is thrown. */
export async function retrying<T>(
  attempt: () => Promise<T | Again>,
  { deadline, clock, random }: RetryOptions,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    if (deadline.remaining() <= 0) throw new PresenceError('timeout', 'no time is left');
    const outcome = await attempt();
    if (!(outcome instanceof Again)) return outcome;
    const pause = pauseMs(tries, outcome.error.retryAfterSeconds, random);
    if (tries === mostTries || pause >= deadline.remaining()) throw outcome.error;
    await clock.sleep(pause);
  }
}

/**
 * What the service asks for, and on top of it exponential with full jitter ("Exponential Backoff And Jitter", AWS
 * Architecture Blog), so that those who were sent away together do not come back together.
 */
function pauseMs(tries: number, retryAfterSeconds: number | undefined, random: () => number): number {
  return (retryAfterSeconds ?? 0) * 1_000 + random() * Math.min(longestMs, firstMs * 2 ** tries);
}
