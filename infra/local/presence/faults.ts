import * as z from 'zod/mini';
import { read } from './http/read.ts';
import { visitoridSchema } from './ids.ts';

const delivers = z.optional(z.boolean());
const bytes = z.int().check(z.minimum(0));

/** `deliver` says whether a signal reaches its visitor, or a token is granted, all the same. */
const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('latency'), ms: z.int().check(z.minimum(0), z.maximum(600_000)) }),
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().check(z.minimum(200), z.maximum(599)),
    retryAfter: z.optional(z.union([z.int(), z.string().check(z.regex(/^[\x20-\x7e]+$/))])),
    body: z.optional(z.json()),
    deliver: delivers,
  }),
  z.strictObject({
    kind: z.literal('body'),
    status: z.optional(z.int().check(z.minimum(200), z.maximum(599))),
    body: z.json(),
    deliver: delivers,
  }),
  z.strictObject({
    kind: z.literal('cut'),
    afterBytes: z.optional(bytes),
    framing: z.optional(z.enum(['length', 'chunked'])),
    deliver: delivers,
  }),
  z.strictObject({ kind: z.literal('malformed'), deliver: delivers }),
  z.strictObject({ kind: z.literal('hang'), deliver: delivers }),
  z.strictObject({ kind: z.literal('reset'), deliver: delivers }),
  z.strictObject({ kind: z.literal('revoke'), when: z.optional(z.enum(['before', 'after'])) }),
  z.strictObject({ kind: z.literal('moved') }),
  z.strictObject({
    kind: z.literal('direct'),
    host: z.string().check(z.minLength(1), z.maxLength(300)),
    port: z.optional(z.int().check(z.minimum(0), z.maximum(65_535))),
  }),
]);

const endpoints = ['lookupvisitor', 'findvisitor', 'signalvisitor', 'query'] as const;

/** Both forms of Authorize. */
const authorize = 'authorize';

export const faultRequestSchema = z
  .strictObject({
    /** `*`: any endpoint of Presence; Authorize is another service. */
    endpoint: z.enum([...endpoints, authorize, '*']),
    visitorid: z.optional(visitoridSchema),
    /** How often it happens; 0: until the faults are cleared. */
    times: z.prefault(z.int().check(z.minimum(0)), 1),
    fault: faultSchema,
  })
  .check(
    z.refine(({ endpoint, fault }) => endpoint === 'findvisitor' || !onFindOnly.has(fault.kind), {
      path: ['endpoint'],
      error: 'The faults moved and direct are for findvisitor alone',
    }),
    z.refine(({ endpoint, fault }) => endpoint !== authorize || fault.kind !== 'revoke', {
      path: ['endpoint'],
      error: 'The fault revoke is for endpoints that are called with a token',
    }),
    z.refine(({ endpoint, visitorid }) => endpoint !== authorize || visitorid === undefined, {
      path: ['visitorid'],
      error: 'Nobody authorizes for one visitor',
    }),
  );

const onFindOnly = new Set<string>(['moved', 'direct']);

export type Endpoint = (typeof endpoints)[number];
export type Fault = z.infer<typeof faultSchema>;
export type FaultRequest = z.input<typeof faultRequestSchema>;
export type FaultEntry = z.infer<typeof faultRequestSchema> & { readonly id: number };

/** What goes wrong next, on demand. */
export class Faults {
  #entries: FaultEntry[] = [];
  #added = 0;

  /** Throws a Refusal that names everything that is wrong with the request. */
  add(request: FaultRequest): FaultEntry {
    const entry = { id: this.#added + 1, ...read(faultRequestSchema, request) };
    this.#added = entry.id;
    this.#entries.push(entry);
    return { ...entry };
  }

  /** Those that are still to happen. */
  list(): FaultEntry[] {
    return this.#entries.map((entry) => ({ ...entry }));
  }

  clear(): void {
    this.#entries = [];
  }

  /** The oldest fault that is meant for this request; it has then happened once more. */
  take(endpoint: Endpoint | typeof authorize, visitorid: string | null = null): Fault | undefined {
    const entry = this.#entries.find(
      (candidate) =>
        (candidate.endpoint === endpoint || (candidate.endpoint === '*' && endpoint !== authorize)) &&
        (candidate.visitorid === undefined || candidate.visitorid === visitorid),
    );
    if (entry?.times === 1) this.#entries.splice(this.#entries.indexOf(entry), 1);
    else if (entry && entry.times > 1) entry.times -= 1;
    return entry?.fault;
  }
}
