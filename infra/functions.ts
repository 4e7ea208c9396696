import { type Endpoint, findvisitor, lookupvisitor, query, signalvisitor } from '../shared/api/endpoints.ts';

/** How one Lambda function runs, on AWS and on this machine alike. */
export interface FunctionSpec {
  /** Its file in `functions/`, and the folder of its bundle. */
  readonly name: string;
  readonly endpoint: Endpoint;
  /** The platform ends the function after so long. API Gateway itself waits 29 s, for a stream 15 minutes. */
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** Where the limits of all calls together would let through too many: calls per second, and at once. */
  readonly throttle?: { readonly rate: number; readonly burst: number };
}

/**
 * Lambda gives a share of a processor with memory, and a first call is all processor: at 512 MB it has a third of
 * one. The functions themselves would fit into half of that.
 */
const answers = { timeoutSeconds: 29, memoryMb: 512 };

export const functions: readonly FunctionSpec[] = [
  { name: 'lookupvisitor', endpoint: lookupvisitor, ...answers },
  { name: 'findvisitor', endpoint: findvisitor, ...answers },
  { name: 'signalvisitor', endpoint: signalvisitor, ...answers },
  // One call lists everybody, and is as much work for the Presence service as thousands of the others.
  { name: 'query', endpoint: query, ...answers, timeoutSeconds: 900, throttle: { rate: 2, burst: 5 } },
];
