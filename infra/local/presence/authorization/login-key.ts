import { createHmac } from 'node:crypto';
import { sameText } from '../same-text.ts';

export interface LoginKey {
  readonly version: string;
  /** Unix seconds, as they were written. */
  readonly expires: string;
  readonly signature: string;
}

const aDay = 86_400;

/** `$<version>$<expires>$<signature>`; undefined for a text that is something else. */
export function parseLoginKey(text: string): LoginKey | undefined {
  const parts = /^\$(\d+)\$([1-9]\d{0,14})\$([A-Za-z0-9_-]{43})$/.exec(text);
  const [, version, expires, signature] = parts ?? [];
  return version && expires && signature ? { version, expires, signature } : undefined;
}

/**
 * Why this login key does not do at `now` (Unix seconds); undefined when it does. `signer`: what is signed before
 * version and end, which for partners is partner id and partner user id, without anything between.
 */
export function loginKeyFlaw(text: string, signer: string, apikey: string, now: number): string | undefined {
  const key = parseLoginKey(text);
  if (!key) return 'The login key is malformed: it is $1$<Unix seconds>$<43 characters of base64url>';
  if (key.version !== '1') return 'The version of the login key is not 1';
  const expires = Number(key.expires);
  if (now >= expires) return 'The login key has expired';
  if (expires - now > aDay) return 'The login key expires more than a day ahead';
  const right = loginKeySignature(apikey, `${signer}${key.version}${key.expires}`);
  return sameText(key.signature, right) ? undefined : 'The signature of the login key is wrong';
}

export function loginKeySignature(apikey: string, signed: string): string {
  return createHmac('sha256', apikey).update(signed).digest('base64url');
}
