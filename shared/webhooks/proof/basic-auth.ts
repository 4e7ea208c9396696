import { isUtf8 } from 'node:buffer';
import { headerValues, soleHeader, type WebhookRequest } from '../request.ts';
import type { KeyList, Verdict } from '../source.ts';
import { fewestCharacters, tooShort } from './shared-secret.ts';
import { fromBase64, sameText } from './signature.ts';

/**
 * The `user:password` of `Authorization: Basic …` (RFC 7617), in UTF-8; only the first colon divides the two. Nothing
 * where the header is missing, came more than once, or is in another form.
 */
export function basicCredentials(request: WebhookRequest): string | undefined {
  const [, encoded = ''] =
    /^basic +([A-Za-z0-9+/=]+)$/i.exec(soleHeader(request, 'authorization') ?? '') ?? [];
  const bytes = fromBase64(encoded);
  const credentials = bytes && isUtf8(bytes) ? bytes.toString('utf8') : '';
  return form.test(credentials) ? credentials : undefined;
}

/** Whether it comes with one of the keys. All of them are looked at, whichever fits first. */
export function basicVerdict(request: WebhookRequest, keys: readonly string[]): Verdict {
  const given = basicCredentials(request);
  if (given === undefined) {
    return headerValues(request, 'authorization').length === 0 ? 'missing' : 'malformed';
  }
  return keys.map((key) => sameText(key, given)).some((same) => same) ? 'authentic' : 'mismatch';
}

/** Neither part may hold a control character, says the RFC. */
const form = /^[^:\p{Cc}]*:\P{Cc}*$/u;

export const basicKeys: KeyList = {
  of: 'user:password of HTTP basic authentication',
  flaw(key) {
    if (!form.test(key) || key.startsWith(':')) return 'is not user:password';
    return (
      tooShort(key.slice(key.indexOf(':') + 1).trim()) &&
      `has a password of less than ${fewestCharacters} characters`
    );
  },
};
