import type { PresenceService } from '../service.ts';

export function stateOf(service: PresenceService): object {
  const { servers, groups, visitors, crowd, deliveries, signals, requests, faults, switches } = service;
  return {
    servers: servers.names().map((name) => ({ name, url: servers.url(name), state: servers.state(name) })),
    groups: [...groups].map((groupid) => ({
      groupid,
      visitors: visitors.size(groupid),
      crowd: crowd.size(groupid),
    })),
    deliveries: deliveries.total(),
    /** Signals that were held for a visitor who did not come back in time. */
    expired: signals.expired(),
    requests: requests.counts(),
    /** Tokens that Authorize granted. */
    granted: service.authorization.granted,
    faults: faults.list(),
    switches,
  };
}

export function deliveriesOf({ deliveries }: PresenceService, query: URLSearchParams): object {
  const visitorid = query.get('visitorid') ?? undefined;
  return {
    total: deliveries.total(),
    counts: deliveries.counts(visitorid),
    last: deliveries.last(visitorid),
  };
}

export function requestsOf({ requests }: PresenceService): object {
  return { counts: requests.counts(), last: requests.last() };
}
