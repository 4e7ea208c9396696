import type { PresenceClient } from '../presence/client.ts';
import { PresenceError } from '../presence/errors.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import type { Deadline } from '../runtime/deadline.ts';
import { type AttemptDependencies, Attempts, type Left } from './attempts.ts';
import type { Lines } from './line.ts';
import { lookPauseMs } from './pauses.ts';
import type { Look } from './queue-message.ts';
import { isEnding, type Signal } from './signal.ts';

export interface DeliveryDependencies extends AttemptDependencies {
  readonly lines: Lines;
  readonly presence: Pick<PresenceClient, 'find' | 'signal'>;
  readonly limits: AttemptDependencies['limits'] & {
    /** So many finds per second and group, for those who are waited for. */
    readonly findsPerSecond: number;
  };
}

/** Those that still wait, and when to look again if not at the usual pace. */
interface Served {
  readonly rest: readonly Signal[];
  readonly againMs?: number;
}

/** So many signals wait for one visitor at most: a person who comes gets but a few of them in a minute. */
const mostWaiting = 100;
/** With less time left, nothing is begun: it is for the next worker. */
const leastMs = 4_000;
/** A look that the Presence service could not answer, and one that was beyond the cap, are repeated after so long. */
const troubledMs = 10_000;
const cappedMs = 1_000;

/** Delivers signals, each at most once unless its source allows more; and looks for the visitors who are waited for. */
export class Delivery {
  readonly #deps: DeliveryDependencies;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #random: () => number;
  readonly #attempts: Attempts;

  constructor(dependencies: DeliveryDependencies) {
    this.#deps = dependencies;
    this.#clock = dependencies.clock ?? systemClock;
    this.#random = dependencies.random ?? Math.random;
    this.#attempts = new Attempts(dependencies);
  }

  /** A signal that has just come, or came back. Rejects where the table or a queue is not to be had. */
  async signal(signal: Signal, deadline: Deadline): Promise<Left> {
    if (deadline.remaining() < leastMs) return { againMs: 0 };
    if (!signal.waits) return await this.#attempts.deliver(signal, deadline);
    const { lines } = this.#deps;
    const before = await lines.read(signal);
    const isFirst = before.signals.every(({ id }) => id === signal.id);
    if (!isFirst && before.signals.length >= mostWaiting) return await this.#attempts.refuse(signal);
    const left = isFirst
      ? await this.#attempts.deliver(signal, deadline)
      : await this.#attempts.queueUp(signal);
    // Who comes behind others may find the visitor there by now.
    if (left === 'waiting') await this.#join(signal, { atOnce: !isFirst });
    return left;
  }

  async #join(signal: Signal, when: { readonly atOnce: boolean }): Promise<void> {
    const { table, lines } = this.#deps;
    // A dead letter that is delivered again has more time than it says.
    const before = await table.read(signal.id);
    await lines.join({ ...signal, expiresAt: before?.expiresAt ?? signal.expiresAt }, when);
    // Cancelled, or sent by somebody else, before it stood in the line: nobody would take it out.
    const record = await table.read(signal.id);
    if (!record || isEnding(record.status)) await lines.leave(signal);
  }

  /** Looks for a visitor, and delivers in their order what waits for whoever is there. Rejects likewise. */
  async look(look: Look, deadline: Deadline): Promise<void> {
    const { lines } = this.#deps;
    for (;;) {
      const line = await lines.read(look);
      const turn = await lines.begin(look, line.look);
      if (turn === 'over') return;
      if (turn === 'named') continue;
      const { joins = 0 } = line.look ?? {};
      const { rest, againMs } = await this.#serve(look, line.signals, deadline);
      if (rest.length > 0) {
        await lines.lookAgain(look, joins, againMs ?? lookPauseMs(rest, this.#clock.now()));
        return;
      }
      if (await lines.close(look, joins)) return;
    }
  }

  async #serve(
    { groupid, visitorid }: Look,
    signals: readonly Signal[],
    deadline: Deadline,
  ): Promise<Served> {
    const { counters, limits } = this.#deps;
    if (signals.length === 0) return { rest: [] };
    if (deadline.remaining() < leastMs) return { rest: signals, againMs: cappedMs };
    if (!(await counters.admitFind(groupid, limits.findsPerSecond)))
      return { rest: signals, againMs: cappedMs * (1 + this.#random()) };
    const found = await this.#find(groupid, visitorid, deadline);
    const now = this.#clock.now();
    const late = signals.filter(({ expiresAt }) => expiresAt <= now);
    const inTime = signals.filter(({ expiresAt }) => expiresAt > now);
    const taken: Signal[] = [];
    for (const signal of late) {
      if (await this.#attempts.expire(signal, found)) await this.#deps.lines.leave(signal);
      else taken.push(signal);
    }
    if (found instanceof PresenceError)
      return { rest: [...taken, ...inTime], againMs: this.#afterTrouble(found) };
    if (found === 'absent') return { rest: [...taken, ...inTime] };
    const { rest, ...again } = await this.#serveInOrder(inTime, deadline);
    return { rest: [...taken, ...rest], ...again };
  }

  async #serveInOrder(signals: readonly Signal[], deadline: Deadline): Promise<Served> {
    for (const [at, signal] of signals.entries()) {
      const rest = signals.slice(at);
      if (deadline.remaining() < leastMs) return { rest, againMs: cappedMs };
      const left = await this.#attempts.deliver(signal, deadline);
      if (left === 'waiting') return { rest };
      if (left !== 'nothing') return { rest, againMs: left.againMs };
      await this.#deps.lines.leave(signal);
    }
    return { rest: [] };
  }

  async #find(groupid: Look['groupid'], visitorid: Look['visitorid'], deadline: Deadline) {
    try {
      return (await this.#deps.presence.find(groupid, visitorid, deadline)).presence;
    } catch (error) {
      if (error instanceof PresenceError) return error;
      throw error;
    }
  }

  #afterTrouble({ retryAfterSeconds = 0 }: PresenceError): number {
    return Math.max(troubledMs, retryAfterSeconds * 1_000) * (1 + this.#random() / 4);
  }
}
