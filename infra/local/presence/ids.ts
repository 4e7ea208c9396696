import * as z from 'zod/mini';
import { badRequest } from './http/refusal.ts';

/** Glance's pages contradict each other on what a visitor id may hold; this is the union of them. */
export const visitoridSchema = z.string().check(
  z.regex(/^[A-Za-z0-9._~-]{1,100}$/),
  z.refine((id) => id !== '.' && id !== '..'),
);

export const groupidSchema = z.int().check(z.positive());

/** Throws a Refusal unless the query names a group. */
export function groupidOf(query: URLSearchParams): number {
  const text = query.get('groupid') ?? '';
  const groupid = groupidSchema.safeParse(/^\d+$/.test(text) ? Number(text) : undefined);
  if (!groupid.success) throw badRequest('groupid is missing or is no number');
  return groupid.data;
}

/** Throws a Refusal unless the query names a visitor. */
export function visitoridOf(query: URLSearchParams): string {
  const visitorid = givenVisitorid(query);
  if (visitorid === undefined) throw badRequest('visitorid is missing');
  return visitorid;
}

/** The visitor that the query names, if any. Throws a Refusal when that is no visitor id. */
export function givenVisitorid(query: URLSearchParams): string | undefined {
  const text = query.get('visitorid');
  // Glance's scripts send the word when they have no id.
  if (!text || text === 'undefined') return undefined;
  if (!visitoridSchema.safeParse(text).success) throw badRequest('visitorid is not valid');
  return text;
}
