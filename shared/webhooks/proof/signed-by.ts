import { bodyKey, digestSeconds, type FallbackKey } from '../body/generic-body.ts';
import type { WebhookRequest } from '../request.ts';
import type { KeyList, SourceKind } from '../source.ts';
import { type Proof, readProof, readSignedId } from './hmac-proof.ts';
import type { HmacScheme } from './hmac-scheme.ts';
import { type SignedField, signedFields, signs, templateParts } from './hmac-template.ts';
import { fromBase64, fromHex, hmacFits, isStale } from './signature.ts';

type Signed = Pick<
  SourceKind<unknown, object>,
  'authentication' | 'hasReplayProtection' | 'signsUrl' | 'authenticate'
> & { readonly lists: Readonly<Record<'keys', KeyList>> };

/** All that follows of how a vendor signs. `of` tells people which of its keys it is. */
export function signedBy(
  scheme: HmacScheme,
  of: string,
  flaw: KeyList['flaw'] = keyFlaws[scheme.key],
): Signed {
  return {
    authentication: `HMAC-${scheme.hash.toUpperCase()} over ${words(scheme)}`,
    hasReplayProtection: scheme.timestamp !== undefined,
    signsUrl: signs(scheme.signed, 'url'),
    lists: { keys: { of, ...(flaw && { flaw }) } },
    authenticate(request, { keys = [] }, now) {
      if (signs(scheme.signed, 'url') && (request.url === undefined || request.query.size > 0))
        return 'malformed';
      const proof = readProof(request, scheme);
      if (typeof proof === 'string') return proof;
      const decoded = keys.flatMap((key) => keyBytes[scheme.key](key) ?? []);
      if (!hmacFits(scheme.hash, decoded, signedBytes(request, scheme, proof), proof.signatures))
        return 'mismatch';
      const window = (scheme.timestamp?.windowSeconds ?? 0) * 1_000;
      return proof.time && isStale(proof.time.ms, now, window) ? 'stale' : 'authentic';
    },
  };
}

/**
 * What tells a request from others where its body does not: the id that is signed, else a digest. A request that
 * somebody has captured is authentic until its time is too old, so its digest is remembered for as long.
 */
export function signedKey(request: WebhookRequest, scheme: HmacScheme): FallbackKey {
  const id = readSignedId(request, scheme);
  if (id) return { key: id };
  return bodyKey(request, Math.max(digestSeconds, 2 * (scheme.timestamp?.windowSeconds ?? 0)));
}

function signedBytes(
  request: WebhookRequest,
  { signed }: HmacScheme,
  { time, id }: Proof,
): (string | Buffer)[] {
  const { method, url = '', body } = request;
  const values = { method, url, body, timestamp: time?.text ?? '', id: id ?? '' };
  return templateParts(signed).map((part) => ('text' in part ? part.text : values[part.field]));
}

const keyBytes = {
  text: (key: string) => Buffer.from(key, 'utf8'),
  base64: fromBase64,
  hex: fromHex,
};

const keyFlaws = {
  text: undefined,
  base64: (key: string) => (fromBase64(key) ? undefined : 'is not base64'),
  hex: (key: string) => (fromHex(key) ? undefined : 'is not hexadecimal'),
};

const fieldWords: Record<SignedField, string> = {
  body: 'the body',
  timestamp: 'a time',
  id: 'an id',
  url: 'the address',
  method: 'the method',
};

function words({ signed }: HmacScheme): string {
  const all = signedFields.filter((field) => signs(signed, field)).map((field) => fieldWords[field]);
  return all.join(', ').replace(/, ([^,]+)$/, ' and $1');
}
