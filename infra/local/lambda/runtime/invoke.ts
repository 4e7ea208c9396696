import { type FunctionFailure, failureOf } from '../failure.ts';
import type { FromInstance, InvocationContext, ToInstance } from '../messages.ts';
import { isStreaming } from './awslambda.ts';
import { type Handler, type HandlerContext, namedError } from './handler.ts';
import { ResponseStream } from './response-stream.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const maxAnswerBytes = 6_291_556;

export type Send = (message: FromInstance, transfer?: ArrayBuffer[]) => void;

/** Runs the handler once. What comes of it is sent; the stream is for what the receiver of the answer says. */
export function invoke(
  handler: Handler,
  { event, context }: Extract<ToInstance, { type: 'invoke' }>,
  send: Send,
): ResponseStream {
  let state: 'running' | 'returned' | 'ended' | 'failed' = 'running';

  const answer = new ResponseStream({
    data: (bytes) => send({ type: 'data', bytes }, [bytes.buffer]),
    // A handler that has nothing left to do returns before the next turn, and can say both in one.
    end: () => setImmediate(end),
  });

  function end(): void {
    if (state === 'failed') return;
    send({ type: 'end', isIdle: state === 'returned' });
    state = 'ended';
  }

  async function run(): Promise<void> {
    await call(handler, JSON.parse(event), answer, handlerContext(context));
    if (state === 'ended') send({ type: 'idle' });
    else state = 'returned';
  }

  function fail(error: unknown): void {
    // The instance ends, and with it this invocation.
    if (answer.errored) return;
    const failure = failureOf(error);
    answer.destroy();
    log(failure, error);
    send(state === 'ended' ? { type: 'idle' } : { type: 'failed', failure });
    state = 'failed';
  }

  // A handler that destroys its stream with an error takes the whole instance with it: Lambda's own runtime leaves the
  // rejection that comes of it to nobody.
  answer.once('error', (error) => {
    setImmediate(() => {
      throw error;
    });
  });
  run().catch(fail);
  return answer;
}

async function call(handler: Handler, event: unknown, answer: ResponseStream, context: HandlerContext) {
  if (isStreaming(handler)) await handler(event, answer, context);
  else answer.end(serialised(await handler(event, context)));
}

function log(failure: FunctionFailure, error: unknown): void {
  const stack = error instanceof Error ? error.stack?.split('\n') : undefined;
  process.stderr.write(`Invoke Error ${JSON.stringify({ ...failure, stack })}\n`);
}

function serialised(result: unknown): string {
  const text = JSON.stringify(result) ?? 'null';
  if (Buffer.byteLength(text) <= maxAnswerBytes) return text;
  throw namedError(
    'Function.ResponseSizeTooLarge',
    `Response payload size exceeded maximum allowed payload size (${maxAnswerBytes} bytes).`,
  );
}

function handlerContext({ awsRequestId, invokedFunctionArn, deadline }: InvocationContext): HandlerContext {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: setByLambda('AWS_LAMBDA_FUNCTION_NAME'),
    functionVersion: setByLambda('AWS_LAMBDA_FUNCTION_VERSION'),
    memoryLimitInMB: setByLambda('AWS_LAMBDA_FUNCTION_MEMORY_SIZE'),
    logGroupName: setByLambda('AWS_LAMBDA_LOG_GROUP_NAME'),
    logStreamName: setByLambda('AWS_LAMBDA_LOG_STREAM_NAME'),
    awsRequestId,
    invokedFunctionArn,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

function setByLambda(name: string): string {
  return process.env[name] ?? '';
}
