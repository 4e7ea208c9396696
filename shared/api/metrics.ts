import type { Metric } from '../runtime/metrics.ts';
import { type ProblemCode, problemStatus } from './problem.ts';

/** By what name a failed call is counted: the code that its caller got, or one that says more to an operator. */
export type FailureName = ProblemCode | 'refused-server' | 'stream-cut';

export const failureNames: readonly FailureName[] = [
  ...(Object.keys(problemStatus) as ProblemCode[]),
  'refused-server',
  'stream-cut',
];

/** Failed calls. */
export const failures = {
  name: 'Failures',
  unit: 'Count',
  dimensions: ['Stage', 'Failure'],
} as const satisfies Metric;

/** How long a call has waited for the Presence service and for the token, until the answer's head if it streams. */
export const upstream = {
  name: 'Upstream',
  unit: 'Milliseconds',
  dimensions: ['Stage', 'Endpoint'],
} as const satisfies Metric;
