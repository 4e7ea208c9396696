import { setTimeout as sleep } from 'node:timers/promises';

/** Time as the code sees it, so that a test can bring its own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  sleep(ms: number): Promise<unknown>;
}

export const systemClock: Clock = { now: Date.now, sleep: (ms) => sleep(ms) };
