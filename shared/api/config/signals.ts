import * as z from 'zod/mini';

/** How the relay delivers the signals that it has taken on: those of webhooks, and those with a `TTL`. */
export const signals = z.strictObject({
  /** At most so many of them reach one visitor in a minute; the rest fail with `rate-limited`. */
  perVisitor: z._default(
    z.int().check(z.gte(1, 'must be at least 1'), z.lte(1_000, 'must be at most 1000')),
    10,
  ),
  /** So often a second, at most, the Presence service is asked for the visitors of a group that signals wait for. */
  findsPerSecond: z._default(
    z.int().check(z.gte(1, 'must be at least 1'), z.lte(500, 'must be at most 500')),
    20,
  ),
  /** So many instances of the function that delivers, at most. Lambda wants two at least. */
  concurrency: z._default(
    z.int().check(z.gte(2, 'must be at least 2'), z.lte(1_000, 'must be at most 1000')),
    10,
  ),
});
