import { Duration } from 'aws-cdk-lib';

/** What the dashboard counts in. */
export const period = Duration.minutes(1);

/** Of the width of the dashboard. */
export const half = { width: 12, height: 6 };
export const third = { width: 8, height: 6 };
