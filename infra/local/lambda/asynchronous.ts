import { setTimeout as sleep } from 'node:timers/promises';
import type { Queue } from '../queues/server.ts';
import { functionArn } from './environment.ts';
import { FunctionError } from './failure.ts';
import type { LocalFunction } from './function.ts';

interface AsynchronousOptions {
  /** Of the function. */
  readonly name: string;
  readonly target: Pick<LocalFunction, 'invoke'>;
  /** Where events go with which the function fails time and again. */
  readonly onFailure: Pick<Queue, 'send'>;
  /** Once it is aborted, nothing more is tried or said. */
  readonly ended: AbortSignal;
}

/** Lambda waits for one minute, then for two. Here somebody looks on. */
const pausesMs = [1_000, 2_000];

/**
 * Lambda's asynchronous invocation: an event with which the function fails is given to it twice more, and then put where
 * such events go. Resolves when it is over, and rejects when that fails too.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export async function invokeAsynchronously(
  event: unknown,
  options: AsynchronousOptions,
  attempts = 1,
): Promise<void> {
  const { target, onFailure, ended } = options;
  try {
    await target.invoke(event);
  } catch (error) {
    if (ended.aborted) return;
    const pauseMs = pausesMs[attempts - 1];
    if (pauseMs === undefined)
      return await onFailure.send({ body: failureRecord(event, error, options, attempts) });
    await sleep(pauseMs, undefined, { ref: false });
    if (!ended.aborted) await invokeAsynchronously(event, options, attempts + 1);
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
function failureRecord(
  event: unknown,
  error: unknown,
  { name }: AsynchronousOptions,
  attempts: number,
): string {
  const { errorType = 'Error', errorMessage = String(error) } = error instanceof FunctionError ? error : {};
  return JSON.stringify({
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: {
      functionArn: `${functionArn(name)}:$LATEST`,
      condition: 'RetriesExhausted',
      approximateInvokeCount: attempts,
    },
    requestPayload: event,
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    responsePayload: { errorType, errorMessage },
  });
}
