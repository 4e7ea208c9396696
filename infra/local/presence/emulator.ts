import type { Account, AccountPatch } from './authorization/accounts.ts';
import { authorizePath } from './authorization/routes.ts';
import type { Deliveries } from './deliveries.ts';
import type { Faults } from './faults.ts';
import type { Requests } from './requests.ts';
import { directListener, loadBalancerListener } from './server.ts';
import { loadBalancer, type ServerState } from './servers.ts';
import { PresenceService, type ServiceOptions } from './service.ts';
import type { Switches } from './switches.ts';
import type { IssuedToken, TokenRequest } from './tokens.ts';

export interface EmulatorOptions extends ServiceOptions {
  /** The load balancer's; the named servers take the ports behind it. By default, any free ones. */
  readonly port?: number | undefined;
  /** How many named servers there are; 2 by default. */
  readonly servers?: number | undefined;
}

export interface PresenceEmulator extends AsyncDisposable {
  /** The load balancer, `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** Where the load balancer also grants tokens, as text: the `Authorize` form. */
  readonly authorizeUrl: string;
  readonly servers: readonly { readonly name: string; readonly url: string }[];
  readonly groups: readonly number[];
  readonly faults: Faults;
  readonly deliveries: Deliveries;
  readonly requests: Requests;
  readonly switches: Switches;
  /** Throws when the patch names what is no switch, or sets one to what it cannot be. */
  switch(patch: Partial<Switches>): void;
  issueToken(request: TokenRequest): IssuedToken;
  /** Who is granted tokens by Authorize; one for each group. */
  readonly accounts: readonly Account[];
  /** Throws when the patch names what no account has, or sets it to what it cannot be. */
  setAccount(groupid: number | 'all', patch: AccountPatch): void;
  /** How many tokens Authorize granted. */
  readonly granted: number;
  /** This token, or every token there is. */
  revoke(token?: string): void;
  /** From now on, so many synthetic visitors are present: `crowd-0`, `crowd-1`, … */
  crowd(count: number, groupid?: number): void;
  /** A server that goes down ends every connection; it comes up again on its old port. */
  setServer(name: string, state: ServerState): Promise<void>;
  /** As it was when it started; tokens stay valid. */
  reset(): Promise<void>;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

/** Starts a Presence service on 127.0.0.1. Rejects when a port is taken, saying which. */
export async function startPresenceEmulator(options: EmulatorOptions = {}): Promise<PresenceEmulator> {
  const { port = 0, servers: count = 2, ...serviceOptions } = options;
  const service = new PresenceService(serviceOptions);
  const names = Array.from({ length: count }, (_, index) => `pr${String(index + 1).padStart(4, '0')}`);
  // The named servers first: the load balancer has a route for each of them.
  for (const name of names) service.servers.add(name, directListener(service, name));
  service.servers.add(loadBalancer, loadBalancerListener(service));

  const everyName = [loadBalancer, ...names];
  const close = async () => {
    await Promise.all(everyName.map((name) => service.servers.listener(name).close()));
  };
  try {
    for (const [index, name] of everyName.entries()) {
      await service.servers.listener(name).open(port === 0 ? 0 : port + index);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return emulator(service, names, close);
}

function emulator(service: PresenceService, names: string[], close: () => Promise<void>): PresenceEmulator {
  const { servers, groups, faults, deliveries, requests, tokens, authorization } = service;
  const [firstGroup = 0] = groups;
  return {
    url: servers.url(loadBalancer),
    authorizeUrl: `${servers.url(loadBalancer)}${authorizePath}`,
    servers: names.map((name) => ({ name, url: servers.url(name) })),
    groups: [...groups],
    faults,
    deliveries,
    requests,
    get switches() {
      return service.switches;
    },
    switch: (patch) => service.switch(patch),
    issueToken: (request) => tokens.issue({ ...request, groupid: service.requireGroup(request.groupid) }),
    get accounts() {
      return service.accounts();
    },
    setAccount: (groupid, patch) => {
      const changed = groupid === 'all' ? groups : [service.requireGroup(groupid)];
      authorization.accounts.change(changed, patch);
    },
    get granted() {
      return authorization.granted;
    },
    revoke: (token) => void (token === undefined ? tokens.revokeAll() : tokens.revoke(token)),
    crowd: (size, groupid = firstGroup) => service.crowd.resize(service.requireGroup(groupid), size),
    setServer: (name, state) => servers.set(name, state),
    reset: () => service.reset(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
