import { createHmac } from 'node:crypto';
import type { Keys, Source } from '../../../../shared/webhooks/source.ts';
import { UsageError } from '../../../command.ts';

/** What there is to sign, and with what. */
export interface Signing {
  /** The public address of the source, without a query. */
  readonly url: string;
  readonly body: Buffer;
  readonly contentType: string;
  /** By the lists of its secret. The first one that can sign does. */
  readonly keys: Keys;
  readonly own: Source['own'];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Of the message, for vendors that name it in a header. */
  readonly id: string;
}

/** What comes with the body to prove it; or another body, which proves itself. */
export interface Signed {
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/**
 * How a vendor makes its requests prove themselves, written down after its documents, and with nothing of the code that
 * judges them: were one of the two wrong, they would not agree.
 */
export interface Signer {
  /** What a forger can change: a byte of the body, where it is signed, or else nothing but the secret. */
  readonly covers: 'body' | 'nothing';
  sign(signing: Signing): Signed;
}

/** Its key, the first of the list. */
export function keyOf({ keys }: Signing, list = 'keys'): string {
  return keys[list]?.[0] ?? '';
}

/** The body, for vendors that know nothing but JSON. Throws a UsageError. */
export function jsonOf({ body }: Signing): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new UsageError('the sample is not JSON, as a webhook of this source has to be', { cause });
  }
}

type Part = string | Buffer;

export function hmac(hash: string, key: Part, ...parts: readonly Part[]) {
  return createHmac(hash, key).update(Buffer.concat(parts.map((part) => Buffer.from(part))));
}

/** An own option that is a text, or what it is unless given. */
export function option({ own }: Signing, name: string, otherwise: string): string {
  const value = own[name];
  return typeof value === 'string' ? value : otherwise;
}
