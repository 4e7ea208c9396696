import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type HttpAnswer, Problem } from '../../../shared/api/problem.ts';
import { close, isLoopbackHost, listen } from '../http/loopback.ts';
import { RequestTooLarge } from '../lambda/failure.ts';
import { readBody } from './body.ts';
import { answerPreflight, ownAnswer } from './cors.ts';
import { proxyEvent } from './event.ts';
import { answerBuffered, answerStreaming } from './integration.ts';
import { refuseMalformed } from './malformed.ts';
import { matchRoute, methodsAt, type Route } from './routes.ts';

export interface GatewayOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Hears why a call ended with `internal` or `delivery-unknown`. */
  readonly log: (line: string) => void;
  /** How long a function may take that does not stream; on AWS 29 s. */
  readonly integrationTimeoutMs?: number;
  /** Of pages that may call. Where there are some, preflights are answered; otherwise OPTIONS is a wrong method. */
  readonly origins?: readonly string[];
}

export interface Gateway {
  readonly url: string;
  /** To be called once. Some functions have to know the address, so it is there before them; calls wait until then. */
  serve(routes: readonly Route[]): void;
  close(): Promise<void>;
}

/**
 * A server on loopback that does what an API Gateway REST API does with Lambda proxy integration, a custom domain and
 * every media type as binary: same events, same reading of what functions answer, its own answers as problem details.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const routes = Promise.withResolvers<readonly Route[]>();
  const serve = async (request: IncomingMessage, response: ServerResponse) =>
    await serveCall({ ...options, routes: await routes.promise }, request, response);
  // A call without Host gets its answer from `serveCall`, as all others do.
  const server = createServer({ requireHostHeader: false }, serve)
    .on('checkExpectation', serve)
    .on('clientError', (error, socket) => refuseMalformed(error, socket, options.origins));
  const url = await listen(server, options.port, 'the relay');
  return { url, serve: routes.resolve, close: () => close(server) };
}

interface Serving extends GatewayOptions {
  readonly routes: readonly Route[];
}

async function serveCall(options: Serving, request: IncomingMessage, response: ServerResponse) {
  const requestId = randomUUID();
  response.setHeader('x-amzn-requestid', requestId);
  try {
    await integrate(options, request, response, requestId);
  } catch (error) {
    if (request.socket.destroyed) return;
    if (response.headersSent) response.destroy();
    else sendAnswer(response, ownAnswer(problemOf(error, options.log), requestId, options.origins));
  }
}

async function integrate(
  { routes, integrationTimeoutMs = 29_000, origins = [] }: Serving,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
): Promise<void> {
  requireLoopbackHost(request);
  const extendedRequestId = randomBytes(11).toString('base64');
  response.setHeader('x-amz-apigw-id', extendedRequestId);
  const time = new Date();
  const [path = '', query = ''] = (request.url ?? '').split(/\?(.*)/s);
  const methods = request.method === 'OPTIONS' && origins.length > 0 ? methodsAt(routes, path) : undefined;
  if (methods !== undefined) return answerPreflight(methods, origins, request, response);
  const match = matchRoute(routes, request.method ?? '', path);
  const body = await readBody(request);
  const event = proxyEvent({ request, requestId, extendedRequestId, time, path, query, match, body });
  const { route } = match;
  if (route.streams) await answerStreaming(route.function, event, response);
  else await answerBuffered(route.function, event, response, integrationTimeoutMs);
}

function requireLoopbackHost({ headers, headersDistinct }: IncomingMessage): void {
  const isRepeated = (headersDistinct.host ?? []).length > 1;
  if (!isRepeated && isLoopbackHost(headers.host)) return;
  const detail = isRepeated ? 'must be given once' : 'must be 127.0.0.1, localhost or [::1]';
  throw new Problem('invalid-request', 'The relay on this machine is called by a loopback name.', {
    faults: [{ header: 'Host', detail }],
  });
}

function problemOf(error: unknown, log: (line: string) => void): Problem {
  if (error instanceof Problem) {
    if (error.cause) log(`gateway | ${String(error.cause)}`);
    return error;
  }
  if (error instanceof RequestTooLarge)
    return new Problem('payload-too-large', 'The request must be at most 6 MB as an event.');
  log(`gateway | ${String(error)}`);
  return new Problem('internal', 'Something went wrong here.', { cause: error });
}

function sendAnswer(response: ServerResponse, { statusCode, headers, body }: HttpAnswer): void {
  // What a function said before it failed.
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.setHeaders(new Map(Object.entries(headers)));
  response.statusCode = statusCode;
  response.end(body);
}
