/** So many instances start as soon as there are events for them. */
export const atOnce = 10;
/** All there can be. Further ones come under load, and go when it is over. */
export const mostInstances = 100;
/** How many further ones start together. */
export const step = 10;
/** How long the oldest event has to wait for that, and how long it takes until more may follow. */
export const waitMs = 200;
const patienceMs = 5_000;

/** What was seen in the last `waitMs`. */
export interface Load {
  /** Some instances have not loaded their bundle yet. */
  readonly isStarting: boolean;
  /** How many events wait. */
  readonly waiting: number;
  readonly oldestMs: number;
  /** How many were done with. */
  readonly finished: number;
  /** The part of the time that this thread, through which everything goes, was busy: from 0 to 1. */
  readonly busy: number;
}

/**
 * Whether further instances would help: the oldest event has waited, at the present pace the queue would last more
 * than five seconds, and it is neither this thread nor the start of others that everything waits for. A burst of calls
 * that are quickly done is over sooner without the work of starting more threads.
 */
export function needsMore({ isStarting, waiting, oldestMs, finished, busy }: Load): boolean {
  return !isStarting && oldestMs >= waitMs && waiting * waitMs > finished * patienceMs && busy < 0.5;
}
