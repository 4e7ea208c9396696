import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { headerValues, soleHeader, type WebhookRequest } from '../request.ts';
import type { Verdict } from '../source.ts';
import { fromBase64, fromHex, hmacFits, isStale, sameBytes } from './signature.ts';

/**
 * - `v3`: HMAC-SHA256 over method, address, body and time
 * - `v2`: SHA-256 of secret, method, address and body
 * - `v1`: SHA-256 of secret and body
 *
 * `v2` and `v1` are plain hashes: who has captured a request can send it again at any time, and with more behind its
 * body. What must stand between holds a byte of 0x80, so that such a body is no UTF-8, and none of HubSpot's.
 */
export const signatureVersions = ['v3', 'v2', 'v1'] as const;
export type SignatureVersion = (typeof signatureVersions)[number];

export function signsAddress(version: SignatureVersion): boolean {
  return version !== 'v1';
}

/** HubSpot sends `v3` beside the others; then it alone counts, where it is allowed. */
export function judgeHubSpot(
  request: WebhookRequest,
  secrets: readonly string[],
  now: number,
  versions: readonly SignatureVersion[],
): Verdict {
  if (versions.some(signsAddress) && request.query.size > 0) return 'malformed';
  const isV3 = versions.includes('v3') && headerValues(request, 'x-hubspot-signature-v3').length > 0;
  return isV3 ? judgeHmac(request, secrets, now) : judgeHash(request, secrets, versions);
}

function judgeHmac(request: WebhookRequest, secrets: readonly string[], now: number): Verdict {
  const signature = soleHeader(request, 'x-hubspot-signature-v3');
  const time = soleHeader(request, 'x-hubspot-request-timestamp');
  if (!signature || !time) return 'missing';
  const given = fromBase64(signature);
  if (given === undefined || !/^[0-9]+$/.test(time)) return 'malformed';
  const { method, url, body } = request;
  const fits = addresses(url).some((address) =>
    hmacFits('sha256', secrets, [method, address, body, time], [given]),
  );
  if (!fits) return 'mismatch';
  return isStale(Number(time), now) ? 'stale' : 'authentic';
}

/** As it is, and as HubSpot says that it writes it; without the secret, neither helps anybody. */
function addresses(url: string | undefined): readonly string[] {
  return url === undefined ? [] : [...new Set([url, url.replaceAll(decoded, decodeURIComponent)])];
}

/** The escapes that HubSpot's page on validating requests lists, of `:/?@!$'()*,;`; all others are signed as they are. */
const decoded = /%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi;

function judgeHash(
  request: WebhookRequest,
  secrets: readonly string[],
  versions: readonly SignatureVersion[],
): Verdict {
  const signature = soleHeader(request, 'x-hubspot-signature');
  const named = soleHeader(request, 'x-hubspot-signature-version');
  const version = versions.find((one) => one === named && one !== 'v3');
  if (!signature || version === undefined) return 'missing';
  const given = fromHex(signature);
  if (given === undefined) return 'malformed';
  const { method, url = '', body } = request;
  if (!isUtf8(body)) return 'malformed';
  // Synthesis refuses a source that signs an address and has none.
  if (signsAddress(version) && url === '') return 'mismatch';
  const before = signsAddress(version) ? `${method}${url}` : '';
  const fits = secrets.map((secret) => sameBytes(hashOf(`${secret}${before}`, body), given));
  return fits.some((one) => one) ? 'authentic' : 'mismatch';
}

function hashOf(text: string, body: Buffer): Buffer {
  return createHash('sha256').update(text).update(body).digest();
}
