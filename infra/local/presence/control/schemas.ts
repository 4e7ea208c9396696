import * as z from 'zod/mini';
import { groupidSchema } from '../ids.ts';

export const maxCrowd = 10_000_000;

export const tokenSchema = z.strictObject({
  groupid: groupidSchema,
  /** Below zero for a token that has already expired. */
  seconds: z.optional(z.int().check(z.minimum(-86_400), z.maximum(86_400))),
  presence: z.optional(z.boolean()),
});

/** Without a token: every token there is. */
export const revocationSchema = z.union([
  z.strictObject({ token: z.string() }),
  z.strictObject({ all: z.literal(true), token: z.optional(z.undefined()) }),
]);

export const crowdSchema = z.strictObject({
  count: z.int().check(z.minimum(0), z.maximum(maxCrowd)),
  groupid: groupidSchema,
});

export const serverSchema = z.strictObject({ state: z.enum(['up', 'down']) });
