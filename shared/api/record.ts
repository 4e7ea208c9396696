import type { APIGatewayProxyEvent } from 'aws-lambda';
import { PresenceError } from '../presence/errors.ts';
import { groupId } from '../presence/ids.ts';
import { createLog, type Log } from '../runtime/log.ts';
import { embeddedMetrics } from '../runtime/metrics.ts';
import { callerName } from './caller.ts';
import type { Endpoint } from './endpoints.ts';
import { reasonOf } from './failure.ts';
import { type FailureName, failures, metricNamespace, upstream } from './metrics.ts';
import type { Problem } from './problem.ts';

/** What is told of one call: a log line when it has ended, which CloudWatch makes its metrics of. */
export class CallRecord {
  readonly log: Log;
  readonly #endpoint: string;
  readonly #began = performance.now();
  #upstreamMs = 0;

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

  /** Counts the time that `work` takes as spent on the Presence service. */
  async upstream<T>(work: Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      return await work;
    } finally {
      this.#upstreamMs = elapsedSince(began);
    }
  }

  ended(event: 'answered' | 'reader left'): void {
    this.log.info(event, this.#fields(), embeddedMetrics(metricNamespace, [upstream]));
  }

  refused(problem: Problem): void {
    const { code, status, cause } = problem;
    const refusedServer = cause instanceof PresenceError && cause.code === 'refused-server';
    const reason = reasonOf(cause ?? problem);
    const failed = { reason, status, ...this.#failed(refusedServer ? 'refused-server' : code) };
    const embedded = embeddedMetrics(metricNamespace, [failures, upstream]);
    if (status < 500) this.log.info(code, failed, embedded);
    else this.log.error(code, failed, embedded);
  }

  /** The answer had begun, so its caller sees no problem but an answer that breaks off. */
  cut(error: unknown): void {
    const embedded = embeddedMetrics(metricNamespace, [failures, upstream]);
    this.log.error('stream broken off', { reason: reasonOf(error), ...this.#failed('stream-cut') }, embedded);
  }

  #failed(name: FailureName) {
    return { ...this.#fields(), Failure: name, [failures.name]: 1 };
  }

  #fields() {
    return {
      ms: elapsedSince(this.#began),
      Stage: process.env.RELAY_STAGE ?? 'unknown',
      Endpoint: this.#endpoint,
      [upstream.name]: this.#upstreamMs,
    };
  }
}

/** Milliseconds. */
function elapsedSince(began: number): number {
  return Math.round(performance.now() - began);
}
