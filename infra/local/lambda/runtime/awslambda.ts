import type { Handler, StreamingHandler } from './handler.ts';
import type { ResponseStream } from './response-stream.ts';

const streaming = Symbol.for('aws.lambda.runtime.handler.streaming');

export function isStreaming(handler: Handler): handler is StreamingHandler {
  return streaming in handler;
}

/** The global of that name in Lambda's Node.js runtime. */
export const awslambda = {
  streamifyResponse(handler: StreamingHandler): StreamingHandler {
    return Object.assign(handler, { [streaming]: 'response' });
  },

  HttpResponseStream: {
    /**
     * Puts the prelude before the answer: status and headers as JSON, then eight NUL bytes. As in the real runtime
     * it goes with the first `write`; a stream that only ends has no prelude, and API Gateway refuses it.
     */
    from(answer: ResponseStream, metadata: unknown): ResponseStream {
      answer.setContentType('application/vnd.awslambda.http-integration-response');
      answer.beforeFirstWrite(Buffer.concat([Buffer.from(JSON.stringify(metadata)), Buffer.alloc(8)]));
      return answer;
    },
  },
};
