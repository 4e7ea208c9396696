import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { Listener } from '../http/listener.ts';
import { authorizationRoutes } from './authorization/routes.ts';
import { controlRoutes } from './control/routes.ts';
import { type Route, serve } from './http/router.ts';
import { agentRoute } from './rest/agent-endpoint.ts';
import { findvisitor } from './rest/findvisitor.ts';
import { lookupvisitor } from './rest/lookupvisitor.ts';
import { query } from './rest/query.ts';
import { signalvisitor } from './rest/signalvisitor.ts';
import { visitorRoutes } from './rest/visitor-endpoints.ts';
import { visitorScript } from './rest/visitor-script.ts';
import { loadBalancer } from './servers.ts';
import type { PresenceService } from './service.ts';
import { joinAgent } from './sockets/agent-socket.ts';
import { converse } from './sockets/client.ts';
import { joinVisitor } from './sockets/visitor-socket.ts';

/** The load balancer; of a load balanced group it is the direct server too. It has Authorization beside it. */
export function loadBalancerListener(service: PresenceService): Listener {
  const routes = [
    ...[lookupvisitor, findvisitor, query].map((endpoint) => agentRoute(service, endpoint)),
    ...visitorRoutes(service),
    ...authorizationRoutes(service),
    visitorScript,
    ...controlRoutes(service),
  ];
  const both = [...routes, agentRoute(service, signalvisitor)];
  return listener(service, loadBalancer, () => (service.switches.loadBalanced ? both : routes));
}

/** A named server: signals, and the connections of visitors and agents. */
export function directListener(service: PresenceService, name: string): Listener {
  const routes = [agentRoute(service, signalvisitor)];
  return listener(service, name, () => routes);
}

function listener(service: PresenceService, name: string, routes: () => readonly Route[]): Listener {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1_048_576, perMessageDeflate: false });
  const takesSockets = () => name !== loadBalancer || service.switches.loadBalanced;
  return new Listener(
    name,
    (request, response) => void respond(service, routes(), request, response, name),
    (request, socket, head) => {
      const join = takesSockets() ? joiner(service, request, name) : undefined;
      if (!join) return refuse(socket);
      sockets.handleUpgrade(request, socket, head, (client) => converse(client, service, join));
    },
  );
}

async function respond(
  service: PresenceService,
  routes: readonly Route[],
  request: IncomingMessage,
  response: ServerResponse,
  server: string,
): Promise<void> {
  const at = new Date().toISOString();
  try {
    const { route, status } = await serve(routes, request, response, server);
    if (!route || route.path.startsWith('/emulator') || request.method === 'OPTIONS') return;
    const visitorid = URL.parse(request.url ?? '', 'http://localhost')?.searchParams.get('visitorid');
    const endpoint = route.path.slice(route.path.lastIndexOf('/') + 1);
    service.requests.record({ at, endpoint, status, server, ...(visitorid ? { visitorid } : {}) });
  } catch (error) {
    // The client went away in the middle, or this is a bug, which has to be seen.
    if (!request.socket.destroyed)
      process.stderr.write(`The emulator failed: ${error instanceof Error ? error.stack : error}\n`);
    response.destroy();
  }
}

function joiner(service: PresenceService, { url = '' }: IncomingMessage, name: string) {
  const path = url.split('?', 1)[0];
  if (path === '/visitorws') return joinVisitor(service, name);
  return path === '/agent' ? joinAgent(service) : undefined;
}

function refuse(socket: Duplex): void {
  socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
}
