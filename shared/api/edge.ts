import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { type Deadline, deadlineIn } from '../runtime/deadline.ts';
import type { Log } from '../runtime/log.ts';
import { once } from '../runtime/once.ts';
import { type Accepted, accept } from './accept.ts';
import { forOrigin } from './cors.ts';
import type { Endpoint } from './endpoints.ts';
import { problemOf } from './failure.ts';
import { type MeasuredPresence, measured } from './measured.ts';
import { type HttpAnswer, problemAnswer } from './problem.ts';
import { CallRecord } from './record.ts';
import { openRelay, type Relay } from './relay.ts';

/** A call that has passed the edge. */
export interface Call<E extends Endpoint> extends Accepted<E> {
  /** What stands before the paths of the contract at the address that was called: a stage, mostly nothing. */
  readonly prefix: string;
  readonly presence: MeasuredPresence;
  readonly deadline: Deadline;
  readonly log: Log;
}

/** What a call is answered with, other than with JSON text and status 200. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** API Gateway gives up 29 s after the call came in; one second is for the way back. */
const gatewayMs = 28_000;
/** What a function keeps of its own time to answer that it ran out of it. */
const marginMs = 500;
/** API Gateway ends a stream after 15 minutes, a cold start among them. */
const gatewayStreamMs = 899_000;
/**
 * Lambda streams 200 MB at most, the head of the answer among them; cut short of that by ourselves, an answer never
 * looks whole. https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
 */
const mostStreamedBytes = 200_000_000 - 16_384;

/** A function behind API Gateway that answers at once. */
export function serve<E extends Endpoint>(endpoint: E, handle: (call: Call<E>) => Promise<string | Answer>) {
  const relay = once(() => openRelay(process.env));
  return async (event: APIGatewayProxyEvent, context: Context): Promise<HttpAnswer> => {
    const record = new CallRecord(endpoint, event);
    let origins: readonly string[] = [];
    try {
      const opened = await relay();
      origins = opened.origins;
      const deadline = deadlineIn(Math.min(gatewayMs - ageMs(event), ownMs(context)));
      const call = callOf(endpoint, event, opened, deadline, record);
      const answer = jsonAnswer(await handle(call));
      record.answered();
      return forOrigin(answer, event, origins);
    } catch (error) {
      return forOrigin(refusal(error, event, record), event, origins);
    }
  };
}

/** A function behind API Gateway that sends its answer as it arrives. A failure after its head breaks it off. */
export function serveStream<E extends Endpoint>(
  endpoint: E,
  handle: (call: Call<E>) => Promise<Readable>,
  mostBytes = mostStreamedBytes,
) {
  const relay = once(() => openRelay(process.env));
  return awslambda.streamifyResponse<APIGatewayProxyEvent>(async (event, stream, context) => {
    const record = new CallRecord(endpoint, event);
    let origins: readonly string[] = [];
    let body: Readable;
    try {
      const opened = await relay();
      origins = opened.origins;
      const deadline = deadlineIn(Math.min(gatewayStreamMs - ageMs(event), ownMs(context)));
      const call = callOf(endpoint, event, opened, deadline, record);
      body = await handle(call);
    } catch (error) {
      const { body: text, ...head } = forOrigin(refusal(error, event, record), event, origins);
      const answer = awslambda.HttpResponseStream.from(stream, head);
      // The runtime sends the head before the first write, and does not take `end(text)` for one.
      answer.write(text);
      answer.end();
      return;
    }
    const { body: _, ...head } = forOrigin(jsonAnswer(''), event, origins);
    await passOn(body, awslambda.HttpResponseStream.from(stream, head), mostBytes, record);
  });
}

/**
 * A failure must not destroy Lambda's stream: the runtime leaves the rejection that comes of it to nobody, so that the
 * whole execution environment ends, and prints the cause. What is thrown here instead makes the runtime break it off.
 */
async function passOn(body: Readable, answer: Writable, mostBytes: number, record: CallRecord) {
  try {
    await pipeline(body, (source) => atMost(mostBytes, source), answer, { end: false });
    await endOf(answer);
  } catch (error) {
    record.cut(error);
    // Lambda logs what is thrown, so nothing of the cause may stand in it.
    throw new Error('the answer was broken off');
  }
  record.answered();
}

function endOf(answer: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    answer.once('error', reject);
    answer.end(resolve);
  });
}

/** The answer is longer than the platform would let through. */
class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong';
}

async function* atMost(mostBytes: number, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const piece of source) {
    bytes += piece.length;
    if (bytes > mostBytes) throw new AnswerTooLong(`the answer is longer than ${mostBytes} bytes`);
    yield piece;
  }
}

function callOf<E extends Endpoint>(
  endpoint: E,
  event: APIGatewayProxyEvent,
  relay: Relay,
  deadline: Deadline,
  record: CallRecord,
): Call<E> {
  const accepted = accept(endpoint, event, relay);
  const presence = measured(relay.presence, record);
  return { ...accepted, prefix: prefixOf(endpoint, event), presence, deadline, log: record.log };
}

function prefixOf({ path }: Endpoint, { requestContext }: APIGatewayProxyEvent): string {
  const whole = requestContext.path ?? '';
  return whole.endsWith(path) ? whole.slice(0, -path.length) : '';
}

/** What the call has already lost on its way: API Gateway's own time, a cold start, waiting for an instance. */
function ageMs({ requestContext }: APIGatewayProxyEvent): number {
  return Math.max(0, Date.now() - (requestContext.requestTimeEpoch ?? Date.now()));
}

function ownMs(context: Context): number {
  return context.getRemainingTimeInMillis() - marginMs;
}

function jsonAnswer(answer: string | Answer): HttpAnswer {
  const { status = 200, headers = {}, body } = typeof answer === 'string' ? { body: answer } : answer;
  return {
    statusCode: status,
    headers: { ...headers, 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    body,
  };
}

function refusal(error: unknown, { requestContext }: APIGatewayProxyEvent, record: CallRecord): HttpAnswer {
  const problem = problemOf(error);
  record.refused(problem);
  return problemAnswer(problem, requestContext.requestId);
}
