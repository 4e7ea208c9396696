import { type Clock, systemClock } from './clock.ts';

/** The one point in time that a call and every hop it makes must keep. */
export interface Deadline {
  /** Milliseconds left; zero or less when it has passed. */
  remaining(): number;
}

/** A Node timer that should run for longer than this runs off at once. */
export const longestTimerMs = 2 ** 31 - 1;

export function deadlineIn(ms: number, clock: Pick<Clock, 'now'> = systemClock): Deadline {
  const end = clock.now() + ms;
  return { remaining: () => end - clock.now() };
}
