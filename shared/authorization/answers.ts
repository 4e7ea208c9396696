import * as z from 'zod/mini';
import { readRetryAfter } from '../presence/answers.ts';
import { isToken, readExp, type Token } from '../presence/token.ts';
import type { HttpResponse } from '../presence/transport.ts';
import { AuthorizationError } from './errors.ts';

interface Asked {
  /** Milliseconds since 1970, when the question was put. */
  readonly now: number;
  readonly minutes: number;
  /** What must not be repeated: the credentials that were sent. */
  readonly secrets: readonly string[];
}

/** Whatever else stands there costs nobody a token. */
const text = z.catch(z.nullish(z.string()), undefined);
const answerObject = z.looseObject({
  authToken: z.nullish(z.string()),
  /** The name as Glance spells it. */
  authTokeExp: text,
  authTokenExp: text,
  message: text,
  msg: text,
});
type AnswerObject = z.infer<typeof answerObject>;

/**
 * Reads the token out of an answer of the Authorization API: a bare JSON string from `Authorize`, an object with
 * `authToken` from the newer operation. Throws `AuthorizationError`.
 */
export function readAuthorization(response: HttpResponse, asked: Asked): Token {
  const { status, headers } = response;
  if (status !== 200) throw failureOf(response, asked);
  const answer = parse(response.text);
  if (answer === undefined) throw invalid('answered with something that is not JSON');
  if (typeof answer === 'string' && isToken(answer)) return tokenOf(answer, {}, headers, asked);
  const object = typeof answer === 'object' ? readObject(answer) : {};
  if (object.authToken) return tokenOf(object.authToken, object, headers, asked);
  throw refused('granted no token', typeof answer === 'string' ? answer : messageOf(object), asked);
}

function tokenOf(
  value: string,
  { authTokeExp, authTokenExp }: AnswerObject,
  headers: HttpResponse['headers'],
  { now, minutes }: Asked,
): Token {
  if (!isToken(value)) throw invalid('granted something that is not a JWT');
  const theirs = [readIso(authTokeExp ?? authTokenExp), readExp(value)];
  const ahead = clockAheadMs(headers.date, now);
  const ends = theirs
    .flatMap((time) => (time === undefined ? [] : [time - ahead]))
    .filter((end) => end > now);
  const asRequested = now + minutes * 60_000;
  return { value, issuedAt: now, expiresAt: Math.min(ends[0] ?? asRequested, asRequested) };
}

/**
 * How far their clock is ahead of ours, in milliseconds: an end is told by their clock and kept by ours. Less than
 * two seconds may be the way and the rounding of the header.
 */
function clockAheadMs(date: string | string[] | undefined, now: number): number {
  const theirs = typeof date === 'string' && /^[A-Z][a-z]{2}/.test(date) ? Date.parse(date) : Number.NaN;
  const ahead = theirs - now;
  return Number.isNaN(ahead) || Math.abs(ahead) < 2_000 ? 0 : ahead;
}

/** With its zone; without one it would mean another moment on another machine. */
const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

function readIso(text: string | null | undefined): number | undefined {
  const time = text && isoTime.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

function failureOf({ status, headers, text }: HttpResponse, asked: Asked): AuthorizationError {
  if (status === 429 || status >= 500) {
    return new AuthorizationError('unavailable', `the Authorization API answered ${status}`, {
      retryAfterSeconds: readRetryAfter(headers['retry-after'], asked.now),
    });
  }
  if (![400, 401, 403].includes(status)) return invalid(`answered ${status}; is its address right?`);
  const answer = parse(text);
  const message = typeof answer === 'string' ? answer : messageOf(readObject(answer));
  return refused(`answered ${status}`, message, asked);
}

function messageOf({ message, msg }: AnswerObject): string | null | undefined {
  return message ?? msg;
}

function readObject(answer: unknown): AnswerObject {
  return answerObject.safeParse(answer).data ?? {};
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.trim() === '' ? 'null' : text);
  } catch {
    return undefined;
  }
}

const longestMessage = 200;

function refused(what: string, message: string | null | undefined, { secrets }: Asked): AuthorizationError {
  const words = message && harmless(message, secrets);
  const explained = words ? `: "${words}"` : ', and does not say why';
  return new AuthorizationError('refused', `the Authorization API ${what}${explained}`);
}

/** Their words, without what we sent, without anything like a token or a login key, and on one line. */
function harmless(message: string, secrets: readonly string[]): string {
  const shown = hide(message, [...secrets.filter((secret) => secret.length > 2).flatMap(spellings), ...keys])
    .replaceAll(/[^\x20-\x7e…]+/g, ' ')
    .trim();
  return shown.length > longestMessage ? `${shown.slice(0, longestMessage)} …` : shown;
}

/** Tokens, login keys, and whatever else is too long for a word. */
const keys = [/eyJ[\w-]*(\.[\w-]*)*/g, /\$\d\$\d+\$[\w-]*/g, /[\w+/=.~%-]{24,}/g];

/** As it is, and as it stands in the body that was sent. */
function spellings(secret: string): RegExp[] {
  return [secret, JSON.stringify(secret).slice(1, -1)].map(
    (text) => new RegExp(text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'g'),
  );
}

/** Each is looked for in the whole text, since one may stand within another. */
function hide(text: string, patterns: readonly RegExp[]): string {
  const hidden = new Uint8Array(text.length);
  for (const pattern of patterns) {
    for (const { 0: found, index } of text.matchAll(pattern)) hidden.fill(1, index, index + found.length);
  }
  return text.replaceAll(/./gs, (character, at: number) =>
    !hidden[at] ? character : hidden[at - 1] ? '' : '…',
  );
}

function invalid(what: string): AuthorizationError {
  return new AuthorizationError('invalid-answer', `the Authorization API ${what}`);
}
