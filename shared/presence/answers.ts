import * as z from 'zod/mini';
import type { ReportedServer } from './address.ts';
import { PresenceError } from './errors.ts';
import type { HttpResponse } from './transport.ts';

export interface LookupAnswer {
  /** `unknown`: the answer names a server but tells nothing of the visitor. */
  readonly presence: 'present' | 'absent' | 'unknown';
  /** JSON text as Glance sent it; `{}` where it sent nothing. */
  readonly body: string;
}

export type FindAnswer =
  | { readonly presence: 'absent'; readonly body: string }
  | {
      readonly presence: 'present';
      /** As the answer names it, unchecked; missing where the presence host itself holds the connection. */
      readonly server: ReportedServer | undefined;
      readonly body: string;
    };

type JsonObject = Readonly<Record<string, unknown>>;

const jsonObject = z.record(z.string(), z.unknown());
const routingKeys = new Set([
  'ds',
  'direct',
  'directserver',
  'tlsport',
  'httpsport',
  'groupid',
  'visitorfound',
]);
/** A present visitor's answer carries these. The visitor's own data may well hold `err` and `msg` beside them. */
const presenceKeys = ['visitorpresent', 'timestamp', 'directserver', 'direct'];

/** Reads an answer of `/lookupvisitor` with status 200 or 404. Throws `PresenceError`. */
export function readLookup(response: HttpResponse): LookupAnswer {
  const answer = readObject(response, presenceKeys);
  if (!answer) return { presence: 'absent', body: '{}' };
  const keys = Object.keys(answer);
  if (keys.length === 0 || ('visitorfound' in answer && isFalse(answer.visitorfound))) {
    return { presence: 'absent', body: response.text };
  }
  const presence = keys.every((key) => routingKeys.has(key)) ? 'unknown' : 'present';
  return { presence, body: response.text };
}

/** Reads an answer of `/findvisitor` with status 200 or 404. Throws `PresenceError`. */
export function readFind(response: HttpResponse): FindAnswer {
  const answer = readObject(response);
  if (!answer) return { presence: 'absent', body: '{"visitorfound":false}' };
  if (Object.keys(answer).length === 0) return { presence: 'absent', body: response.text };
  if (!('visitorfound' in answer))
    throw invalid('the answer to findvisitor does not say whether the visitor was found');
  if (isFalse(answer.visitorfound)) return { presence: 'absent', body: response.text };
  return { presence: 'present', server: readServer(answer), body: response.text };
}

/** Reads an answer of `/signalvisitor`. Throws `PresenceError`. */
export function readSignal(response: HttpResponse): 'sent' | 'not-here' {
  const { status } = response;
  const answer = parseObject(response.text) ?? {};
  const error = inBandError(answer) ?? (answer.error ? textOf(answer.error) : undefined);
  if (error === 'visitornotpresent' || answer.type === 'redirect') return 'not-here';
  if ([404, 409, 410, 421].includes(status) || (status >= 300 && status < 400)) return 'not-here';
  if (status >= 500 && status !== 503) {
    throw new PresenceError('delivery-unknown', `the direct server answered ${status}`);
  }
  if (status >= 300) throw failureOf(response);
  if (error !== undefined) throw inBandFailure(error);
  return 'sent';
}

/** Whether the token is refused, so that another one may help: by the status, or as Glance says so within a 200. */
export function refusesToken({ status, text }: { status: number; text?: string }): boolean {
  if (status !== 200 || !text?.includes('"authorization"')) return status === 401;
  const answer = parseObject(text) ?? {};
  // With anything beside, it may be the data of a visitor, who could ask for tokens without end.
  const isBare = Object.keys(answer).every((key) => key === 'err' || key === 'msg');
  return isBare && inBandError(answer) === 'authorization';
}

/** What a status says that is not an answer to the question asked. */
export function failureOf({ status, headers }: Pick<HttpResponse, 'status' | 'headers'>): PresenceError {
  if (status === 401 || status === 403) {
    return new PresenceError('authorization', `the Presence service refused the token (${status})`);
  }
  if ([429, 502, 503, 504].includes(status)) {
    return new PresenceError('unavailable', `the Presence service answered ${status}`, {
      retryAfterSeconds: readRetryAfter(headers['retry-after']),
    });
  }
  return invalid(`the Presence service answered ${status}`);
}

/**
 * Throws if the body is Glance's way of saying no with status 200. An object under `err` is none: it may be the
 * data of a visitor of that name, in an answer keyed by visitor id.
 */
export function refuseInBandError(text: string): void {
  const answer = parseObject(text);
  if (typeof answer?.err === 'object') return;
  const error = answer && inBandError(answer);
  if (error !== undefined) throw inBandFailure(error);
}

/** Seconds, from either form of RFC 9110, section 10.2.3. */
export function readRetryAfter(value: string | string[] | undefined, now = Date.now()): number | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^\s*\d{1,9}\s*$/.test(value)) return Number(value);
  if (!/^\s*[A-Z][a-z]{2}/.test(value)) return undefined;
  const seconds = Math.ceil((Date.parse(value) - now) / 1000);
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}

/**
 * The object in the body, or nothing for the ways of saying "nothing". A 404 that is neither empty nor JSON comes from
 * something else than the service, so it says nothing of the visitor.
 */
function readObject(
  { status, text }: HttpResponse,
  dataKeys: readonly string[] = [],
): JsonObject | undefined {
  if (text.trim() === '' || text.trim() === 'null') return undefined;
  const answer = parseObject(text);
  if (!answer) throw invalid(`the answer is not a JSON object (${status})`);
  const error = dataKeys.some((key) => key in answer) ? undefined : inBandError(answer);
  if (error === 'visitornotpresent') return undefined;
  if (error !== undefined) throw inBandFailure(error);
  return status === 404 ? undefined : answer;
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const result = jsonObject.safeParse(JSON.parse(text));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}

function inBandError(answer: JsonObject): string | undefined {
  const isError = ('err' in answer && 'msg' in answer) || answer.err === 'visitornotpresent';
  return isError ? textOf(answer.err) : undefined;
}

/** Not `String()`, which calls what stands in the value, and fails for some that JSON can hold. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function inBandFailure(error: string): PresenceError {
  if (error === 'authorization')
    return new PresenceError('authorization', 'the Presence service refused the token');
  const name = /^[a-z]{1,40}$/.test(error) ? `"${error}"` : 'an error of its own';
  return invalid(`the Presence service answered ${name}`);
}

/** The store behind the service is string-valued and Python, so a "no" may come as text. */
function isFalse(found: unknown): boolean {
  return !found || found === 'False' || found === 'false';
}

/** Where an answer says that the visitor's connection is, in any of the documented shapes. */
export function readServer(answer: JsonObject): ReportedServer | undefined {
  const nested = jsonObject.safeParse(answer.visitorfound);
  const places = [answer.directserver, answer.direct, nested.data?.directserver, nested.data?.direct];
  const named = places.map((place) => (Array.isArray(place) ? place[0] : place)).find(isText);
  if (named === undefined) return undefined;
  const [, hostname = named, port] = /^(.*?)(?::(\d{1,5}))?$/.exec(named) ?? [];
  return { hostname, port: readPort(answer.httpsport ?? nested.data?.httpsport ?? port ?? 443) };
}

function readPort(value: unknown): number {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function invalid(message: string): PresenceError {
  return new PresenceError('invalid-answer', message);
}
