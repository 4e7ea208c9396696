import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { groupId, isStrictVisitorId, type VisitorId } from '../presence/ids.ts';
import { type Deadline, deadlineIn } from '../runtime/deadline.ts';
import { createLog, type Log } from '../runtime/log.ts';
import { once } from '../runtime/once.ts';
import type { GroupSettings } from './config.ts';
import type { Endpoint } from './endpoints.ts';
import { problemOf, reasonOf } from './failure.ts';
import { inQuery, invalidRequest } from './faults.ts';
import { type HttpAnswer, Problem, problemAnswer } from './problem.ts';
import { openRelay, type Relay } from './relay.ts';
import { type BodyOf, parseRequest, type QueryOf } from './request.ts';

/** A call that has passed the edge: well formed, and for a group of this relay. */
export interface Call<E extends Endpoint> {
  readonly query: QueryOf<E>;
  readonly body: BodyOf<E>;
  readonly group: GroupSettings;
  readonly presence: Relay['presence'];
  readonly deadline: Deadline;
  readonly log: Log;
}

/** API Gateway gives up 29 s after the call came in; one second is for the way back. */
const gatewayMs = 28_000;
/** What a function keeps of its own time to answer that it ran out of it. */
const marginMs = 500;

/** A function behind API Gateway that answers at once. */
export function serve<E extends Endpoint>(endpoint: E, handle: (call: Call<E>) => Promise<string>) {
  const relay = once(() => openRelay(process.env));
  return async (event: APIGatewayProxyEvent, context: Context): Promise<HttpAnswer> => {
    const { requestId } = event.requestContext;
    const log = logOf(endpoint, event);
    try {
      const deadline = deadlineIn(Math.min(gatewayMs - ageMs(event), ownMs(context)));
      return jsonAnswer(await handle(accept(endpoint, event, await relay(), { deadline, log })));
    } catch (error) {
      return problemAnswer(logged(problemOf(error), log), requestId);
    }
  };
}

/** A function behind API Gateway that sends its answer as it arrives. A failure after its head breaks it off. */
export function serveStream<E extends Endpoint>(endpoint: E, handle: (call: Call<E>) => Promise<Readable>) {
  const relay = once(() => openRelay(process.env));
  return awslambda.streamifyResponse<APIGatewayProxyEvent>(async (event, stream, context) => {
    const { requestId } = event.requestContext;
    const log = logOf(endpoint, event);
    let body: Readable;
    try {
      const deadline = deadlineIn(ownMs(context));
      body = await handle(accept(endpoint, event, await relay(), { deadline, log }));
    } catch (error) {
      const { body: text, ...head } = problemAnswer(logged(problemOf(error), log), requestId);
      const answer = awslambda.HttpResponseStream.from(stream, head);
      // The runtime sends the head before the first write, and does not take `end(text)` for one.
      answer.write(text);
      answer.end();
      return;
    }
    const { body: _, ...head } = jsonAnswer('');
    await passOn(body, awslambda.HttpResponseStream.from(stream, head), log);
  });
}

async function passOn(body: Readable, answer: Writable, log: Log): Promise<void> {
  let readerLeft = false;
  // Whichever side ends first takes the other with it; so the reader was first if the body is still whole by then.
  const closed = () => {
    readerLeft ||= !body.errored;
  };
  answer.once('error', closed).once('close', closed);
  try {
    await pipeline(body, answer);
  } catch (error) {
    if (readerLeft) return log.info('reader left');
    log.error('stream broken off', { reason: reasonOf(error) });
    // Lambda logs what is thrown, so nothing of the cause may stand in it.
    throw new Error('the answer was broken off');
  }
}

/** What the call has already lost on its way: API Gateway's own time, a cold start, waiting for an instance. */
function ageMs({ requestContext }: APIGatewayProxyEvent): number {
  return Math.max(0, Date.now() - (requestContext.requestTimeEpoch ?? Date.now()));
}

function ownMs(context: Context): number {
  return context.getRemainingTimeInMillis() - marginMs;
}

function logOf(endpoint: Endpoint, event: APIGatewayProxyEvent): Log {
  const group = groupId.safeParse(event.queryStringParameters?.groupid);
  return createLog({
    function: endpoint.name,
    requestId: event.requestContext.requestId,
    groupid: group.success ? group.data : undefined,
  });
}

function accept<E extends Endpoint>(
  endpoint: E,
  event: APIGatewayProxyEvent,
  { groups, presence }: Relay,
  { deadline, log }: Pick<Call<E>, 'deadline' | 'log'>,
): Call<E> {
  const { query, body } = parseRequest(endpoint, event);
  const { groupid, visitorid } = query as { groupid: string; visitorid?: VisitorId };
  const group = groups.get(groupid);
  if (!group) throw new Problem('forbidden-group', 'This relay does not serve that group.');
  if (group.visitorids === 'strict' && visitorid && !isStrictVisitorId(visitorid)) {
    const detail = 'must be 1 to 50 characters of A-Z, a-z, 0-9, "_", "-"';
    throw invalidRequest([inQuery({ path: ['visitorid'], detail })]);
  }
  return { query, body, group, presence, deadline, log };
}

function jsonAnswer(body: string): HttpAnswer {
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    body,
  };
}

function logged(problem: Problem, log: Log): Problem {
  if (problem.status >= 500) log.error(problem.code, { reason: reasonOf(problem.cause ?? problem) });
  return problem;
}
