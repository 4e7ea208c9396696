import { createHash } from 'node:crypto';
import { readForm } from '../body/generic-body.ts';
import type { WebhookRequest } from '../request.ts';
import { fromHex, sameBytes } from './signature.ts';

const hashName = 'bodySHA256';

/** Whether the body is vouched for by a hash in the query, as Twilio does with whatever is no form. */
export function hasBodyHash({ query }: WebhookRequest): boolean {
  return query.has(hashName);
}

/**
 * The query that Twilio may have put behind the address: none, or `?bodySHA256=…` alone. Nothing where there is any other,
 * whose escapes and order we could not tell.
 */
export function signedQuery({ query }: WebhookRequest): string | undefined {
  if (query.size === 0) return '';
  const [hash = '', ...more] = query.get(hashName) ?? [];
  return query.size === 1 && more.length === 0 && /^[0-9a-f]{64}$/.test(hash)
    ? `?${hashName}=${hash}`
    : undefined;
}

export function bodyHashFits({ query, body }: WebhookRequest): boolean {
  const hash = fromHex(query.get(hashName)?.[0] ?? '');
  return hash !== undefined && sameBytes(hash, createHash('sha256').update(body).digest());
}

/**
 * The fields of a form as Twilio signs them: by name, each name followed by its value, and a value that came more than
 * once but once. https://www.twilio.com/docs/usage/security, and what its own library makes of repeated names.
 */
export function signedForm(body: Buffer): string {
  const fields = [...readForm(body)].map(([name, values]) => ({ name, values: [...new Set(values)].sort() }));
  return fields
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap(({ name, values }) => values.map((value) => `${name}${value}`))
    .join('');
}

/** Twilio signs some addresses with the port that goes without saying, and some without the one that is there. */
export function spellings(url: string): string[] {
  const [, scheme = '', host = '', port = '', path = ''] =
    /^(https?):\/\/([^/:?#]+)(:\d+)?(.*)$/.exec(url) ?? [];
  if (host === '') return [url];
  const usual = scheme === 'https' ? ':443' : ':80';
  return [`${scheme}://${host}${path}`, `${scheme}://${host}${port || usual}${path}`];
}
