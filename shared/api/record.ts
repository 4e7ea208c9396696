import type { APIGatewayProxyEvent } from 'aws-lambda';
import { PresenceError } from '../presence/errors.ts';
import { groupId } from '../presence/ids.ts';
import { createLog, type Log } from '../runtime/log.ts';
import { embeddedMetrics, type Metric, metricNamespace, stageOfMetrics } from '../runtime/metrics.ts';
import { callerName } from './caller.ts';
import type { Endpoint } from './endpoints.ts';
import { reasonOf } from './failure.ts';
import { type FailureName, failures, upstream } from './metrics.ts';
import type { Problem } from './problem.ts';

/** What is told of one call: a log line when it has ended, which CloudWatch makes its metrics of. */
export class CallRecord {
  readonly log: Log;
  readonly #endpoint: string;
  readonly #began = performance.now();
  /** Missing as long as the Presence service was not asked: a refused call would count as one that took no time. */
  #upstreamMs: number | undefined;

  constructor({ name }: Endpoint, { requestContext, queryStringParameters }: APIGatewayProxyEvent) {
    const group = groupId.safeParse(queryStringParameters?.groupid);
    this.#endpoint = name;
    this.log = createLog({
      function: name,
      requestId: requestContext.requestId,
      caller: callerName(requestContext),
      groupid: group.success ? group.data : undefined,
    });
  }

  /** Counts the time that `work` takes as spent on the Presence service, unless it ends before it asks anything. */
  async upstream<T>(work: Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      return await work;
    } finally {
      this.#upstreamMs = elapsedSince(began) || undefined;
    }
  }

  answered(): void {
    this.log.info('answered', this.#fields(), this.#metrics());
  }

  refused(problem: Problem): void {
    const { code, status, cause } = problem;
    const refusedServer = cause instanceof PresenceError && cause.code === 'refused-server';
    const reason = reasonOf(cause ?? problem);
    const failed = { reason, status, ...this.#failed(refusedServer ? 'refused-server' : code) };
    if (status < 500) this.log.info(code, failed, this.#metrics(failures));
    else this.log.error(code, failed, this.#metrics(failures));
  }

  /** The answer had begun, so its caller sees no problem but an answer that breaks off. */
  cut(error: unknown): void {
    const failed = { reason: reasonOf(error), ...this.#failed('stream-cut') };
    this.log.error('stream broken off', failed, this.#metrics(failures));
  }

  #failed(name: FailureName) {
    return { ...this.#fields(), Failure: name, [failures.name]: 1 };
  }

  #metrics(...counted: readonly Metric[]): object {
    const measured = this.#upstreamMs === undefined ? [] : [upstream];
    return embeddedMetrics(metricNamespace, [...counted, ...measured]);
  }

  #fields() {
    return {
      ms: elapsedSince(this.#began),
      // Not from the relay's own environment: a call that finds it broken is counted too.
      Stage: stageOfMetrics(),
      Endpoint: this.#endpoint,
      [upstream.name]: this.#upstreamMs,
    };
  }
}

/** Milliseconds. */
function elapsedSince(began: number): number {
  return Math.round(performance.now() - began);
}
