import type { Duration } from 'aws-cdk-lib';
import { type Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import {
  snapshotAge,
  snapshotDuration,
  snapshotGaps,
  snapshotsTaken,
  visitorArrivals,
  visitorDepartures,
  visitorsPresent,
} from '../../shared/snapshots/metrics.ts';
import { metricOf } from './metrics.ts';

/** What is counted of each group. */
const counted = {
  taken: snapshotsTaken,
  gaps: snapshotGaps,
  arrivals: visitorArrivals,
  departures: visitorDepartures,
};

/** So many snapshots, gaps or visitors within the time. */
export function countOf(what: keyof typeof counted, stage: string, group: string, period: Duration): Metric {
  return metricOf(counted[what], { Stage: stage, Group: group }, { statistic: Stats.SUM, period });
}

/** What is measured of each group. */
const measured = { present: visitorsPresent, age: snapshotAge, duration: snapshotDuration };

/** At most, within the time. */
export function mostOf(what: keyof typeof measured, stage: string, group: string, period: Duration): Metric {
  return metricOf(measured[what], { Stage: stage, Group: group }, { statistic: Stats.MAXIMUM, period });
}
