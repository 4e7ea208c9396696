import type { Duration } from 'aws-cdk-lib';
import { type Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { eventsUnsent } from '../../shared/runtime/bus-metrics.ts';
import {
  signalAge,
  type signalEndings,
  signalsEnded,
  signalsLimited,
  signalsWaiting,
} from '../../shared/signals/metrics.ts';
import {
  eventsParked,
  type RejectionName,
  signalsMapped,
  webhooksAuthentic,
  webhooksReceived,
  webhooksRejected,
  webhooksUnkept,
} from '../../shared/webhooks/intake/metrics.ts';
import { metricOf } from './metrics.ts';

/** What is counted of each source of webhooks. */
const ofSource = {
  received: webhooksReceived,
  authentic: webhooksAuthentic,
  unkept: webhooksUnkept,
  mapped: signalsMapped,
  parked: eventsParked,
};
export type WhatOfWebhooks = keyof typeof ofSource;

/** Webhooks of a source, or what became of them. */
export function webhooksOf(what: WhatOfWebhooks, stage: string, source: string, period: Duration): Metric {
  return metricOf(ofSource[what], { Stage: stage, Source: source }, { statistic: Stats.SUM, period });
}

/** Webhooks that were not taken, by this reason. */
export function rejectionsOf(stage: string, name: RejectionName, period: Duration): Metric {
  return metricOf(webhooksRejected, { Stage: stage, Rejection: name }, { statistic: Stats.SUM, period });
}

/** Signals that ended so. */
export function signalsOf(stage: string, outcome: (typeof signalEndings)[number], period: Duration): Metric {
  return metricOf(signalsEnded, { Stage: stage, Outcome: outcome }, { statistic: Stats.SUM, period });
}

/** Signals that have begun to wait. */
export function waitingOf(stage: string, period: Duration): Metric {
  return metricOf(signalsWaiting, { Stage: stage }, { statistic: Stats.SUM, period });
}

/** Signals that were too many for their visitors. */
export function limitedOf(stage: string, period: Duration): Metric {
  return metricOf(signalsLimited, { Stage: stage }, { statistic: Stats.SUM, period });
}

/** Events that the bus did not take, of signals and of snapshots. */
export function unsentOf(stage: string, period: Duration): Metric {
  return metricOf(eventsUnsent, { Stage: stage }, { statistic: Stats.SUM, period });
}

/** From acceptance to delivery, in milliseconds. */
export function ageOf(stage: string, statistic: string, period: Duration): Metric {
  return metricOf(signalAge, { Stage: stage }, { statistic, period, label: statistic });
}
