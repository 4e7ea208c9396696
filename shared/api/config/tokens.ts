import * as z from 'zod/mini';

/** How long a token shall live, in minutes. Glance grants two hours at most. */
export const tokenMinutes = z
  .int('must be a whole number')
  .check(z.gte(20, 'must be at least 20'), z.lte(120, 'must be at most 120'));

/** How the relay keeps the tokens of its groups fresh. */
export const tokens = z
  .strictObject({
    minutes: z._default(tokenMinutes, 120),
    /** How often each is replaced. Secrets Manager holds some 100 versions of a day, so no oftener than this. */
    refreshMinutes: z._default(
      z
        .int('must be a whole number')
        .check(z.gte(15, 'must be at least 15'), z.lte(110, 'must be at most 110')),
      50,
    ),
  })
  .check(
    z.refine(({ minutes, refreshMinutes }) => refreshMinutes < minutes, {
      path: ['refreshMinutes'],
      error: 'must be less than "minutes"',
    }),
  );
