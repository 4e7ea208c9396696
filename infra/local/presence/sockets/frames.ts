import type { RawData } from 'ws';
import * as z from 'zod/mini';
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

export type Frame = z.infer<typeof frameSchema>;
export type Connect = z.infer<typeof connectSchema>;

/** The JSON of a frame, text or binary; undefined when it is none. */
export function jsonOf(raw: RawData): unknown {
  try {
    return JSON.parse(raw.toString());
  } catch {
    return undefined;
  }
}

export function frameOf(value: unknown): Frame | undefined {
  return frameSchema.safeParse(value).data;
}

/** A frame's data as an object; empty when it is something else. */
export function objectOf(data: unknown): Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null && !Array.isArray(data) ? { ...data } : {};
}
