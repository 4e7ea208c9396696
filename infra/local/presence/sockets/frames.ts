import type { RawData } from 'ws';
import * as z from 'zod/mini';
import { type Json, parseJson } from '../exact-json.ts';
import { groupidSchema, visitoridSchema } from '../ids.ts';

/** Some clients repeat groupid, visitorid and version in every frame; nobody minds. */
const frameSchema = z.object({
  type: z.string(),
  data: z.optional(z.unknown()),
});

const groupid = z.union([
  groupidSchema,
  z.pipe(z.pipe(z.string().check(z.regex(/^\d+$/)), z.transform(Number)), groupidSchema),
]);

export const connectSchema = z.object({
  groupid,
  visitorid: visitoridSchema,
  authorization: z.optional(z.string()),
  guesttoken: z.optional(z.nullable(z.string())),
});

export type Frame = z.infer<typeof frameSchema> & {
  /** `data` with every number as it was written, to be passed on. */
  readonly exact?: unknown;
};
export type Connect = z.infer<typeof connectSchema>;

/** The JSON of a frame, text or binary; undefined when it is none. */
export function jsonOf(raw: RawData): Json | undefined {
  try {
    return parseJson(raw.toString());
  } catch {
    return undefined;
  }
}

export function frameOf({ plain, exact }: Json): Frame | undefined {
  const frame = frameSchema.safeParse(plain).data;
  return frame && { ...frame, exact: objectOf(exact).data };
}

/** A frame's data as an object; empty when it is something else. */
export function objectOf(data: unknown): Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null && !Array.isArray(data) ? { ...data } : {};
}
