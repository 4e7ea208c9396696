/** How a failed invocation looks on Lambda: what the runtime, or the platform, says of it. */
export interface FunctionFailure {
  readonly errorType: string;
  readonly errorMessage: string;
}

/** The function failed: it threw, exited or took too long. Nothing of it is meant for the function's caller. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError';
  readonly errorType: string;
  readonly errorMessage: string;

  constructor({ errorType, errorMessage }: FunctionFailure) {
    super(`${errorType}: ${errorMessage}`);
    this.errorType = errorType;
    this.errorMessage = errorMessage;
  }
}

/** The event is larger than the 6 MiB that Lambda takes; the function was not invoked. */
export class RequestTooLarge extends Error {
  override readonly name = 'RequestTooLarge';
}

/** As Lambda's Node.js runtime describes whatever a function threw. */
export function failureOf(thrown: unknown): FunctionFailure {
  if (thrown instanceof Error) return { errorType: thrown.name, errorMessage: thrown.message };
  return { errorType: typeof thrown, errorMessage: String(thrown) };
}

export const stopped: FunctionFailure = {
  errorType: 'Sandbox.Stopped',
  errorMessage: 'The local run was stopped.',
};
