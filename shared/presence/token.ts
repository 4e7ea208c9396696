import * as z from 'zod/mini';

/** A Glance token for one group. */
export interface Token {
  readonly value: string;
  /** Milliseconds since 1970; unknown where neither the secret nor the token tells. */
  readonly expiresAt: number | undefined;
}

/** Where a client gets the tokens that it sends. */
export interface TokenSource {
  /** Throws `PresenceError`. */
  get(groupid: string): Promise<string>;
  /** Glance answered 401 to this token: it must not be handed out from memory again. */
  refused(groupid: string, token: string): void;
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
});
const claims = z.looseObject({ exp: z.number() });

/**
 * Reads a token secret: the raw JWT, or `{"token": "<JWT>", "expires": <ISO 8601 with a zone, or Unix seconds>}`.
 * Throws `TokenFault`.
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
  const { expires } = parsed.data;
  return { value, expiresAt: expires === undefined ? readExp(value) : readTime(expires) };
}

function jwt(text: string, what: string): string {
  if (text.length > longestToken || !jwtForm.test(text))
    throw new TokenFault(`is malformed: ${what} is not a JWT`);
  return text;
}

const unixSeconds = /^\d{1,11}(\.\d+)?$/;
/** With its zone: without one, it would mean another moment on another machine. */
const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

function readTime(expires: string | number): number {
  const text = String(expires);
  const time = unixSeconds.test(text)
    ? fromUnix(Number(text))
    : isoTime.test(text)
      ? Date.parse(text)
      : Number.NaN;
  if (time === undefined || Number.isNaN(time)) {
    throw new TokenFault('is malformed: its "expires" is neither ISO 8601 with a zone nor Unix seconds');
  }
  return time;
}

/** The claims of a Glance token are not documented; `exp` is read where it stands, in seconds (RFC 7519). */
function readExp(token: string): number | undefined {
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
