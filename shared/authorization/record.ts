import { createLog } from '../runtime/log.ts';
import { embeddedMetrics, metricNamespace, stageOfMetrics } from '../runtime/metrics.ts';
import { authorizations, refreshes, refreshFailures } from './metrics.ts';
import type { FailureNote } from './note.ts';
import type { RefreshOutcome } from './refresh.ts';
import type { RefreshRequest } from './request.ts';

/** What is told of one request for a new token: a log line, which CloudWatch makes its metrics of. */
export class RefreshRecord {
  readonly #log: ReturnType<typeof createLog>;
  readonly #groupid: string;
  readonly #began = performance.now();

  constructor({ groupid, because }: RefreshRequest, requestId: string) {
    this.#groupid = groupid;
    this.#log = createLog({ function: 'refresh-token', requestId, groupid, because });
  }

  ended(ended: RefreshOutcome): void {
    const { outcome } = ended;
    const fields = {
      outcome,
      ms: Math.round(performance.now() - this.#began),
      Stage: stageOfMetrics(),
    };
    if (outcome === 'not-needed') this.#log.info('not needed', fields);
    if (outcome === 'postponed') this.#log.info('postponed', { ...fields, ...told(ended.note) });
    if (outcome === 'renewed') {
      const counted = { Group: this.#groupid, [refreshes.name]: 1, [authorizations.name]: 1 };
      const metrics = embeddedMetrics(metricNamespace, [refreshes, authorizations]);
      this.#log.info('token renewed', { ...fields, expires: iso(ended.expiresAt), ...counted }, metrics);
    }
    if (outcome === 'failed') {
      const { note, asked, remembered } = ended;
      const counted = {
        Failure: note.failure,
        [refreshFailures.name]: 1,
        ...(asked && { [authorizations.name]: 1 }),
      };
      const metrics = embeddedMetrics(metricNamespace, [refreshFailures, ...(asked ? [authorizations] : [])]);
      this.#log.error('renewal failed', { ...fields, ...told(note), remembered, ...counted }, metrics);
    }
  }
}

function told({ failure, reason, failures, until }: FailureNote) {
  return { failure, reason, failures, until: iso(until) };
}

function iso(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString();
}
