import * as z from 'zod/mini';
import { groupId, visitorId } from '../presence/ids.ts';
import { message, messageOutline } from '../presence/message.ts';
import type { ProblemCode } from './problem.ts';

/** One row of the contract: what the functions serve, the gateways route and the OpenAPI document tells. */
export interface Endpoint {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly path: `/${string}`;
  readonly summary: string;
  readonly description: string;
  readonly query: z.ZodMiniObject;
  readonly body?: {
    readonly schema: z.ZodMiniType;
    /** Looked at beside a schema that stops at a first fault, so that every fault is named. */
    readonly outline: z.ZodMiniType;
    readonly maxBytes: number;
  };
  readonly answer: { readonly description: string; readonly schema: z.ZodMiniType };
  /** Beyond those that every endpoint may give. */
  readonly problems: readonly ProblemCode[];
  /** The answer is sent as it arrives (API Gateway response-transfer mode STREAM), at any length. */
  readonly streams?: true;
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
  summary: 'Presence data of one visitor',
  description:
    'What the Presence service answers, unchanged: the data of the visitor, or `{}` when the visitor is not on the site now.',
  query: visitorQuery,
  answer: {
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
  problems: [],
} as const satisfies Endpoint;

export const findvisitor = {
  name: 'findvisitor',
  method: 'GET',
  path: '/findvisitor',
  summary: 'The server that holds a visitor’s connection',
  description:
    'What the Presence service answers, unchanged. To send a signal, call `/signalvisitor` here: it finds the server by itself.',
  query: visitorQuery,
  answer: {
    description: 'The direct server, or `{"visitorfound":false}`.',
    schema: z.looseObject({
      ...routing,
      visitorfound: z.optional(z.union([z.boolean(), z.looseObject({})])),
    }),
  },
  problems: [],
} as const satisfies Endpoint;

export const signalvisitor = {
  name: 'signalvisitor',
  method: 'POST',
  path: '/signalvisitor',
  summary: 'Send a visitor a signal, or invoke a function in the visitor’s browser',
  description:
    'Finds the server that holds the visitor’s connection, checks its address and gives it the message, at most once. ' +
    '`sent` means that the Presence service has taken the message, not that the visitor has seen it.',
  query: visitorQuery,
  body: { schema: message, outline: messageOutline, maxBytes: 32_768 },
  answer: {
    description: 'The Presence service has taken the message.',
    schema: z.strictObject({ id: z.string(), status: z.literal('sent') }),
  },
  problems: [
    'forbidden-function',
    'visitor-not-present',
    'payload-too-large',
    'unsupported-media-type',
    'delivery-unknown',
  ],
} as const satisfies Endpoint;

export const query = {
  name: 'query',
  method: 'GET',
  path: '/query',
  summary: 'Presence data of all visitors of a group',
  description:
    'What the Presence service answers, unchanged and streamed. Its shape is not documented: expect an array, ' +
    '`{"visitors":[…]}`, or an object keyed by visitor id.',
  query: z.strictObject({ groupid: groupId, visitorid: z.optional(visitorId), ver }),
  answer: {
    description: 'All visitors who are present now.',
    schema: z.union([z.array(z.unknown()), z.looseObject({})]),
  },
  problems: [],
  streams: true,
} as const satisfies Endpoint;

export const endpoints = [
  lookupvisitor,
  findvisitor,
  signalvisitor,
  query,
] as const satisfies readonly Endpoint[];
