import { Duration } from 'aws-cdk-lib';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { groupsWithSnapshots } from '../../shared/api/config/snapshot-environment.ts';
import { type AlarmSpec, period } from './alarm-spec.ts';
import { countOf } from './snapshot-metrics.ts';

/** Tells somebody of snapshots that are missing. */
export function snapshotAlarms(stage: string, config: RelayConfig): readonly AlarmSpec[] {
  return groupsWithSnapshots(config).flatMap(({ id, snapshots: { everyMinutes } }) => {
    const minutes = Math.max(15, 3 * everyMinutes);
    const span = spanOf(minutes);
    const count = Math.ceil(minutes / span.toMinutes());
    return [
      {
        name: 'snapshot-missing',
        of: id,
        says: `There is no snapshot of group ${id} of the last ${minutes} minutes.`,
        metric: countOf('taken', stage, id, span),
        spans: { atLeast: count, of: count },
        isExpected: true,
      },
      {
        name: 'snapshot-gap',
        of: id,
        says: `A snapshot of group ${id} was not taken, and cannot be any more.`,
        metric: countOf('gaps', stage, id, period),
      },
    ];
  });
}

/**
 * CloudWatch looks back over a day by periods of less than an hour, and over a week by longer ones.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
 */
function spanOf(minutes: number): Duration {
  return minutes <= Duration.days(1).toMinutes() ? period : Duration.hours(1);
}
