/** A visitor as the service knows it, connected or in a crowd. */
export interface Presence {
  readonly groupid: number;
  readonly visitorid: string;
  /** The server that holds the visitor's connection. */
  readonly server: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly seen: number;
  readonly data: Iterable<readonly [string, unknown]>;
}

/** One device's, or window's, connection. */
export interface Connection {
  readonly groupid: number;
  readonly visitorid: string;
  readonly server: string;
  /** False when it is ending, and nothing that is sent would arrive. */
  isOpen(): boolean;
  send(frame: object): void;
  close(): void;
}

export interface Visitor extends Presence {
  server: string;
  seen: number;
  readonly data: Map<string, unknown>;
  /** The connection that was active last: of several, the one that is signalled. */
  focus: Connection | undefined;
  /** When there was a focus last. */
  left: number;
  expiry: NodeJS.Timeout | undefined;
}

export interface VisitorsOptions {
  /** How long a visitor stays present without a connection, in seconds. */
  readonly presenceSeconds: () => number;
  readonly tellAgents: (groupid: number, visitorid: string, frame: object) => void;
}

/** The visitors who are connected, or were a moment ago. */
export class Visitors {
  readonly #groups = new Map<number, Map<string, Visitor>>();
  readonly #connections = new Set<Connection>();
  readonly #options: VisitorsOptions;

  constructor(options: VisitorsOptions) {
    this.#options = options;
  }

  /** Gives this connection the focus, as a connect, presence or visible frame does; the one that had it is told. */
  focus(connection: Connection): Visitor {
    this.#connections.add(connection);
    const visitor = this.#visitor(connection);
    visitor.seen = Date.now();
    if (visitor.focus === connection) return visitor;
    visitor.focus?.send({ type: 'blur' });
    clearTimeout(visitor.expiry);
    visitor.focus = connection;
    visitor.server = connection.server;
    this.#tell(visitor, { type: 'visitorsock', data: { connected: true } });
    return visitor;
  }

  /** Merges `data` into what is known of the visitor: a key that is not given again keeps its value. */
  presence(connection: Connection, data: Readonly<Record<string, unknown>>): void {
    const visitor = this.focus(connection);
    for (const [key, value] of Object.entries(data)) visitor.data.set(key, value);
  }

  /** Another connection of the same visitor does not get the focus back by this. */
  disconnect(connection: Connection): void {
    this.#connections.delete(connection);
    const visitor = this.find(connection.groupid, connection.visitorid);
    if (visitor?.focus !== connection) return;
    visitor.focus = undefined;
    visitor.left = Date.now();
    visitor.expiry = setTimeout(() => this.#forget(visitor), this.#options.presenceSeconds() * 1000).unref();
    this.#tell(visitor, { type: 'visitorsock', data: { connected: false } });
  }

  find(groupid: number, visitorid: string): Visitor | undefined {
    return this.#groups.get(groupid)?.get(visitorid);
  }

  all(groupid: number): Iterable<Visitor> {
    return this.#groups.get(groupid)?.values() ?? [];
  }

  size(groupid: number): number {
    return this.#groups.get(groupid)?.size ?? 0;
  }

  /** Ends every connection and forgets every visitor. */
  clear(): void {
    for (const connection of this.#connections) connection.close();
    this.#connections.clear();
    for (const visitor of [...this.#groups.values()].flatMap((group) => [...group.values()]))
      this.#forget(visitor);
  }

  #visitor({ groupid, visitorid, server }: Connection): Visitor {
    const known = this.find(groupid, visitorid);
    if (known) return known;
    const now = Date.now();
    const data = new Map<string, unknown>();
    const visitor = { groupid, visitorid, server, since: now, seen: now, data, left: now };
    const added: Visitor = { ...visitor, focus: undefined, expiry: undefined };
    const group = this.#groups.get(groupid) ?? new Map<string, Visitor>();
    this.#groups.set(groupid, group.set(visitorid, added));
    this.#tell(added, { type: 'visitorconn', data: { connected: true } });
    return added;
  }

  #forget(visitor: Visitor): void {
    clearTimeout(visitor.expiry);
    this.#groups.get(visitor.groupid)?.delete(visitor.visitorid);
    this.#tell(visitor, { type: 'visitorconn', data: { connected: false } });
  }

  #tell({ groupid, visitorid }: Visitor, frame: object): void {
    this.#options.tellAgents(groupid, visitorid, frame);
  }
}
