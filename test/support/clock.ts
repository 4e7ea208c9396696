import type { Clock } from '../../shared/runtime/clock.ts';

export interface TestClock extends Clock {
  /** Milliseconds since 1970; a test may set it. */
  time: number;
  /** For how long was slept, one by one. */
  readonly sleeps: readonly number[];
}

/** Time that passes only when somebody sleeps, or when a test says so. */
export function testClock(time = Date.now()): TestClock {
  const sleeps: number[] = [];
  const clock: TestClock = {
    time,
    sleeps,
    now: () => clock.time,
    sleep: (ms) => {
      clock.time += ms;
      return Promise.resolve(sleeps.push(ms));
    },
  };
  return clock;
}
