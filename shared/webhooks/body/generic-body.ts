import { isUtf8 } from 'node:buffer';
import * as z from 'zod/mini';
import { digestOf, soleHeader, type WebhookRequest } from '../request.ts';
import { type ReadEvent, type Reading, Unreadable } from '../source.ts';
import { isJsonObject, loggedType, readJson } from './json.ts';
import type { JsonObject } from './values.ts';

/** What a mapping gets of a body without a shape of its own. All of it is authentic. */
export interface BodyEvent {
  readonly body: JsonObject;
}

/** What a source may say of bodies whose shape is known to the operator alone. */
export interface BodyOptions {
  /**
   * Tells an event from every other one, and is the same when it is sent again: `(body) => textAt(body, 'id')`. Without
   * it, equal bodies within five minutes are one event.
   */
  readonly id?: ((body: JsonObject) => string | undefined) | undefined;
  /** The kind of event, for the log: `ticket.created`. Without spaces, and never anything of a person. */
  readonly type?: ((body: JsonObject) => string | undefined) | undefined;
}

const reader = z.custom<(body: JsonObject) => string | undefined>((value) => typeof value === 'function', {
  error: 'must be a function',
});

export const bodyOptions = { id: z.optional(reader), type: z.optional(reader) };

/** The body as JSON, or as the fields of a form, each a text or a list of them. Throws `Unreadable`. */
export function readBody(request: WebhookRequest): unknown {
  return isForm(request) ? fieldsOf(readForm(request.body)) : readJson(request.body);
}

/** As `readBody`, for vendors that put JSON into the field `payload` of a form. Throws `Unreadable`. */
export function readPayload(request: WebhookRequest): unknown {
  const [payload, ...more] = isForm(request) ? (readForm(request.body).get('payload') ?? []) : [];
  return payload === undefined || more.length > 0 ? readBody(request) : readJson(Buffer.from(payload));
}

/** The decoded values of a form by their names, in order. Throws `Unreadable`. */
export function readForm(body: Buffer): ReadonlyMap<string, readonly string[]> {
  if (body.length === 0) throw new Unreadable('the body is empty');
  if (!isUtf8(body)) throw new Unreadable('the body is not UTF-8');
  // The time that it takes grows with the square of their number.
  if (fieldsIn(body) > mostFields) throw new Unreadable(`the form has more than ${mostFields} fields`);
  const form = new Map<string, string[]>();
  // A question mark at the start would be taken away, were it not for another one.
  for (const [name, value] of new URLSearchParams(`?${body}`)) {
    const values = form.get(name);
    if (values) values.push(value);
    else form.set(name, [value]);
  }
  return form;
}

const mostFields = 1_000;

function fieldsIn(body: Buffer): number {
  let fields = 1;
  for (const byte of body) if (byte === ampersand) fields += 1;
  return fields;
}

const ampersand = 0x26;

export function fieldsOf(form: ReadonlyMap<string, readonly string[]>): JsonObject {
  return Object.fromEntries(
    [...form].map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
}

/** The content type is not signed: what looks like JSON is never a form, whoever may have called it one on its way. */
function isForm(request: WebhookRequest): boolean {
  const isCalledForm = /^application\/x-www-form-urlencoded *(?:;|$)/i.test(
    soleHeader(request, 'content-type') ?? '',
  );
  return isCalledForm && !/^\s*[[{]/.test(request.body.toString('latin1'));
}

/** What tells an event from others, where nothing within it does. */
export interface FallbackKey {
  readonly key: string;
  readonly keySeconds?: number;
}

/** So long equal bodies are one event: longer than most vendors wait before they first send again. */
export const digestSeconds = 5 * 60;

export function bodyKey({ body }: WebhookRequest, keySeconds = digestSeconds): FallbackKey {
  return { key: digestOf(body), keySeconds };
}

/** One event of an object, one of each object in a list. Throws `Unreadable`. */
export function readEvents(body: unknown, options: BodyOptions, fallback: FallbackKey): Reading<BodyEvent> {
  if (!Array.isArray(body)) return { events: [readEvent('the body', body, options, fallback)] };
  const events: ReadEvent<BodyEvent>[] = [];
  const faults: string[] = [];
  for (const [place, element] of body.entries()) {
    try {
      const ofPlace = { ...fallback, key: `${fallback.key}/${place}` };
      events.push(readEvent(`element ${place}`, element, options, ofPlace));
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      faults.push(error.message);
    }
  }
  return { events, faults };
}

function readEvent(
  what: string,
  body: unknown,
  { id, type }: BodyOptions,
  fallback: FallbackKey,
): ReadEvent<BodyEvent> {
  if (!isJsonObject(body)) throw new Unreadable(`${what} is not an object`);
  const key = attempt(() => id?.(body), `the id of ${what} cannot be read`);
  const name = attempt(() => type?.(body), `the type of ${what} cannot be read`);
  return { ...(key ? { key } : fallback), type: name ? loggedType(name) : 'event', event: { body } };
}

/** A function of `relay.config.ts` may stumble over a body that its author has not thought of. */
function attempt<T>(read: () => T, otherwise: string): T {
  try {
    return read();
  } catch {
    throw new Unreadable(otherwise);
  }
}
