import type { Crowd } from './crowd.ts';
import type { Presence, Visitors } from './visitors.ts';

/** Everybody who is present: visitors with a connection, then the crowd. */
export class Population {
  readonly #visitors: Visitors;
  readonly #crowd: Crowd;
  readonly #moved = new Map<string, string>();

  constructor(visitors: Visitors, crowd: Crowd) {
    this.#visitors = visitors;
    this.#crowd = crowd;
  }

  find(groupid: number, visitorid: string): Presence | undefined {
    return this.#visitors.find(groupid, visitorid) ?? this.#inCrowd(groupid, visitorid);
  }

  *all(groupid: number): Generator<Presence> {
    yield* this.#visitors.all(groupid);
    for (const member of this.#crowd.all(groupid)) {
      if (!this.#visitors.find(groupid, member.visitorid)) yield this.#whereItIs(member);
    }
  }

  /** From now on the visitor is another server's, whichever holds its socket. */
  move(groupid: number, visitorid: string, server: string): void {
    const visitor = this.#visitors.find(groupid, visitorid);
    if (visitor) visitor.server = server;
    else this.#moved.set(`${groupid}/${visitorid}`, server);
  }

  clear(): void {
    this.#moved.clear();
    this.#crowd.clear();
    this.#visitors.clear();
  }

  #inCrowd(groupid: number, visitorid: string): Presence | undefined {
    const member = this.#crowd.find(groupid, visitorid);
    return member && this.#whereItIs(member);
  }

  #whereItIs(member: Presence): Presence {
    const server = this.#moved.size ? this.#moved.get(`${member.groupid}/${member.visitorid}`) : undefined;
    return server === undefined ? member : { ...member, server };
  }
}
