import { isUtf8 } from 'node:buffer';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import type * as z from 'zod/mini';
import { parseExactly } from '../runtime/exact-json.ts';
import { flawsOf } from '../runtime/flaws.ts';
import type { Endpoint } from './endpoints.ts';
import { inBody, inHeader, inQuery, invalidRequest } from './faults.ts';
import { headerValues } from './header-values.ts';
import { type Fault, Problem } from './problem.ts';
import { unknownPath } from './unknown.ts';

type Inferred<S> = S extends z.ZodMiniType ? z.infer<S> : undefined;

type ParametersOf<E extends Endpoint> = Inferred<E['parameters']>;
type QueryOf<E extends Endpoint> = z.infer<E['query']>;
type HeadersOf<E extends Endpoint> = {
  readonly [Name in keyof E['headers']]?: Inferred<NonNullable<E['headers']>[Name & string]['schema']>;
};
type BodyOf<E extends Endpoint> = E['body'] extends { schema: infer S extends z.ZodMiniType }
  ? z.infer<S>
  : undefined;

type Part<T> = { value: T; faults?: never } | { value?: never; faults: Fault[] };

/** A request as the contract has it. */
export interface Parsed<E extends Endpoint> {
  readonly parameters: ParametersOf<E>;
  readonly query: QueryOf<E>;
  readonly headers: HeadersOf<E>;
  readonly body: BodyOf<E>;
}

/** Reads a request by the contract. Throws a `Problem` that names every fault of query, headers and body. */
export function parseRequest<E extends Endpoint>(endpoint: E, event: APIGatewayProxyEvent): Parsed<E> {
  const parameters = parseParameters(endpoint, event);
  const query = parseQuery(endpoint, event.multiValueQueryStringParameters ?? {});
  const headers = parseHeaders(endpoint, event);
  const body = parseBody(endpoint, event);
  const faults = [query, headers, body].flatMap((part) => part.faults ?? []);
  if (faults.length > 0) throw invalidRequest(faults);
  // What the schemas of this endpoint have read.
  const values = { parameters, query: query.value, headers: headers.value, body: body.value };
  return values as Parsed<E>;
}

function parseParameters(endpoint: Endpoint, { pathParameters }: APIGatewayProxyEvent): unknown {
  const result = endpoint.parameters?.safeParse(pathParameters ?? {});
  if (result && !result.success) throw unknownPath();
  return result?.data;
}

function parseHeaders({ headers = {} }: Endpoint, event: APIGatewayProxyEvent): Part<unknown> {
  const faults: Fault[] = [];
  const read = Object.entries(headers).flatMap(([name, { schema }]) => {
    const [value, ...others] = headerValues(event, name);
    if (value === undefined) return [];
    const result = schema.safeParse(value, { reportInput: true });
    const flaws = others.length > 0 ? [{ path: [], detail: 'must be given once' }] : flawsOf(result.error);
    faults.push(...flaws.map((flaw) => inHeader(name, flaw)));
    return [[name, result.data] as const];
  });
  return faults.length > 0 ? { faults } : { value: Object.fromEntries(read) };
}

function parseQuery(
  endpoint: Endpoint,
  given: Readonly<Record<string, string[] | undefined>>,
): Part<unknown> {
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

function parseBody(endpoint: Endpoint, event: APIGatewayProxyEvent): Part<unknown> {
  if (!endpoint.body) return { value: undefined };
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > endpoint.body.maxBytes) {
    throw new Problem('payload-too-large', `The body must be at most ${endpoint.body.maxBytes} bytes long.`);
  }
  requireJson(event);
  const json = parseJson(bytes);
  if (json.faults) return json;
  const { plain, exact } = json.value;
  const { schema, outline } = endpoint.body;
  const [result, beside] = [schema, outline].map((each) => each.safeParse(plain, { reportInput: true }));
  return result?.success ? { value: exact } : { faults: flawsOf(result?.error, beside?.error).map(inBody) };
}

function requireJson(event: APIGatewayProxyEvent): void {
  const contentType = headerValues(event, 'content-type').at(-1) ?? '';
  if (/^\s*application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(contentType)) return;
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

function parseJson(bytes: Buffer): Part<Json> {
  if (bytes.length === 0) return { faults: [inBody({ path: [], detail: 'is missing' })] };
  if (!isUtf8(bytes)) return { faults: [inBody({ path: [], detail: 'is not UTF-8' })] };
  const text = bytes.toString('utf8');
  try {
    return { value: { plain: JSON.parse(text), exact: parseExactly(text) } };
  } catch (error) {
    const detail = error instanceof RangeError ? 'is nested too deeply' : 'is not JSON';
    return { faults: [inBody({ path: [], detail })] };
  }
}
