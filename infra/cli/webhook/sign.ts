import { addressSigners } from './sign/address-signers.ts';
import { anyHmac } from './sign/any-hmac.ts';
import { bodySigners } from './sign/body-signers.ts';
import { secretSenders } from './sign/secret-senders.ts';
import type { Signed, Signer, Signing } from './sign/signing.ts';

const signers: Readonly<Record<string, Signer>> = {
  ...bodySigners,
  ...addressSigners,
  ...secretSenders,
  hmac: anyHmac,
};

/** A request as its vendor would send it. */
export interface SignedRequest {
  /** With its query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface SignOptions extends Signing {
  readonly kind: string;
  /** Somebody has changed it since, or knows no key. */
  readonly forge: boolean;
}

/** Signs as a vendor of that kind does. Throws where there is none. */
export function sign({ kind, forge, ...signing }: SignOptions): SignedRequest {
  const signer = signers[kind];
  if (!signer) throw new Error(`nobody knows how ${kind} signs`);
  const isGuessed = forge && signer.covers === 'nothing';
  const {
    headers,
    query = {},
    body = signing.body,
  }: Signed = signer.sign(isGuessed ? { ...signing, keys: others(signing.keys) } : signing);
  const search = new URLSearchParams(query).toString();
  return {
    url: search === '' ? signing.url : `${signing.url}?${search}`,
    headers: { 'content-type': signing.contentType, ...headers },
    body: forge && !isGuessed ? changed(body) : body,
  };
}

/** The first letter is another one. */
function changed(body: Buffer): Buffer {
  const copy = Buffer.from(body);
  const at = copy.findIndex((byte) => /[a-z]/i.test(String.fromCharCode(byte)));
  copy[Math.max(at, 0)] = (copy[Math.max(at, 0)] ?? 0) ^ 1;
  return copy;
}

/** As long, and with another last character. */
function others(keys: Signing['keys']): Signing['keys'] {
  const other = (key: string) => key.slice(0, -1) + (key.endsWith('x') ? 'y' : 'x');
  return Object.fromEntries(Object.entries(keys).map(([list, some]) => [list, some.map(other)]));
}
