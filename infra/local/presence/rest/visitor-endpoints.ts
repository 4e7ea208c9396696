import { json } from '../../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { Refusal } from '../http/refusal.ts';
import { answering, type Route } from '../http/router.ts';
import { givenVisitorid, groupidOf, visitoridOf } from '../ids.ts';
import { routing } from '../lookup.ts';
import { loadBalancer } from '../servers.ts';
import type { PresenceService } from '../service.ts';

/** What a visitor's page asks for before it connects: no token, any origin. */
export function visitorRoutes(service: PresenceService): Route[] {
  const get = (path: string, handle: (query: URLSearchParams) => object): Route => ({
    path,
    methods: { GET: answering(({ url }: Exchange) => json(handle(url.searchParams))) },
    cors: anyOrigin,
  });
  const presence: Route = {
    path: '/presence',
    methods: { POST: answering(({ url }) => json(whereToConnect(service, url.searchParams))) },
    cors: anyOrigin,
  };
  return [
    get('/services/authorizationservice/GetVisitorSettings3', (query) => settings(service, query)),
    get('/uniquevisitor', (query) => uniqueVisitor(service, query)),
    presence,
  ];
}

/** Public by nature, so every origin may read it. */
export function anyOrigin(): Record<string, string> {
  return { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' };
}

function settings({ groups, servers, switches }: PresenceService, query: URLSearchParams): object {
  const { host, port } = servers.address(loadBalancer);
  // An empty address is Glance's way of saying that the group has no Presence.
  const presenceUrl = groups.has(groupidOf(query)) ? `${host}:${port}` : '';
  return { presenceUrl, isPresenceLoadBalanced: switches.loadBalanced };
}

function whereToConnect(service: PresenceService, query: URLSearchParams): object {
  const groupid = service.requireGroup(groupidOf(query));
  const visitorid = visitoridOf(query);
  const connected = service.visitors.find(groupid, visitorid);
  const known = connected && service.servers.listener(connected.server).up;
  return routing(service.servers.address(known ? connected.server : service.servers.assign(visitorid)));
}

/** That a code is extended by asking again with its visitor id and guest token is invented. */
function uniqueVisitor(service: PresenceService, query: URLSearchParams): object {
  const { uniqueIds, switches } = service;
  const groupid = service.requireGroup(groupidOf(query));
  const visitorid = givenVisitorid(query);
  if (visitorid === undefined) return uniqueIds.issue(groupid, switches.uniqueSeconds);
  const extended = uniqueIds.extend(
    groupid,
    visitorid,
    query.get('guesttoken') ?? '',
    switches.uniqueSeconds,
  );
  if (!extended) throw new Refusal(404, 'notfound', 'This unique id is no longer valid');
  return extended;
}
