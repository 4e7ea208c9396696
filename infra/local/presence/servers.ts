import type { Listener } from '../http/listener.ts';

/** The name of the load balancer among the servers. */
export const loadBalancer = 'presence';

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** The number behind the slash in `ds`. */
  readonly instance: number;
}

export type ServerState = 'up' | 'down';

/** The load balancer and the named servers behind it, by name. */
export class Servers {
  readonly #listeners = new Map<string, Listener>();
  readonly #loadBalanced: () => boolean;

  constructor(loadBalanced: () => boolean) {
    this.#loadBalanced = loadBalanced;
  }

  add(name: string, listener: Listener): void {
    this.#listeners.set(name, listener);
  }

  /** The named servers; the load balancer is not one of them. */
  names(): string[] {
    return [...this.#listeners.keys()].filter((name) => name !== loadBalancer);
  }

  listener(name: string): Listener {
    const listener = this.#listeners.get(name);
    if (!listener) throw new Error(`There is no server ${name}`);
    return listener;
  }

  state(name: string): ServerState {
    return this.listener(name).up ? 'up' : 'down';
  }

  /** A server that goes down ends every connection; it comes up again on its old port. */
  async set(name: string, state: ServerState): Promise<void> {
    if (state === this.state(name)) return;
    await (state === 'up' ? this.listener(name).open() : this.listener(name).close());
  }

  url(name: string): string {
    return `http://127.0.0.1:${this.listener(name).port}`;
  }

  address(name: string): ServerAddress {
    const instance = name === loadBalancer ? 0 : Number(name.slice(2));
    return { host: '127.0.0.1', port: this.listener(name).port, instance };
  }

  /** The server that a visitor belongs to who is not connected yet: always the same one, while it is up. */
  assign(visitorid: string): string {
    if (this.#loadBalanced()) return loadBalancer;
    const up = this.names().filter((name) => this.listener(name).up);
    return pick(up.length ? up : this.names(), visitorid);
  }

  /** The server that a crowd's visitor is on, be it up or down. */
  assignCrowd(visitorid: string): string {
    return this.#loadBalanced() ? loadBalancer : pick(this.names(), visitorid);
  }

  /** Another server than this one, if there is another. */
  next(name: string): string {
    const names = this.names();
    return names[(names.indexOf(name) + 1) % names.length] ?? name;
  }
}

function pick(names: readonly string[], visitorid: string): string {
  let hash = 0;
  for (let index = 0; index < visitorid.length; index += 1)
    hash = (hash * 31 + visitorid.charCodeAt(index)) >>> 0;
  return names[hash % names.length] ?? loadBalancer;
}
