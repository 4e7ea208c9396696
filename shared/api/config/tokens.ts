import * as z from 'zod/mini';

/** How long a token shall live, in minutes. Glance grants two hours at most. */
export const tokenMinutes = z
  .int('must be a whole number')
  .check(z.gte(40, 'must be at least 40'), z.lte(120, 'must be at most 120'));

/** How the relay keeps the tokens of its groups fresh. */
export const tokens = z
  .strictObject({
    minutes: z._default(tokenMinutes, 120),
    /** How often each is replaced. Secrets Manager keeps up with a new version every ten minutes, beside failures. */
    refreshMinutes: z._default(
      z
        .int('must be a whole number')
        .check(z.gte(20, 'must be at least 20'), z.lte(60, 'must be at most 60')),
      50,
    ),
  })
  .check(
    z.refine(({ minutes, refreshMinutes }) => 2 * refreshMinutes <= minutes, {
      path: ['refreshMinutes'],
      error: 'must be at most half of "minutes", so that one renewal may fail',
    }),
  );
