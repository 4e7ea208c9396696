import { Agents } from './agents.ts';
import type { Account } from './authorization/accounts.ts';
import { Authorization } from './authorization/authorization.ts';
import { Crowd } from './crowd.ts';
import { Deliveries } from './deliveries.ts';
import { Faults } from './faults.ts';
import { badRequest } from './http/refusal.ts';
import { Population } from './population.ts';
import { Requests } from './requests.ts';
import { Servers } from './servers.ts';
import { Signals } from './signals.ts';
import { type Switches, withSwitches } from './switches.ts';
import { Tokens } from './tokens.ts';
import { UniqueIds } from './unique-ids.ts';
import { Visitors } from './visitors.ts';

export interface ServiceOptions {
  readonly groups?: readonly number[] | undefined;
  readonly switches?: Partial<Switches> | undefined;
  /** Signs the tokens; by default a random one. */
  readonly signingKey?: string | undefined;
}

/** Everything that the servers of one Presence service have in common. */
export class PresenceService {
  readonly groups: ReadonlySet<number>;
  readonly tokens: Tokens;
  readonly authorization: Authorization;
  readonly agents = new Agents();
  readonly faults = new Faults();
  readonly requests = new Requests();
  readonly deliveries = new Deliveries();
  readonly uniqueIds = new UniqueIds();
  readonly servers = new Servers(() => this.switches.loadBalanced);
  readonly crowd = new Crowd((visitorid) => this.servers.assignCrowd(visitorid));
  readonly visitors = new Visitors({
    presenceSeconds: () => this.switches.presenceSeconds,
    tellAgents: (groupid, visitorid, frame) => this.agents.tell(groupid, visitorid, frame),
  });
  readonly population = new Population(this.visitors, this.crowd);
  readonly signals: Signals;
  readonly #firstSwitches: Switches;
  #switches: Switches;

  constructor({ groups = [12345], switches = {}, signingKey }: ServiceOptions) {
    this.groups = new Set(groups);
    this.tokens = new Tokens(signingKey);
    this.#firstSwitches = withSwitches(switches);
    this.#switches = this.#firstSwitches;
    const { tokens, visitors, population, deliveries } = this;
    this.authorization = new Authorization({ tokens, switches: () => this.switches });
    this.signals = new Signals({ visitors, population, deliveries, switches: () => this.switches });
  }

  get switches(): Switches {
    return this.#switches;
  }

  /** Throws a Refusal that names every flaw of the patch. */
  switch(patch: unknown): void {
    this.#switches = withSwitches(patch, this.#switches);
  }

  /** One for each group. */
  accounts(): Account[] {
    return [...this.groups].map((groupid) => this.authorization.accounts.of(groupid));
  }

  /** Throws a Refusal for a group that this service does not serve. */
  requireGroup(groupid: number): number {
    if (!this.groups.has(groupid)) throw badRequest('groupid: there is no such group here');
    return groupid;
  }

  /** As it was when it started; tokens stay as they are. */
  async reset(): Promise<void> {
    this.#switches = this.#firstSwitches;
    const { authorization, faults, population, signals, deliveries, requests } = this;
    for (const part of [authorization, faults, population, signals, deliveries, requests]) part.clear();
    await Promise.all(this.servers.names().map((name) => this.servers.set(name, 'up')));
  }
}
