import { setTimeout as sleep } from 'node:timers/promises';

interface ScheduleOptions {
  readonly everyMs: number;
  /** Called with the time for which this was planned. Must come to an end. */
  readonly send: (scheduledTime: Date) => Promise<void>;
  /** Receives a line for each that could not be sent. */
  readonly log: (line: string) => void;
}

export interface Schedule {
  close(): void;
}

/** How long to wait after a failed attempt, and how often. */
const pausesMs = [200, 400, 800];

/**
 * EventBridge Scheduler with a rate and no start date: sends at once and then at each interval from there. What fails
 * is tried again a few times, then let go. When the machine slept, or was too busy, only the latest of the intervals
 * that are over is sent.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#rate-based
 */
export function startSchedule({ everyMs, send, log }: ScheduleOptions): Schedule {
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  fire(performance.now());

  function fire(due: number): void {
    const missed = Math.max(0, Math.floor((performance.now() - due) / everyMs));
    const planned = due + missed * everyMs;
    const next = planned + everyMs;
    timer = setTimeout(fire, next - performance.now(), next).unref();
    void deliver(new Date(Date.now() - (performance.now() - planned)), pausesMs);
  }

  async function deliver(scheduledTime: Date, [pauseMs, ...pauses]: number[]): Promise<void> {
    try {
      await send(scheduledTime);
    } catch (error) {
      if (isClosed) return;
      if (pauseMs === undefined) return log(`not sent, planned for ${scheduledTime.toISOString()}: ${error}`);
      await sleep(pauseMs, undefined, { ref: false });
      if (!isClosed) await deliver(scheduledTime, pauses);
    }
  }

  return {
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
