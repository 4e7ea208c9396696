import * as z from 'zod/mini';
import { read } from './http/read.ts';

const seconds = z.number().check(z.minimum(0), z.maximum(86_400));

const switchesSchema = z.strictObject({
  /** The presence host is itself the direct server, for REST and WebSockets. */
  loadBalanced: z.boolean(),
  /** How /lookupvisitor says that a visitor is absent: `{}`, HTTP 404, or `{"visitorfound":false}`. */
  lookupAbsent: z.enum(['empty', '404', 'old']),
  /** Present visitors' look-ups carry `visitorid`; those of load balanced groups may not. */
  lookupVisitorid: z.boolean(),
  /** Look-ups name the server and nothing of the visitor. */
  lookupRoutingOnly: z.boolean(),
  /** How /findvisitor names the server: flat, `{visitorfound:{direct}}` (text or array), or, for `loadBalanced`, not. */
  find: z.enum(['flat', 'nested', 'nested-array', 'without-host']),
  signalSuccess: z.enum(['object', 'empty', 'text']),
  /** How /signalvisitor says that the visitor is not on this server: the status; 200 has `err` and `msg`. */
  signalGone: z.enum(['404', '409', '410', '200']),
  contentType: z.enum(['json', 'text']),
  /** Custom data as text, as a Python service over a string store gives it, or as the JSON that was sent. */
  data: z.enum(['text', 'typed']),
  /** Custom data overwrites the reserved names of a look-up, `directserver` among them. */
  shadowReserved: z.boolean(),
  query: z.enum(['visitors', 'array', 'object']),
  /** Seconds between a client's keep-alives; its connection is closed after three were missed. */
  keepalive: seconds.check(z.positive()),
  /** How long a visitor stays present after its connection ended, in seconds. */
  presenceSeconds: seconds,
  /** How long a signal waits for a visitor who has just left to come back, in seconds. */
  holdSeconds: seconds,
  /** How long a unique id is valid, in seconds. */
  uniqueSeconds: seconds.check(z.positive()),
  /** Origins of web pages that may call the agent-side endpoints; none: no CORS headers. */
  agentOrigins: z.array(z.string()),
  /** The longest life of a token that Authorize grants, in seconds. */
  tokenSeconds: z.number().check(z.minimum(1), z.maximum(7_200)),
  /** What Authorize grants a token in: what its path has, or text, or an object, with or without its end. */
  authorizeAnswer: z.enum(['by-path', 'string', 'object', 'object-token-exp', 'object-no-exp']),
  /** How Authorize refuses credentials: the status; 200 with a `message`, or with no token in an empty text. */
  authorizeRefusal: z.enum(['401', '403', '200', '200-empty']),
  /** What the tokens that Authorize grants are good for. */
  authorizedFor: z.enum(['presence', 'nothing', 'revoked']),
  /** Tokens that Authorize grants tell their end, as `exp`. */
  jwtExp: z.boolean(),
  /** How far the clock of Authorize is ahead of everybody else's, in seconds; below 0: behind. */
  authorizeClockSeconds: z.number().check(z.minimum(-86_400), z.maximum(86_400)),
});

const patchSchema = z.partial(switchesSchema);

export type Switches = z.infer<typeof switchesSchema>;

const defaults: Switches = {
  loadBalanced: false,
  lookupAbsent: 'empty',
  lookupVisitorid: true,
  lookupRoutingOnly: false,
  find: 'flat',
  signalSuccess: 'object',
  signalGone: '404',
  contentType: 'json',
  data: 'text',
  shadowReserved: false,
  query: 'visitors',
  keepalive: 30,
  presenceSeconds: 5,
  holdSeconds: 5,
  uniqueSeconds: 300,
  agentOrigins: [],
  tokenSeconds: 7_200,
  authorizeAnswer: 'by-path',
  authorizeRefusal: '401',
  authorizedFor: 'presence',
  jwtExp: true,
  authorizeClockSeconds: 0,
};

/** The switches with `patch` applied. Throws a Refusal that names every flaw of the patch. */
export function withSwitches(patch: unknown, base: Switches = defaults): Switches {
  return Object.assign({ ...base }, read(patchSchema, patch));
}

/** A patch from text such as `lookupAbsent=404`, for withSwitches to check. */
export function switchFromText(text: string): Record<string, unknown> {
  const [name = '', ...rest] = text.split('=');
  const value = rest.join('=');
  const usual: unknown = Object.entries(defaults).find(([known]) => known === name)?.[1];
  if (typeof usual === 'boolean') return { [name]: value === 'true' || (value === 'false' ? false : value) };
  if (typeof usual === 'number') return { [name]: Number(value || Number.NaN) };
  return { [name]: Array.isArray(usual) ? value.split(',') : value };
}

/** Every switch with its value at the start, one to a line. */
export function switchesAtStart(): string[] {
  return Object.entries(defaults).map(([name, value]) => `${name}=${value}`);
}
