import { isUtf8 } from 'node:buffer';
import type * as z from 'zod/mini';
import { flawsOf, flawText } from '../../runtime/flaws.ts';
import { Unreadable } from '../source.ts';
import type { JsonObject } from './values.ts';

/** Longer numbers are given as text, as they stand: JavaScript would make other ids of them. */
const mostDigits = 15;

/** A body as JSON. Long whole numbers become text. Throws `Unreadable`. */
export function readJson(body: Buffer): unknown {
  if (body.length === 0) throw new Unreadable('the body is empty');
  if (!isUtf8(body)) throw new Unreadable('the body is not UTF-8');
  try {
    return JSON.parse(body.toString('utf8'), withLongIds);
  } catch (error) {
    throw new Unreadable(
      error instanceof RangeError ? 'the body is nested too deeply' : 'the body is not JSON',
    );
  }
}

function withLongIds(_: string, value: unknown, { source }: { source?: string } = {}): unknown {
  const [, digits = ''] = /^-?(\d+)$/.exec(source ?? '') ?? [];
  return digits.length > mostDigits ? source : value;
}

/** Checks the shape. Throws `Unreadable`, which names every flaw by its place and repeats no value. */
export function readAs<S extends z.ZodMiniType>(schema: S, value: unknown): z.infer<S> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  throw new Unreadable(flawsOf(result.error).map(flawText).join('; '));
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A vendor's name for a kind of event, where the log may show it: a short word, and not an address or a sentence. */
export function loggedType(name: unknown): string {
  return typeof name === 'string' && /^[A-Za-z][\w.:-]{0,79}$/.test(name) ? name : 'other';
}
