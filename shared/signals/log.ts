import { eventsUnsent } from '../runtime/bus-metrics.ts';
import { createLog, type Log } from '../runtime/log.ts';
import { embeddedMetrics, metricNamespace, stageOfMetrics } from '../runtime/metrics.ts';
import { signalAge, signalsEnded, signalsLimited, signalsWaiting } from './metrics.ts';
import type { Ending, Signal, SignalReason } from './signal.ts';

/** What is told of a signal: who sent it where, and what became of it. Never the message, and never the visitor. */
export class SignalLog {
  readonly #log: Log;
  readonly #now: () => number;

  constructor(
    requestId: string,
    { write, now = Date.now }: { write?: (line: string) => void; now?: () => number } = {},
  ) {
    this.#log = createLog({ function: 'deliver', requestId }, write);
    this.#now = now;
  }

  ended(
    signal: Signal,
    outcome: Ending,
    { reason, detail }: { reason?: SignalReason; detail?: string } = {},
  ): void {
    const limited = reason === 'rate-limited';
    const ageMs = this.#now() - signal.acceptedAt;
    const fields = {
      ...this.#fields(signal),
      Outcome: outcome,
      reason,
      detail,
      [signalsEnded.name]: 1,
      ...(outcome === 'sent' && { [signalAge.name]: ageMs }),
      ...(limited && { [signalsLimited.name]: 1 }),
    };
    const measured = [
      signalsEnded,
      ...(outcome === 'sent' ? [signalAge] : []),
      ...(limited ? [signalsLimited] : []),
    ];
    const level = outcome === 'failed' || outcome === 'unknown' ? 'error' : 'info';
    this.#log[level]('signal ended', fields, embeddedMetrics(metricNamespace, measured));
  }

  waiting(signal: Signal): void {
    const fields = { ...this.#fields(signal), [signalsWaiting.name]: 1 };
    this.#log.info('signal waits', fields, embeddedMetrics(metricNamespace, [signalsWaiting]));
  }

  /** It was sent again by whoever sent it, or by the queue, and nothing is to be done. */
  repeated(signal: Signal, status: string): void {
    this.#log.info('signal repeated', { ...this.#fields(signal), status });
  }

  /** It comes back after a while. */
  postponed(signal: Signal, reason: SignalReason, detail: string, afterMs: number): void {
    this.#log.info('signal postponed', {
      ...this.#fields(signal),
      reason,
      detail,
      afterMs: Math.round(afterMs),
    });
  }

  /** So many events were not put on the bus; their records are as they should be. */
  unsent(count: number): void {
    const fields = { Stage: stageOfMetrics(), [eventsUnsent.name]: count };
    this.#log.error('events unsent', fields, embeddedMetrics(metricNamespace, [eventsUnsent]));
  }

  /** A message of the queue goes back whole. What it holds is not repeated, and no message of a foreign error. */
  failed(messageId: string, error: unknown): void {
    const reason = error instanceof Error ? error.name : typeof error;
    this.#log.error('message failed', { messageId, reason });
  }

  #fields({ id, source, groupid, message }: Signal) {
    return {
      signal: id,
      source,
      groupid,
      mtype: message.mtype,
      func: message.mtype === 'invoke' ? message.data.func : undefined,
      Stage: stageOfMetrics(),
    };
  }
}
