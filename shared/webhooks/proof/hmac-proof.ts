import { headerValues, soleHeader, type WebhookRequest } from '../request.ts';
import type { HmacScheme } from './hmac-scheme.ts';
import { besideId } from './hmac-template.ts';
import { fromRfc3339 } from './rfc3339.ts';
import { fromBase64, fromBase64Url, fromHex } from './signature.ts';

/** What a request brings beside its body to prove itself. */
export interface Proof {
  /** At least one. */
  readonly signatures: readonly Buffer[];
  /** As it was sent, and so signed; with its meaning, in milliseconds since 1970. */
  readonly time?: { readonly text: string; readonly ms: number };
  readonly id?: string;
}

/** Reads the signatures, the time and the id that a scheme asks for; nothing that it does not ask for is looked at. */
export function readProof(request: WebhookRequest, scheme: HmacScheme): Proof | 'missing' | 'malformed' {
  const { header, timestamp, idHeader } = scheme;
  const needed = [header, timestamp?.header, idHeader].filter((name) => name !== undefined);
  if (needed.some((name) => headerValues(request, name).every((value) => value.trim() === '')))
    return 'missing';
  const signatures = readSignatures(request, scheme);
  const time = timestamp && readSignedTime(request, scheme);
  const id = idHeader === undefined ? undefined : readSignedId(request, scheme);
  if (signatures.length === 0 || (timestamp && !time) || (idHeader !== undefined && !id)) return 'malformed';
  return { signatures, ...(time && { time }), ...(id && { id }) };
}

/** The id that the vendor has signed, where the scheme knows of one. */
export function readSignedId(request: WebhookRequest, { idHeader, signed }: HmacScheme): string | undefined {
  const id = idHeader === undefined ? '' : (soleHeader(request, idHeader) ?? '');
  const isPlain = /^[\x21-\x7e]{1,256}$/.test(id) && !besideId(signed).some((text) => id.includes(text));
  return isPlain ? id : undefined;
}

const decoders = { hex: fromHex, base64: fromBase64, base64url: fromBase64Url };
const sizes = { sha1: 20, sha256: 32, sha512: 64 };

function readSignatures(request: WebhookRequest, scheme: HmacScheme): Buffer[] {
  const { prefix = '', encoding, hash } = scheme;
  return signatureTexts(request, scheme).flatMap((text) => {
    const bytes = text.startsWith(prefix) ? decoders[encoding](text.slice(prefix.length)) : undefined;
    return bytes?.length === sizes[hash] ? bytes : [];
  });
}

function signatureTexts(request: WebhookRequest, scheme: HmacScheme): string[] {
  const { header, field, separator } = scheme;
  if (field !== undefined) return fieldValues(request, scheme, field);
  // A proxy may have made several headers of several signatures.
  if (separator) return headerValues(request, header).flatMap((value) => value.split(separator).map(trimmed));
  return [soleHeader(request, header) ?? ''];
}

/** Of the header of the signature. */
function fieldValues(
  request: WebhookRequest,
  { header, separator = ',' }: HmacScheme,
  name: string,
): string[] {
  const fields = (soleHeader(request, header) ?? '').split(separator).map(trimmed);
  return fields.filter((text) => text.startsWith(`${name}=`)).map((text) => text.slice(name.length + 1));
}

function trimmed(text: string): string {
  return text.trim();
}

function readSignedTime(request: WebhookRequest, scheme: HmacScheme): Proof['time'] {
  const { header, field, unit = 's' } = scheme.timestamp ?? {};
  const [text, ...more] = field ? fieldValues(request, scheme, field) : [soleHeader(request, header ?? '')];
  const ms = text === undefined || more.length > 0 ? undefined : readTime[unit](text);
  return text === undefined || ms === undefined ? undefined : { text, ms };
}

/** In milliseconds; nothing for whatever is not wholly a time. */
const readTime = {
  s: (text: string) => (/^\d{1,12}$/.test(text) ? Number(text) * 1_000 : undefined),
  ms: (text: string) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined),
  rfc3339: fromRfc3339,
};
