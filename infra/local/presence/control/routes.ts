import { json } from '../../http/answer.ts';
import { isLoopbackHost } from '../../http/loopback.ts';
import { faultRequestSchema } from '../faults.ts';
import { readJson } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { read } from '../http/read.ts';
import { Refusal } from '../http/refusal.ts';
import { answering, type Method, type Route } from '../http/router.ts';
import type { PresenceService } from '../service.ts';
import { deliveriesOf, requestsOf, stateOf } from './reports.ts';
import { crowdSchema, revocationSchema, serverSchema, tokenSchema } from './schemas.ts';

type Action = (input: { body: unknown; query: URLSearchParams }) => unknown;

/** `/emulator…`: what goes on, and everything that can be made to happen. */
export function controlRoutes(service: PresenceService): Route[] {
  return [
    route('/emulator', { GET: () => stateOf(service) }),
    route('/emulator/tokens', { POST: ({ body }) => issueToken(service, body) }),
    route('/emulator/revocations', { POST: ({ body }) => revoke(service, body) }),
    route('/emulator/faults', {
      GET: () => ({ faults: service.faults.list() }),
      POST: ({ body }) => service.faults.add(read(faultRequestSchema, body)),
      DELETE: () => service.faults.clear(),
    }),
    route('/emulator/switches', { PATCH: ({ body }) => patchSwitches(service, body) }),
    route('/emulator/visitors', {
      POST: ({ body }) => resizeCrowd(service, body),
      DELETE: () => service.crowd.clear(),
    }),
    route('/emulator/deliveries', { GET: ({ query }) => deliveriesOf(service, query) }),
    route('/emulator/requests', { GET: () => requestsOf(service) }),
    route('/emulator/accounts', {
      GET: () => ({ accounts: service.accounts() }),
      PATCH: ({ body }) => changeAccounts(service, [...service.groups], body),
    }),
    ...[...service.groups].map((groupid) =>
      route(`/emulator/accounts/${groupid}`, {
        PATCH: ({ body }) => changeAccounts(service, [groupid], body),
      }),
    ),
    route('/emulator/reset', { POST: () => service.reset() }),
    ...service.servers
      .names()
      .map((name) =>
        route(`/emulator/servers/${name}`, { PUT: ({ body }) => setServer(service, name, body) }),
      ),
  ];
}

function route(path: string, actions: Partial<Record<Method, Action>>): Route {
  const methods = Object.entries(actions).map(([method, action]) => [method, answering(control(action))]);
  return { path, methods: Object.fromEntries(methods) };
}

function control(action: Action) {
  return async ({ request, url }: Exchange) => {
    // A web page elsewhere can neither send JSON here without asking, nor call this host by its number.
    requireLoopbackName(request.headers.host);
    const writes = request.method !== 'GET' && request.method !== 'DELETE';
    if (writes && !request.headers['content-type']?.startsWith('application/json')) {
      throw new Refusal(415, 'badrequest', 'The content type must be application/json');
    }
    const body = writes ? (await readJson(request)).plain : undefined;
    return json((await action({ body, query: url.searchParams })) ?? {});
  };
}

function requireLoopbackName(host: string | undefined): void {
  if (!isLoopbackHost(host)) {
    throw new Refusal(403, 'authorization', 'The control API is called by a loopback name only');
  }
}

function issueToken(service: PresenceService, body: unknown): object {
  const { groupid, seconds = 3600, presence = true } = read(tokenSchema, body);
  return service.tokens.issue({ groupid: service.requireGroup(groupid), seconds, presence });
}

function revoke({ tokens }: PresenceService, body: unknown): object {
  const { token } = read(revocationSchema, body);
  if (token !== undefined) return { revoked: tokens.revoke(token) };
  tokens.revokeAll();
  return { revoked: true };
}

function patchSwitches(service: PresenceService, body: unknown): object {
  service.switch(body);
  return service.switches;
}

function changeAccounts(service: PresenceService, groupids: number[], body: unknown): object {
  const { accounts } = service.authorization;
  accounts.change(groupids, body);
  return { accounts: groupids.map((groupid) => accounts.of(groupid)) };
}

function resizeCrowd(service: PresenceService, body: unknown): object {
  const { count, groupid } = read(crowdSchema, body);
  service.crowd.resize(service.requireGroup(groupid), count);
  return { count, groupid };
}

async function setServer({ servers }: PresenceService, name: string, body: unknown): Promise<object> {
  const { state } = read(serverSchema, body);
  await servers.set(name, state);
  return { name, state };
}
