import * as z from 'zod/mini';
import type { Source } from '../../webhooks/source.ts';

const name = z
  .string()
  .check(
    z.regex(
      /^[a-z][a-z0-9-]{0,39}$/,
      'must be 1 to 40 characters of a-z, 0-9, "-", the first of them a letter',
    ),
  );

const source = z.custom<Source>(
  (value) => typeof value === 'object' && value !== null && 'kind' in value && 'authenticate' in value,
  { error: 'must be made by a function of shared/webhooks, such as hubspot({ … })' },
);

const usualInstances = 20;

/** The sources by their names, which stand in their addresses. */
export const webhooks = z.record(name, source);

const limits = z
  .strictObject({
    /** Requests per second, in the long run. */
    rate: z._default(
      z.number().check(z.gte(1, 'must be at least 1'), z.lte(10_000, 'must be at most 10000')),
      50,
    ),
    /** Requests at once; as many as there are instances unless given. */
    burst: z.optional(z.int().check(z.gte(1, 'must be at least 1'), z.lte(5_000, 'must be at most 5000'))),
    /**
     * So many instances of the function are set apart for webhooks, and there are never more. `unreserved` for an account
     * that has none to set apart: AWS keeps 100 of them, and a new account may have but 10 in all.
     */
    concurrency: z._default(
      z.union(
        [
          z.literal('unreserved'),
          z.int().check(z.gte(1, 'must be at least 1'), z.lte(1_000, 'must be at most 1000')),
        ],
        'must be a whole number from 1 to 1000, or "unreserved"',
      ),
      usualInstances,
    ),
  })
  .check(
    z.refine(({ burst = 0, concurrency }) => concurrency === 'unreserved' || burst <= concurrency, {
      path: ['burst'],
      // API Gateway tells whoever comes too fast to come again; a function that is at its limit looks broken.
      error: 'must be at most "concurrency"',
    }),
  );

/** What of all webhooks together is let through, so that a flood of them leaves room for the callers of the endpoints. */
export const webhookLimits = z.pipe(
  limits,
  z.transform(({ burst, concurrency, ...rest }) => ({
    ...rest,
    concurrency,
    burst: burst ?? (concurrency === 'unreserved' ? usualInstances : concurrency),
  })),
);
