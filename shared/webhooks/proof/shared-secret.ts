import * as z from 'zod/mini';
import { headerValues, type WebhookRequest } from '../request.ts';
import type { KeyList, Verdict } from '../source.ts';
import { sameText } from './signature.ts';

/** A secret that comes as it is, in the address: one of the keys, given once. */
export function checkQuerySecret({ query }: WebhookRequest, name: string, keys: readonly string[]): Verdict {
  return checkSecret(query.get(name) ?? [], keys);
}

/** Likewise in a header. */
export function checkHeaderSecret(request: WebhookRequest, name: string, keys: readonly string[]): Verdict {
  const values = headerValues(request, name).map((value) => value.trim());
  return checkSecret(values, keys);
}

function checkSecret([value, ...more]: readonly string[], keys: readonly string[]): Verdict {
  if (value === undefined) return 'missing';
  // Given twice, another reader of the same request might have looked at the other one.
  if (more.length > 0) return 'malformed';
  if (value === '') return 'missing';
  return keys.map((key) => sameText(key, value)).some((same) => same) ? 'authentic' : 'mismatch';
}

/** Nothing but the secret stands between a guess and a visitor. */
export const fewestCharacters = 16;

/** In an address: what every sender, proxy and gateway leaves as it is, with or without escapes. */
export const queryKeyFlaw: NonNullable<KeyList['flaw']> = (key) =>
  /^[\w.~-]+$/.test(key)
    ? tooShort(key)
    : 'may hold letters, digits and - . _ ~ only, since it stands in an address';

/** In a header, where anything else has no agreed encoding. */
export const headerKeyFlaw: NonNullable<KeyList['flaw']> = (key) =>
  /^[\x21-\x7e]+$/.test(key)
    ? tooShort(key)
    : 'may hold ASCII characters only, and no space, since it stands in a header';

export function tooShort(key: string): string | undefined {
  return key.length < fewestCharacters ? `must have at least ${fewestCharacters} characters` : undefined;
}

/** An option: the name of a parameter in a query. */
export const queryName = z
  .string()
  .check(z.regex(/^[\w.~-]{1,100}$/, 'must be the name of a parameter: letters, digits and - . _ ~'));
