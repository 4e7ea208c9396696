import * as z from 'zod/mini';
import { isJsonObject } from './json.ts';

/** An object out of a body, as the vendor sent it. */
export type JsonObject = Readonly<Record<string, unknown>>;

export const jsonObject = z.record(z.string(), z.unknown());

export const nonEmpty = z.string().check(z.minLength(1, 'must not be empty'));

/** An id as text, whether it came as text or as a number. */
export const idText = z.pipe(
  z.union([nonEmpty, z.int()], 'must be text or a whole number'),
  z.transform(String),
);

/** Where nothing depends on it: text, or a number as text; nothing for anything else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** Likewise: an object, an empty one for anything else. */
export function objectOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
