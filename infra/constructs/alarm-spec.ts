import { Duration } from 'aws-cdk-lib';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';

/** What alarms count in. */
export const period = Duration.minutes(5);

/** An alarm by the name of its entry in the runbook. */
export interface AlarmSpec {
  readonly name: string;
  /** What it looks at, where the entry is of several alarms: a function, a group, a failure. */
  readonly of?: string;
  readonly says: string;
  /** By `period`; where it is to look back over more than a day, by a longer one. */
  readonly metric: IMetric;
  /** So many within five minutes; one unless given. */
  readonly threshold?: number;
  /** In at least so many of the last so many periods; in the last one unless given. */
  readonly spans?: { readonly atLeast: number; readonly of: number };
  /** That it does *not* happen is what the alarm tells. */
  readonly isExpected?: boolean;
}
