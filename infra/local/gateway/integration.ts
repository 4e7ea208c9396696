import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { Problem } from '../../../shared/api/problem.ts';
import type { LocalFunction } from '../lambda/function.ts';
import { answerHeaders, type Prelude, proxyAnswer } from './answer.ts';
import { readPrelude } from './prelude.ts';

/** Invokes the function and answers with its result. Throws as long as nothing has been sent. */
export async function answerBuffered(
  target: LocalFunction,
  event: APIGatewayProxyEvent,
  response: ServerResponse,
  timeoutMs: number,
): Promise<void> {
  const result = await within(timeoutMs, (late) => target.invoke(event, late));
  const answer = proxyAnswer.parse(result);
  const body = Buffer.from(answer.body ?? '', answer.isBase64Encoded ? 'base64' : 'utf8');
  setHead(response, answer);
  response.end(body);
}

/**
 * Response-transfer mode STREAM: status and headers as soon as they are there, then the body at the client's pace.
 * Throws as long as nothing has been sent; after that a failure cuts the connection, so that no client takes a
 * part for the whole. A client that goes away ends nothing: the function goes on.
 */
export async function answerStreaming(
  target: LocalFunction,
  event: APIGatewayProxyEvent,
  response: ServerResponse,
): Promise<void> {
  const stream = target.invokeStreaming(event);
  response.once('close', () => stream.destroy());
  const { head, body } = await readPrelude(stream);
  setHead(response, head);
  response.flushHeaders();
  await pipeline(body, response).catch(() => response.destroy());
}

function setHead(response: ServerResponse, answer: Prelude): void {
  for (const [name, values] of answerHeaders(answer)) {
    if (!response.hasHeader(name)) response.setHeader(name, values);
  }
  response.statusCode = answer.statusCode;
}

/** API Gateway stops waiting. What has begun by then goes on until its own time-out; what has not never begins. */
async function within<T>(timeoutMs: number, invoke: (late: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(tooLate(timeoutMs));
    late.abort();
  }, timeoutMs);
  try {
    return await Promise.race([invoke(late.signal), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLate(timeoutMs: number): Problem {
  const cause = new Error(`The function has not answered within ${timeoutMs / 1000} s.`);
  const detail = 'The relay did not answer in time; a message may have been delivered.';
  return new Problem('delivery-unknown', detail, { cause });
}
