import type { FunctionFailure } from './failure.ts';

/** From the platform to the instance. */
export type ToInstance =
  | { readonly type: 'invoke'; readonly event: string; readonly context: InvocationContext }
  /** The last piece of the answer has been taken; the next one may come. */
  | { readonly type: 'taken' };

/** From the instance to the platform. At most one piece of `data` is on its way before it is `taken`. */
export type FromInstance =
  | { readonly type: 'ready' }
  | { readonly type: 'data'; readonly bytes: Uint8Array }
  /** `isIdle`: the handler has returned as well, the next event may come. Otherwise `idle` follows. */
  | { readonly type: 'end'; readonly isIdle: boolean }
  /** The handler has thrown before the end of its answer. The next event may come. */
  | { readonly type: 'failed'; readonly failure: FunctionFailure }
  | { readonly type: 'idle' };

export interface InvocationContext {
  readonly awsRequestId: string;
  readonly invokedFunctionArn: string;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
}
