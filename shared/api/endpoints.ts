import * as z from 'zod/mini';
import { groupId, visitorId } from '../presence/ids.ts';
import { message, messageOutline, mostMessageBytes } from '../presence/message.ts';
import { signalId } from '../signals/signal.ts';
import type { ProblemCode } from './problem.ts';
import { receipt } from './receipt.ts';
import { signalHeaders } from './signal-headers.ts';

/** One row of the contract: what the functions serve, the gateways route and the OpenAPI document tells. */
export interface Endpoint {
  readonly name: string;
  /** The endpoint whose callers may call this one too; it is not granted by a name of its own. */
  readonly grantedBy?: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With its parameters in braces: `/signals/{id}`. */
  readonly path: `/${string}`;
  /** Under which heading the OpenAPI document has it. */
  readonly tag: 'Presence' | 'Signals';
  readonly summary: string;
  readonly description: string;
  /** What stands in the braces of the path. What does not fit is a path at which there is nothing. */
  readonly parameters?: z.ZodMiniObject;
  readonly query: z.ZodMiniObject;
  /** Those that mean something here, by their names as people write them. None has to be there. */
  readonly headers?: Readonly<Record<string, Header>>;
  readonly body?: {
    readonly schema: z.ZodMiniType;
    /** Looked at beside a schema that stops at a first fault, so that every fault is named. */
    readonly outline: z.ZodMiniType;
    readonly maxBytes: number;
  };
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Beyond those that every endpoint may give. */
  readonly problems: readonly ProblemCode[];
  /** The answer is sent as it arrives (API Gateway response-transfer mode STREAM), at any length. */
  readonly streams?: true;
}

interface Header {
  readonly description: string;
  /** Reads its text. */
  readonly schema: z.ZodMiniType;
}

interface Answer {
  readonly description: string;
  readonly schema: z.ZodMiniType;
  /** Headers that come with it, and what they tell. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Glance's own scripts send their version along; it is taken and not passed on. */
const ver = z.optional(z.string().check(z.maxLength(40, 'must be at most 40 characters')));

const visitorQuery = z.strictObject({ groupid: groupId, visitorid: visitorId, ver });

/** Where Glance says that a visitor's connection is. Everything may be missing; Glance may add more. */
const routing = {
  ds: z.optional(z.string()),
  direct: z.optional(z.string()),
  directserver: z.optional(z.string()),
  tlsport: z.optional(z.number()),
  httpsport: z.optional(z.number()),
};

export const lookupvisitor = {
  name: 'lookupvisitor',
  method: 'GET',
  path: '/lookupvisitor',
  tag: 'Presence',
  summary: 'Presence data of one visitor',
  description:
    'What the Presence service answers, unchanged: the data of the visitor, or `{}` when the visitor is not on the site now.',
  query: visitorQuery,
  answers: {
    200: {
      description: 'The presence data; `{}` when the visitor is not present.',
      schema: z.looseObject({
        ...routing,
        visitorid: z.optional(z.string()),
        groupid: z.optional(z.string()),
        /** Unix seconds, as text with a decimal point. */
        visitorpresent: z.optional(z.string()),
        timestamp: z.optional(z.string()),
      }),
    },
  },
  problems: [],
} as const satisfies Endpoint;

export const findvisitor = {
  name: 'findvisitor',
  method: 'GET',
  path: '/findvisitor',
  tag: 'Presence',
  summary: 'The server that holds a visitor’s connection',
  description:
    'What the Presence service answers, unchanged. To send a signal, call `/signalvisitor` here: it finds the server by itself.',
  query: visitorQuery,
  answers: {
    200: {
      description: 'The direct server, or `{"visitorfound":false}`.',
      schema: z.looseObject({
        ...routing,
        visitorfound: z.optional(z.union([z.boolean(), z.looseObject({})])),
      }),
    },
  },
  problems: [],
} as const satisfies Endpoint;

export const signalvisitor = {
  name: 'signalvisitor',
  method: 'POST',
  path: '/signalvisitor',
  tag: 'Presence',
  summary: 'Send a visitor a signal, or invoke a function in the visitor’s browser',
  description:
    'Finds the server that holds the visitor’s connection, checks its address and gives it the message, at most once. ' +
    '`sent` means that the Presence service has taken the message, not that the visitor has seen it. With `TTL`, the ' +
    'relay takes the message on and delivers it as soon as the visitor is present.',
  query: visitorQuery,
  headers: signalHeaders,
  body: { schema: message, outline: messageOutline, maxBytes: mostMessageBytes },
  answers: {
    200: {
      description: 'The Presence service has taken the message.',
      schema: z.strictObject({ id: z.string(), status: z.literal('sent') }),
    },
    202: {
      description: 'With `TTL`: the relay has taken the message on.',
      schema: z.strictObject({ id: z.string(), status: z.literal('accepted') }),
      headers: { Location: 'Where to ask what became of it: `/signals/{id}`.' },
    },
  },
  problems: [
    'forbidden-function',
    'visitor-not-present',
    'conflict',
    'payload-too-large',
    'unsupported-media-type',
    'key-reuse',
    'delivery-unknown',
  ],
} as const satisfies Endpoint;

export const query = {
  name: 'query',
  method: 'GET',
  path: '/query',
  tag: 'Presence',
  summary: 'Presence data of all visitors of a group',
  description:
    'What the Presence service answers, unchanged and streamed. Its shape is not documented: expect an array, ' +
    '`{"visitors":[…]}`, or an object keyed by visitor id.',
  query: z.strictObject({ groupid: groupId, visitorid: z.optional(visitorId), ver }),
  answers: {
    200: {
      description: 'All visitors who are present now.',
      schema: z.union([z.array(z.unknown()), z.looseObject({})]),
    },
  },
  problems: [],
  streams: true,
} as const satisfies Endpoint;

const ofOneSignal = {
  grantedBy: signalvisitor.name,
  path: '/signals/{id}',
  tag: 'Signals',
  parameters: z.strictObject({ id: signalId }),
  query: z.strictObject({}),
} as const;

export const readsignal = {
  name: 'readsignal',
  method: 'GET',
  ...ofOneSignal,
  summary: 'What became of a signal',
  description:
    'The receipt of a signal that was sent with `TTL` or `Idempotency-Key`, for 15 days. Only the caller that sent it ' +
    'can read it.',
  answers: { 200: { description: 'The receipt.', schema: receipt } },
  problems: ['not-found'],
} as const satisfies Endpoint;

export const cancelsignal = {
  name: 'cancelsignal',
  method: 'DELETE',
  ...ofOneSignal,
  summary: 'Cancel a signal that waits',
  description:
    'Nothing of it is sent from then on. To cancel it once more does no harm; once it is on its way, or has ended ' +
    'otherwise, it is too late.',
  answers: { 200: { description: 'The receipt of the cancelled signal.', schema: receipt } },
  problems: ['not-found', 'conflict'],
} as const satisfies Endpoint;

export const endpoints = [
  lookupvisitor,
  findvisitor,
  signalvisitor,
  query,
  readsignal,
  cancelsignal,
] as const satisfies readonly Endpoint[];

/** Those that a caller is granted by their names. */
export const grantable = [lookupvisitor, findvisitor, signalvisitor, query] as const;

/** The methods of a path, as a header lists them: `GET, DELETE`. */
export function methodsAt(path: string): string {
  return endpoints
    .filter((endpoint) => endpoint.path === path)
    .map(({ method }) => method)
    .join(', ');
}
