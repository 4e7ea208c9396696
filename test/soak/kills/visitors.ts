import { type ConnectedVisitor, connectVisitor } from '../../support/visitor.ts';
import { groupid } from './place.ts';

/** Pages that count what they receive. */
export class Visitors implements AsyncDisposable {
  readonly #presenceUrl: string;
  readonly #there: ConnectedVisitor[] = [];

  constructor(presenceUrl: string) {
    this.#presenceUrl = presenceUrl;
  }

  async come(visitorid: string): Promise<void> {
    this.#there.push(await connectVisitor({ presenceUrl: this.#presenceUrl, groupid, visitorid }));
  }

  /** How often each message came, by its data. */
  arrivals(): ReadonlyMap<unknown, number> {
    const counts = new Map<unknown, number>();
    for (const { data } of this.#there.flatMap(({ received }) => received))
      counts.set(data, (counts.get(data) ?? 0) + 1);
    return counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#there.map((visitor) => visitor.close()));
  }
}
