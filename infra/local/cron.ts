interface CronOptions {
  /** Divides a day. */
  readonly everySeconds: number;
  /** Called with the time for which this was planned, as EventBridge Scheduler tells it: `2026-11-22T12:05:00Z`. */
  readonly fire: (scheduledTime: string) => void;
}

/**
 * EventBridge Scheduler with a cron expression in UTC: at every full multiple of the interval. When the machine slept, or
 * was too busy, only the latest of those that are over is fired.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
 */
export function startCron({ everySeconds, fire }: CronOptions): Disposable {
  const everyMs = everySeconds * 1_000;
  let last = multiple(Date.now());
  let timer: NodeJS.Timeout;
  wait();

  function wait(): void {
    // Of a clock that is set back, the same time may come again.
    timer = setTimeout(look, Math.max(1, last + everyMs - Date.now())).unref();
  }

  function look(): void {
    const due = multiple(Date.now());
    if (due > last) {
      last = due;
      fire(`${new Date(due).toISOString().slice(0, 19)}Z`);
    }
    wait();
  }

  function multiple(time: number): number {
    return Math.floor(time / everyMs) * everyMs;
  }

  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
