import { isUtf8 } from 'node:buffer';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import type * as z from 'zod/mini';
import { flawsOf } from '../runtime/flaws.ts';
import type { Endpoint } from './endpoints.ts';
import { inBody, inQuery, invalidRequest } from './faults.ts';
import { type Fault, Problem } from './problem.ts';

export type QueryOf<E extends Endpoint> = z.infer<E['query']>;
export type BodyOf<E extends Endpoint> = E['body'] extends { schema: infer S extends z.ZodMiniType }
  ? z.infer<S>
  : undefined;

declare global {
  // In V8 since 11.4; TypeScript's own library does not know it yet.
  interface JSON {
    rawJSON(text: string): object;
  }
}

type Parsed<T> = { value: T; faults?: never } | { value?: never; faults: Fault[] };

/** Reads query and body by the contract. Throws a `Problem` that names every fault of both. */
export function parseRequest<E extends Endpoint>(
  endpoint: E,
  event: APIGatewayProxyEvent,
): { query: QueryOf<E>; body: BodyOf<E> } {
  const query = parseQuery(endpoint, event.multiValueQueryStringParameters ?? {});
  const body = parseBody(endpoint, event);
  if (query.faults || body.faults) throw invalidRequest([...(query.faults ?? []), ...(body.faults ?? [])]);
  return { query: query.value as QueryOf<E>, body: body.value as BodyOf<E> };
}

function parseQuery(
  endpoint: Endpoint,
  given: Readonly<Record<string, string[] | undefined>>,
): Parsed<unknown> {
  // Glance's own scripts write `&&`, which some gateways read as a parameter without a name.
  const named = Object.entries(given).filter(([name]) => name !== '');
  const repeated = named.filter(([, values]) => values && values.length > 1).map(([name]) => name);
  const values = Object.fromEntries(named.map(([name, values]) => [name, values?.[0]]));
  const result = endpoint.query.safeParse(values, { reportInput: true });
  const faults = repeated.map((name) =>
    inQuery({ path: [name.slice(0, 100)], detail: 'must be given once' }),
  );
  if (result.success && faults.length === 0) return { value: result.data };
  return { faults: [...faults, ...flawsOf(result.error).map(inQuery)] };
}

function parseBody(endpoint: Endpoint, event: APIGatewayProxyEvent): Parsed<unknown> {
  if (!endpoint.body) return { value: undefined };
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > endpoint.body.maxBytes) {
    throw new Problem('payload-too-large', `The body must be at most ${endpoint.body.maxBytes} bytes long.`);
  }
  requireJson(event.headers);
  const json = parseJson(bytes);
  if (json.faults) return json;
  const { plain, exact } = json.value;
  const { schema, outline } = endpoint.body;
  const [result, beside] = [schema, outline].map((each) => each.safeParse(plain, { reportInput: true }));
  return result?.success ? { value: exact } : { faults: flawsOf(result?.error, beside?.error).map(inBody) };
}

function requireJson(headers: APIGatewayProxyEvent['headers']): void {
  const [, contentType] =
    Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'content-type') ?? [];
  if (/^\s*application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(contentType ?? '')) return;
  throw new Problem('unsupported-media-type', 'The body must be sent as application/json, in UTF-8.', {
    headers: { accept: 'application/json' },
  });
}

interface Json {
  /** As JavaScript reads it; this is what is checked. */
  plain: unknown;
  /** With every number as it was written, which a check would take for an object; this is what is passed on. */
  exact: unknown;
}

function parseJson(bytes: Buffer): Parsed<Json> {
  if (bytes.length === 0) return { faults: [inBody({ path: [], detail: 'is missing' })] };
  if (!isUtf8(bytes)) return { faults: [inBody({ path: [], detail: 'is not UTF-8' })] };
  const text = bytes.toString('utf8');
  try {
    return { value: { plain: JSON.parse(text), exact: JSON.parse(text, keepDigits) } };
  } catch (error) {
    const detail = error instanceof RangeError ? 'is nested too deeply' : 'is not JSON';
    return { faults: [inBody({ path: [], detail })] };
  }
}

/** A number that JavaScript would write otherwise, such as a long id, leaves with the digits that it came with. */
function keepDigits(_: string, value: unknown, { source }: { source?: string } = {}): unknown {
  if (typeof value !== 'number' || source === undefined || String(value) === source) return value;
  return JSON.rawJSON(source);
}
