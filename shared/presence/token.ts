import * as z from 'zod/mini';
import type { Deadline } from '../runtime/deadline.ts';

/** A Glance token for one group. */
export interface Token {
  readonly value: string;
  /** Milliseconds since 1970; unknown where neither the secret nor the token tells. */
  readonly expiresAt: number | undefined;
  /** When it was granted, in milliseconds since 1970, where the secret tells. */
  readonly issuedAt?: number | undefined;
  /** How many times in a row, up to this one, a token was replaced because a young one was refused. */
  readonly refusals?: number | undefined;
}

/** Where a client gets the tokens that it sends. Both throw `PresenceError`, and neither outlasts the deadline. */
export interface TokenSource {
  get(groupid: string, deadline: Deadline): Promise<string>;
  /** Glance answered 401 to the `refused` token: another one, or nothing where there is no other. */
  instead(groupid: string, refused: string, deadline: Deadline): Promise<string | undefined>;
}

/** What is wrong with the text of a secret; the text itself is never repeated. */
export class TokenFault extends Error {
  override readonly name = 'TokenFault';
}

const jwtForm = /^eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const longestToken = 8_192;
const withState = z.looseObject({ state: z.literal('unset') });
const withToken = z.looseObject({
  token: z.string(),
  expires: z.optional(z.union([z.string(), z.number()])),
  issued: z.optional(z.unknown()),
  refusals: z.optional(z.unknown()),
});
const claims = z.looseObject({ exp: z.number() });

/**
 * Reads a token secret: the raw JWT, or `{"token": "<JWT>", "issued": …, "expires": …}`, the times in ISO 8601 with a
 * zone or in Unix seconds, and not needed. Throws `TokenFault`.
 */
export function readToken(text: string): Token {
  const trimmed = text.trim();
  if (trimmed === '') throw new TokenFault('is empty');
  if (!trimmed.startsWith('{')) return { value: jwt(trimmed, 'it'), expiresAt: readExp(trimmed) };
  const content = parseJson(trimmed);
  if (withState.safeParse(content).success) throw new TokenFault('holds no token yet');
  const parsed = withToken.safeParse(content);
  if (!parsed.success) throw new TokenFault('has no readable "token" and "expires"');
  const value = jwt(parsed.data.token, 'its "token"');
  const { issued, expires, refusals } = parsed.data;
  return {
    value,
    expiresAt: expires === undefined ? readExp(value) : readTime(expires),
    // A token is of use without them, whatever stands there.
    issuedAt: timeOf(issued),
    refusals: Number.isSafeInteger(refusals) ? Number(refusals) : undefined,
  };
}

/** What `readToken` reads. */
export function writeToken({ value, issuedAt, expiresAt, refusals }: Token): string {
  const iso = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString());
  return JSON.stringify({ token: value, issued: iso(issuedAt), expires: iso(expiresAt), refusals });
}

/** Whether it has the form of a Glance token: a JWT of at most 8,192 characters. */
export function isToken(text: string): boolean {
  return text.length <= longestToken && jwtForm.test(text);
}

function jwt(text: string, what: string): string {
  if (!isToken(text)) throw new TokenFault(`is malformed: ${what} is not a JWT`);
  return text;
}

const unixSeconds = /^\d{1,11}(\.\d+)?$/;
/** With its zone: without one, it would mean another moment on another machine. */
const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

function readTime(expires: string | number): number {
  const time = timeOf(expires);
  if (time === undefined) {
    throw new TokenFault('is malformed: its "expires" is neither ISO 8601 with a zone nor Unix seconds');
  }
  return time;
}

function timeOf(given: unknown): number | undefined {
  const text = String(given);
  if (unixSeconds.test(text)) return fromUnix(Number(text));
  const time = isoTime.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** The claims of a Glance token are not documented; `exp` is read where it stands, in seconds (RFC 7519). */
export function readExp(token: string): number | undefined {
  try {
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
    const result = claims.safeParse(JSON.parse(payload));
    return result.success ? fromUnix(result.data.exp) : undefined;
  } catch {
    return undefined;
  }
}

/** Nothing for what lies beyond the calendar of JavaScript. */
function fromUnix(seconds: number): number | undefined {
  const time = seconds * 1_000;
  return Number.isNaN(new Date(time).getTime()) ? undefined : time;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new TokenFault('is malformed: it is not JSON');
  }
}
