import { createRequire } from 'node:module';
import type { Context } from 'aws-lambda';
import { isStreaming } from './awslambda.ts';
import type { ResponseStream } from './response-stream.ts';

/** Node 24 on Lambda knows neither callbacks nor the methods that stood for them. */
export type HandlerContext = Omit<Context, 'done' | 'fail' | 'succeed'>;
export type StreamingHandler = (event: unknown, answer: ResponseStream, context: HandlerContext) => unknown;
type BufferedHandler = (event: unknown, context: HandlerContext) => unknown;
export type Handler = BufferedHandler | StreamingHandler;

/** The `exports.handler` of a CommonJS bundle, as `_HANDLER=index.handler` names it. */
export function loadHandler(file: string): Handler {
  const { handler } = createRequire(file)(file);
  if (typeof handler !== 'function') {
    throw namedError('Runtime.HandlerNotFound', 'index.handler is undefined or not exported');
  }
  if (!isStreaming(handler) && handler.length > 2) {
    throw namedError(
      'Runtime.CallbackHandlerDeprecated',
      'AWS Lambda has removed support for callback-based function handlers starting with Node.js 24',
    );
  }
  return handler;
}

/** Lambda reports the name of an error as its type. */
export function namedError(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
