import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, json } from '../../http/answer.ts';
import { send } from '../../http/send.ts';
import { answerOf, type Exchange, type Respond } from './exchange.ts';
import { Refusal } from './refusal.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

export interface Route {
  readonly path: string;
  readonly methods: Partial<Readonly<Record<Method, Respond>>>;
  /** Headers of every answer of this route; undefined when the page that asks has no business here. */
  readonly cors?: (origin: string | undefined) => Readonly<Record<string, string>> | undefined;
}

/** Serves one request; resolves with the route that served it, and the status. */
export async function serve(
  routes: readonly Route[],
  request: IncomingMessage,
  response: ServerResponse,
  server: string,
): Promise<{ route: Route | undefined; status: number }> {
  const url = URL.parse(request.url ?? '/', 'http://localhost');
  const route = routes.find(({ path }) => path === url?.pathname);
  const respond = responder(route, request, response);
  const status = await respond({ request, response, url: url ?? new URL('http://localhost'), server });
  return { route, status };
}

/** A responder for a handler that always answers as it should. */
export function answering(handle: (exchange: Exchange) => Answer | Promise<Answer>): Respond {
  return async (exchange) => {
    const answer = await answerOf(() => handle(exchange));
    await send(exchange.response, answer);
    return answer.status;
  };
}

function responder(route: Route | undefined, request: IncomingMessage, response: ServerResponse): Respond {
  if (!route) return answering(() => new Refusal(404, 'notfound', 'There is nothing at this path').answer);
  const cors = route.cors?.(request.headers.origin);
  for (const [name, value] of Object.entries(cors ?? {})) response.setHeader(name, value);
  const allowed = Object.keys(route.methods).join(', ');
  if (request.method === 'OPTIONS' && cors) return answering(() => preflight(allowed));
  const known = Object.entries(route.methods).find(([method]) => method === request.method);
  return known?.[1] ?? answering(() => notAllowed(allowed));
}

function preflight(methods: string): Answer {
  const headers = {
    'access-control-allow-methods': methods,
    'access-control-allow-headers': 'authorization, content-type',
    'access-control-max-age': '600',
  };
  return { status: 200, headers, body: '' };
}

function notAllowed(allow: string): Answer {
  return json({ err: 'method', msg: 'This method is not served here' }, 405, { allow });
}
