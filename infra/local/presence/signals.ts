import type { Deliveries, Message } from './deliveries.ts';
import type { Population } from './population.ts';
import type { Switches } from './switches.ts';
import type { Visitor, Visitors } from './visitors.ts';

interface Held {
  readonly message: Message;
  readonly timer: NodeJS.Timeout;
}

export interface SignalsOptions {
  readonly visitors: Visitors;
  readonly population: Population;
  readonly deliveries: Deliveries;
  readonly switches: () => Switches;
}

/** Brings messages to visitors; holds them a few seconds for those who have just left. */
export class Signals {
  readonly #held = new Map<string, Held[]>();
  readonly #options: SignalsOptions;
  #expired = 0;

  constructor(options: SignalsOptions) {
    this.#options = options;
  }

  /** False: the visitor is not present, or is another server's. */
  send(groupid: number, visitorid: string, server: string, message: Message): boolean {
    const { visitors, deliveries } = this.#options;
    if (!this.reaches(groupid, visitorid, server)) return false;
    const visitor = visitors.find(groupid, visitorid);
    if (!visitor) deliveries.record({ groupid, visitorid, server, message });
    else if (visitor.focus?.isOpen()) this.#deliver(visitor, message);
    else this.#hold(visitor, message);
    return true;
  }

  /** Whether this server would take a message for this visitor now. */
  reaches(groupid: number, visitorid: string, server: string): boolean {
    const { population, visitors, switches } = this.#options;
    const visitor = visitors.find(groupid, visitorid);
    const tooLate = visitor && !visitor.focus && Date.now() - visitor.left > switches().holdSeconds * 1000;
    return !tooLate && population.find(groupid, visitorid)?.server === server;
  }

  /** Delivers what was held for a visitor who is back, first in, first out. */
  release(visitor: Visitor): void {
    const key = keyOf(visitor);
    for (const { message, timer } of this.#held.get(key) ?? []) {
      clearTimeout(timer);
      this.#deliver(visitor, message);
    }
    this.#held.delete(key);
  }

  /** How many were held in vain. */
  expired(): number {
    return this.#expired;
  }

  clear(): void {
    for (const { timer } of [...this.#held.values()].flat()) clearTimeout(timer);
    this.#held.clear();
    this.#expired = 0;
  }

  #hold(visitor: Visitor, message: Message): void {
    const queue = this.#held.get(keyOf(visitor)) ?? [];
    const timer = setTimeout(() => {
      queue.splice(queue.indexOf(held), 1);
      if (!queue.length) this.#held.delete(keyOf(visitor));
      this.#expired += 1;
    }, this.#options.switches().holdSeconds * 1000).unref();
    const held = { message, timer };
    queue.push(held);
    this.#held.set(keyOf(visitor), queue);
  }

  #deliver({ groupid, visitorid, server, focus }: Visitor, message: Message): void {
    focus?.send(message);
    this.#options.deliveries.record({ groupid, visitorid, server, message });
  }
}

function keyOf({ groupid, visitorid }: Visitor): string {
  return `${groupid}/${visitorid}`;
}
