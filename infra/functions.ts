import { type Endpoint, findvisitor, lookupvisitor, query, signalvisitor } from '../shared/api/endpoints.ts';

/** How one Lambda function runs, on AWS and on this machine alike. */
export interface FunctionSpec {
  /** Its file in `functions/`, and the folder of its bundle. */
  readonly name: string;
  readonly endpoint: Endpoint;
  /** The platform ends the function after so long. API Gateway itself waits 29 s, for a stream 15 minutes. */
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
}

const answers = { timeoutSeconds: 29, memoryMb: 512 };

export const functions: readonly FunctionSpec[] = [
  { name: 'lookupvisitor', endpoint: lookupvisitor, ...answers },
  { name: 'findvisitor', endpoint: findvisitor, ...answers },
  { name: 'signalvisitor', endpoint: signalvisitor, ...answers },
  { name: 'query', endpoint: query, ...answers, timeoutSeconds: 900 },
];
