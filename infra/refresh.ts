import { refreshToken } from './functions.ts';

/** How the queue on which new tokens are asked for behaves, on AWS and on this machine alike. */
export const refreshQueue = {
  /** Lambda wants it no shorter than the function may run; and what it has just done shall not come back. */
  visibilitySeconds: 1.5 * refreshToken.timeoutSeconds,
  /** By then, the schedule has asked again. */
  retentionSeconds: 3_600,
  /** Then a request is put with the dead letters, which are kept for so long. */
  receives: 3,
  deadLetterSeconds: 14 * 86_400,
  /** So many groups at once: the least that Lambda lets one set. */
  concurrency: 2,
} as const;

/** So many periods, a minute apart: schedules that begin together do not stay together. */
const periods = 5;

/** How often the tokens of a group are replaced, in minutes; `at` is its place among the groups. */
export function renewalMinutes(refreshMinutes: number, at: number): number {
  return refreshMinutes - (at % periods);
}
