import * as z from 'zod/mini';
import { arn } from './arn.ts';

/** They divide a day, so slots are the same every day. */
const periods = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1_440] as const;

function whole(least: number, most: number) {
  return z
    .int('must be a whole number')
    .check(z.gte(least, `must be at least ${least}`), z.lte(most, `must be at most ${most}`));
}

const field = z
  .string()
  .check(z.minLength(1, 'must not be empty'), z.maxLength(100, 'must be at most 100 characters'));

/** What of each visitor is kept, and what is told of changes. */
const kept = {
  /** `all`: each visitor as the Presence service has it, byte by byte. A list: those of its top-level fields. */
  fields: z._default(
    z.union(
      [z.literal('all'), z.array(field).check(z.maxLength(50))],
      'must be "all", or a list of at most 50 fields',
    ),
    'all',
  ),
  /** `digest`: in the place of visitor ids stand digests, the same for the same id, made with a key of the stack. */
  ids: z._default(z.enum(['plain', 'digest']), 'plain'),
  /** Whoever is missing from so many snapshots in a row has left. */
  leftAfter: z._default(whole(1, 10), 2),
  /** More changes than this between two snapshots are told by one event, and not by one each. */
  mostEvents: z._default(whole(0, 100_000), 1_000),
};

/** Who was on the site when, of one group. */
export const groupSnapshots = z.strictObject({
  everyMinutes: z._default(
    z
      .int('must be a whole number')
      .check(
        z.refine(
          (minutes) => (periods as readonly number[]).includes(minutes),
          `must divide a day: ${periods.join(', ')}`,
        ),
      ),
    5,
  ),
  ...kept,
});
export type GroupSnapshots = z.infer<typeof groupSnapshots>;

/** The same, as the function finds it in its environment. */
export const deployedSnapshots = z.strictObject({ periodSeconds: whole(1, 86_400), ...kept });
export type SnapshotSettings = z.infer<typeof deployedSnapshots>;

/** What is the same for the snapshots of all groups. */
export const snapshots = z.strictObject({
  /** They are gone then. */
  retentionDays: z._default(whole(1, 3_650), 90),
  /** A customer-managed key for the bucket; S3's own unless given. */
  keyArn: z.optional(arn('kms', 'key/[A-Za-z0-9-]+', 'key/<id>')),
  /** A query that would read more of the bucket is stopped: Athena is paid by the byte. */
  queryLimitGiB: z._default(whole(1, 10_000), 100),
});
