import { createLog, type Log } from '../../runtime/log.ts';
import { embeddedMetrics, type Metric, metricNamespace, stageOfMetrics } from '../../runtime/metrics.ts';
import type { Signal } from '../../signals/signal.ts';
import {
  eventsParked,
  type RejectionName,
  signalsMapped,
  unknownSource,
  webhooksAuthentic,
  webhooksReceived,
  webhooksRejected,
  webhooksUnkept,
} from './metrics.ts';

/** What came of the events of an authentic webhook. */
export interface Intake {
  readonly events: number;
  readonly signals: number;
  /** Drafts without a visitor id. */
  readonly unaddressed: number;
  readonly parked: number;
}

/** What is told of one webhook: a line when it has been answered, which CloudWatch makes its metrics of. */
export class WebhookLog {
  readonly #log: Log;
  readonly #began = performance.now();
  readonly requestId: string;
  #source: string = unknownSource;

  constructor(requestId: string, write?: (line: string) => void) {
    this.requestId = requestId;
    this.#log = createLog({ function: 'webhook', requestId }, write);
  }

  /** It is one that is configured: its name is ours. */
  of(source: string): void {
    this.#source = source;
  }

  rejected(rejection: RejectionName): void {
    const counted = { Rejection: rejection, [webhooksRejected.name]: 1 };
    this.#log.info('webhook rejected', { ...this.#fields(), ...counted }, metricsOf(webhooksRejected));
  }

  accepted(intake: Intake): void {
    const fields = { ...this.#fields(), ...told(intake) };
    const some = [
      ...(intake.signals > 0 ? [signalsMapped] : []),
      ...(intake.parked > 0 ? [eventsParked] : []),
    ];
    this.#log.info('webhook accepted', fields, metricsOf(webhooksAuthentic, ...some));
  }

  /** Its sender was told to come again. */
  unkept(reason: string): void {
    const counted = { [webhooksAuthentic.name]: 1, [webhooksUnkept.name]: 1, reason };
    const metrics = metricsOf(webhooksAuthentic, webhooksUnkept);
    this.#log.error('webhook not kept', { ...this.#fields(), ...counted }, metrics);
  }

  /** Likewise, since an operator wants it so. */
  switchedOff(): void {
    const fields = { ...this.#fields(), [webhooksAuthentic.name]: 1 };
    this.#log.info('webhook source is switched off', fields, metricsOf(webhooksAuthentic));
  }

  signal({ id, groupid, message }: Signal, type: string): void {
    const func = message.mtype === 'invoke' ? message.data.func : undefined;
    const { mtype } = message;
    this.#log.info('signal accepted', { signal: id, source: this.#source, groupid, mtype, func, type });
  }

  parked(reason: string, detail: string, type: string | undefined): void {
    this.#log.error('event parked', { source: this.#source, reason, detail, type });
  }

  faultyKeys(source: string, fault: string): void {
    this.#log.error('webhook keys of no use', { source, fault });
  }

  /** Before it was known what it is; its sender was told to come again. */
  failed(error: unknown): void {
    const reason = error instanceof Error ? error.name : typeof error;
    const counted = { [webhooksUnkept.name]: 1, reason };
    this.#log.error('webhook failed', { ...this.#fields(), ...counted }, metricsOf(webhooksUnkept));
  }

  #fields() {
    return {
      ms: Math.round(performance.now() - this.#began),
      Stage: stageOfMetrics(),
      Source: this.#source,
      [webhooksReceived.name]: 1,
    };
  }
}

function told({ events, signals, unaddressed, parked }: Intake) {
  return {
    [webhooksAuthentic.name]: 1,
    events,
    unaddressed,
    [signalsMapped.name]: signals,
    [eventsParked.name]: parked,
  };
}

function metricsOf(...counted: readonly Metric[]): object {
  return embeddedMetrics(metricNamespace, [webhooksReceived, ...counted]);
}
