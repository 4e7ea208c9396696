import { createHmac, timingSafeEqual } from 'node:crypto';

/** Compares without telling by its time where two texts differ. Neither may be as good as nothing. */
export function sameText(one: string, other: string): boolean {
  return sameBytes(Buffer.from(one, 'utf8'), Buffer.from(other, 'utf8'));
}

/** As `sameText`. Only the lengths, which nobody keeps secret, are told by the time it takes. */
export function sameBytes(one: Buffer, other: Buffer): boolean {
  return one.length > 0 && one.length === other.length && timingSafeEqual(one, other);
}

export type Hash = 'sha1' | 'sha256' | 'sha512';

/**
 * Whether one of the keys makes one of the given signatures. All pairs are looked at, whichever fits first. An empty key,
 * with which anybody could sign, makes none.
 */
export function hmacFits(
  hash: Hash,
  keys: readonly (string | Buffer)[],
  signed: readonly (string | Buffer)[],
  given: readonly Buffer[],
): boolean {
  const filled = keys.filter((key) => key.length > 0);
  const expected = filled.map((key) => {
    const hmac = createHmac(hash, key);
    for (const part of signed) hmac.update(part);
    return hmac.digest();
  });
  return expected.flatMap((one) => given.map((other) => sameBytes(one, other))).some((same) => same);
}

/** The bytes of hexadecimal digits in either case; nothing for anything else, which Node would cut off instead. */
export function fromHex(text: string): Buffer | undefined {
  return /^(?:[0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : undefined;
}

/** The bytes of base64 with padding and without a spare bit; nothing for any other way of writing the same bytes. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined;
}

/** Likewise base64url, without padding. */
export function fromBase64Url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === text ? bytes : undefined;
}

/** How far a signed time may lie from ours, in either direction: what the Standard Webhooks libraries allow. */
export const windowMs = 5 * 60_000;

/** Whether a time, in milliseconds since 1970, lies outside of the window; the very edge is inside. */
export function isStale(timeMs: number, now: number, window = windowMs): boolean {
  return !(Math.abs(now - timeMs) <= window);
}
