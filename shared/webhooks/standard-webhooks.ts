import { createPublicKey, verify } from 'node:crypto';
import { isJsonObject, loggedType, readJson } from './body/json.ts';
import type { JsonObject } from './body/values.ts';
import { fromBase64, hmacFits, isStale } from './proof/signature.ts';
import { headerValues, soleHeader, type WebhookRequest } from './request.ts';
import { defineSource, type Source, type SourceOptions, Unreadable, type Verdict } from './source.ts';
import { textAt } from './text-at.ts';

/** A webhook of any sender that keeps to the specification on standardwebhooks.com, version 1.0.0. */
export interface StandardEvent {
  /** The sender's own id of this message: signed, and the same when it is sent again. */
  readonly id: string;
  /** `contact.updated`. Missing where the sender leaves the proposed `{ type, timestamp, data }`, as the next ones are. */
  readonly type: string | undefined;
  /** When it happened, as the sender writes it, and not when it was sent: `2026-01-31T09:00:00.000Z`. */
  readonly timestamp: string | undefined;
  /** What it happened to; empty where there is none. `textAt(data, 'visitor', 'id')` reads an id. */
  readonly data: JsonObject;
  /** The whole body, whatever it is. */
  readonly payload: unknown;
}

/** Standard Webhooks, and those of Svix, which are the same under other names of headers. */
export function standardWebhooks(options: SourceOptions<StandardEvent>): Source {
  return defineSource<StandardEvent>(
    {
      kind: 'standard-webhooks',
      authentication: 'HMAC-SHA256 (v1) or ed25519 (v1a) over id, time and body',
      hasReplayProtection: true,
      lists: {
        keys: {
          of: 'the signing secret (whsec_…), or the public key (whpk_…), of the endpoint',
          flaw: keyFlaw,
        },
      },
      authenticate: (request, { keys = [] }, now) => judge(request, keys, now),
      read,
    },
    options,
  );
}

function read(request: WebhookRequest) {
  const id = proofOf(request)?.id;
  if (id === undefined) throw new Unreadable('there is no id');
  const payload = readJson(request.body);
  const { type, timestamp, data }: JsonObject = isJsonObject(payload) ? payload : {};
  const event: StandardEvent = {
    id,
    type: textAt(type),
    timestamp: textAt(timestamp),
    data: isJsonObject(data) ? data : {},
    payload,
  };
  return { events: [{ key: id, type: loggedType(event.type), event }] };
}

interface Proof {
  readonly id: string;
  readonly timestamp: string;
  readonly signatures: string;
}

/**
 * The three headers of one family, of the first that is there: were the id of one taken with the signature of the other,
 * a message that somebody has captured could come again under any id.
 */
function proofOf(request: WebhookRequest): Proof | undefined {
  for (const family of ['webhook', 'svix']) {
    const id = soleHeader(request, `${family}-id`);
    const timestamp = soleHeader(request, `${family}-timestamp`);
    const signatures = headerValues(request, `${family}-signature`).join(' ').trim();
    if (id && timestamp && signatures) return { id, timestamp, signatures };
  }
  return undefined;
}

function judge(request: WebhookRequest, keys: readonly string[], now: number): Verdict {
  const proof = proofOf(request);
  if (proof === undefined) return 'missing';
  const { id, timestamp } = proof;
  const v1 = signaturesOf(proof, 'v1');
  const v1a = signaturesOf(proof, 'v1a');
  // A dot in the id would let bytes pass from the id to the time to the body under one signature.
  const isWellFormed = !id.includes('.') && /^[0-9]+$/.test(timestamp) && v1.length + v1a.length > 0;
  if (!isWellFormed) return 'malformed';
  const signed = [`${id}.${timestamp}.`, request.body];
  const fits = hmacFits('sha256', keys.flatMap(secretOf), signed, v1) || ed25519Fits(keys, signed, v1a);
  if (!fits) return 'mismatch';
  return isStale(Number(timestamp) * 1_000, now) ? 'stale' : 'authentic';
}

/**
 * The signatures of one version. They are a list with spaces between; where a header came more than once, gateways put
 * commas between, as there are within each of them.
 */
function signaturesOf({ signatures }: Proof, version: 'v1' | 'v1a'): Buffer[] {
  const entries = signatures.matchAll(/(?<![^\s,])(v1a?),(?=([A-Za-z0-9+/]+={0,2})(?![^\s,]))/g);
  return [...entries].flatMap(([, found, text = '']) => (found === version ? (fromBase64(text) ?? []) : []));
}

const publicPrefix = 'whpk_';
const privatePrefix = 'whsk_';

/** The bytes of a shared secret; nothing for a public key, whose underscore is no base64. */
function secretOf(key: string): Buffer[] {
  const secret = fromBase64(key.replace(/^whsec_/, ''));
  return secret ? [secret] : [];
}

/** The 32 bytes of a public key, likewise. */
function publicKeyOf(key: string): Buffer[] {
  const bytes = key.startsWith(publicPrefix) ? fromBase64(key.slice(publicPrefix.length)) : undefined;
  return bytes?.length === 32 ? [bytes] : [];
}

/** What stands before the 32 bytes in a SubjectPublicKeyInfo for ed25519 (RFC 8410). */
const spki = Buffer.from('302a300506032b6570032100', 'hex');

/** A sender signs with a few keys at most, and each of these takes a look at the whole body. */
const mostSignatures = 8;

function ed25519Fits(
  keys: readonly string[],
  signed: readonly (string | Buffer)[],
  given: readonly Buffer[],
): boolean {
  const some = given.filter(({ length }) => length === 64).slice(0, mostSignatures);
  const message = Buffer.concat(signed.map((part) => Buffer.from(part)));
  const publicKeys = keys
    .flatMap(publicKeyOf)
    .map((bytes) => createPublicKey({ key: Buffer.concat([spki, bytes]), format: 'der', type: 'spki' }));
  return publicKeys.some((key) => some.some((signature) => verify(null, message, key, signature)));
}

function keyFlaw(key: string): string | undefined {
  if (key.startsWith(privatePrefix))
    return 'is the private key of the sender (whsk_…), of which nobody else should have a copy; its public one begins with whpk_';
  if (key.startsWith(publicPrefix))
    return publicKeyOf(key).length === 0 ? 'is no public key for ed25519: 32 bytes in base64' : undefined;
  const [secret] = secretOf(key);
  if (secret === undefined) return 'is no base64';
  if (secret.length < 24) return 'has fewer than 24 bytes';
  return secret.length > 64 ? 'has more than 64 bytes' : undefined;
}
