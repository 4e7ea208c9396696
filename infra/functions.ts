import {
  cancelsignal,
  type Endpoint,
  findvisitor,
  lookupvisitor,
  query,
  readsignal,
  signalvisitor,
} from '../shared/api/endpoints.ts';
import { deliverSeconds } from '../shared/signals/limits.ts';

/** How one Lambda function runs, on AWS and on this machine alike. */
export interface FunctionSpec {
  /** Its file in `functions/`, and the folder of its bundle. */
  readonly name: string;
  /** The platform ends the function after so long. API Gateway itself waits 29 s, for a stream 15 minutes. */
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
}

/** A function behind API Gateway. */
export interface EndpointFunctionSpec extends FunctionSpec {
  /** What it serves. All of them are granted to the same callers, and stream, or do not. */
  readonly endpoints: readonly [Endpoint, ...Endpoint[]];
  /** Where the limits of all calls together would let through too many: calls per second, and at once. */
  readonly throttle?: { readonly rate: number; readonly burst: number };
}

/**
 * Memory buys processor time: Lambda gives a whole one with 1,769 MB. A first call takes some 90 ms of a whole one, so
 * about 0.3 s with 512 MB and twice that with 256, at the same price. The memory itself is never short: a first call
 * takes 66 MB of it, and a stream no more at a hundred megabytes than at one.
 */
const answers = { timeoutSeconds: 29, memoryMb: 512 };

export const endpointFunctions: readonly EndpointFunctionSpec[] = [
  { name: 'lookupvisitor', endpoints: [lookupvisitor], ...answers },
  { name: 'findvisitor', endpoints: [findvisitor], ...answers },
  { name: 'signalvisitor', endpoints: [signalvisitor], ...answers },
  { name: 'signals', endpoints: [readsignal, cancelsignal], ...answers },
  // One call lists everybody, and is as much work for the Presence service as thousands of the others.
  { name: 'query', endpoints: [query], ...answers, timeoutSeconds: 900, throttle: { rate: 2, burst: 5 } },
];

/** Gets the tokens: what the refresh queue holds, one message at a time. */
export const refreshToken: FunctionSpec = { name: 'refresh-token', timeoutSeconds: 30, memoryMb: 512 };

/**
 * Takes webhooks. Their senders wait for 5 s at least; it goes on until all that it asks of AWS has timed out, so as to
 * tell them to come again.
 */
export const webhook: FunctionSpec = { name: 'webhook', timeoutSeconds: 20, memoryMb: 512 };

/** Delivers signals: what the signal queue holds. */
export const deliver: FunctionSpec = { name: 'deliver', timeoutSeconds: deliverSeconds, memoryMb: 512 };

/**
 * Takes snapshots, one group at a time. It has as long as Lambda gives; and as little memory as will do, since it does
 * not take more of it however many visitors there are.
 */
export const snapshot: FunctionSpec = { name: 'snapshot', timeoutSeconds: 900, memoryMb: 256 };

export const functions: readonly FunctionSpec[] = [
  ...endpointFunctions,
  refreshToken,
  webhook,
  deliver,
  snapshot,
];
