import { refreshToken } from './functions.ts';

/** How the queue on which new tokens are asked for behaves, on AWS and on this machine alike. */
export const refreshQueue = {
  /**
   * Lambda wants it no shorter than the function may run. It is no longer, since a request that failed holds up its whole
   * group for that time; that two run at once does no harm.
   */
  visibilitySeconds: refreshToken.timeoutSeconds,
  /** By then, the schedule has asked again. */
  retentionSeconds: 3_600,
  /** Then a request is put with the dead letters, which are kept for so long. */
  receives: 5,
  deadLetterSeconds: 14 * 86_400,
  /** So many groups at once: the least that Lambda lets one set. */
  concurrency: 2,
} as const;

/** So many periods, a minute apart: schedules that begin together do not stay together. */
const periods = 5;

/** How often the tokens of a group are replaced, in minutes; other groups that come or go do not change it. */
export function renewalMinutes(refreshMinutes: number, groupid: string): number {
  return refreshMinutes - (Number(groupid) % periods);
}
