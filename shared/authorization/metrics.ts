import type { Metric } from '../runtime/metrics.ts';

/**
 * Why a group got no new token.
 * - `no-credentials`, `bad-credentials`: the credentials secret is in its first state, or not readable
 * - `authorization-refused`: the Authorization API refuses the credentials
 * - `authorization-unavailable`: it is not reached, overloaded or failing
 * - `authorization-invalid`: it answers in a way that is not understood
 * - `token-refused`: the Presence service refuses the token that it granted
 * - `token-untried`: the Presence service could not be asked
 * - `token-not-stored`: Secrets Manager does not take it
 */
export const refreshFailureNames = [
  'no-credentials',
  'bad-credentials',
  'authorization-refused',
  'authorization-unavailable',
  'authorization-invalid',
  'token-refused',
  'token-untried',
  'token-not-stored',
] as const;
export type RefreshFailureName = (typeof refreshFailureNames)[number];

/** Tokens that were replaced. */
export const refreshes = {
  name: 'TokensRenewed',
  unit: 'Count',
  dimensions: ['Stage', 'Group'],
} as const satisfies Metric;

/** Attempts to replace a token that failed. */
export const refreshFailures = {
  name: 'RenewalsFailed',
  unit: 'Count',
  dimensions: ['Stage', 'Failure'],
} as const satisfies Metric;

/** Requests to the Authorization API, which calls them resource intensive. */
export const authorizations = {
  name: 'Authorizations',
  unit: 'Count',
  dimensions: ['Stage'],
} as const satisfies Metric;
