import type { PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { type Clock, systemClock } from './clock.ts';
import { type Deadline, longestTimerMs } from './deadline.ts';
import { type CallFailure, type EventBridge, failureOf, isFinal } from './eventbridge.ts';
import { once } from './once.ts';

/** The source of all events of the relay. */
const eventSource = 'presence-relay';

export interface BusEvent {
  /** Its detail type, such as `Signal Sent`. */
  readonly type: string;
  /** When it happened, in milliseconds since 1970. */
  readonly time: number;
  /** The same id whenever the same event is put again. */
  readonly detail: { readonly id: string } & Readonly<Record<string, unknown>>;
}

interface BusOptions {
  /** Name of the bus. */
  readonly bus: string;
  /** Makes the client at its first use. */
  readonly open: () => EventBridge | Promise<EventBridge>;
  readonly clock?: Pick<Clock, 'sleep'>;
}

/** What PutEvents takes in one call. */
const mostEntries = 10;
/**
 * All entries of a call: below 256 KB, whichever way that is read, and with room for what the JSON of an event needs beside.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
 */
const mostBytes = 250_000;
const mostTries = 4;
const firstPauseMs = 100;

/** How many the bus did not take; and whether it is worth asking it again. */
interface Outcome {
  readonly unsent: number;
  readonly isDown?: boolean;
}

/** A bus of EventBridge, for events of which it is enough that nearly all arrive. */
export class EventBus {
  readonly #bus: string;
  readonly #eventBridge: () => Promise<EventBridge>;
  readonly #clock: Pick<Clock, 'sleep'>;

  constructor({ bus, open, clock = systemClock }: BusOptions) {
    this.#bus = bus;
    this.#eventBridge = once(open);
    this.#clock = clock;
  }

  /**
   * Puts them in as few calls as possible, not always in their order, and some twice where an answer is lost. What is not
   * taken is tried again a few times, within the deadline. A bus that cannot be reached, or refuses, is not asked for the
   * others any more. Rejects only as `events` does, all of which is read in any case.
   */
  async put(
    events: Iterable<BusEvent> | AsyncIterable<BusEvent>,
    deadline: Deadline,
  ): Promise<{ sent: number; unsent: number }> {
    const total = { sent: 0, unsent: 0 };
    let entries: PutEventsRequestEntry[] = [];
    let room = mostBytes;
    let isDown = false;
    const flush = async () => {
      const outcome: Outcome = isDown
        ? { unsent: entries.length }
        : await this.#putEntries(entries, deadline);
      isDown ||= outcome.isDown ?? false;
      total.unsent += outcome.unsent;
      total.sent += entries.length - outcome.unsent;
      entries = [];
      room = mostBytes;
    };
    for await (const event of events) {
      const entry = this.#entryOf(event);
      const bytes = bytesOf(entry);
      if (bytes > mostBytes) {
        total.unsent += 1;
        continue;
      }
      if (entries.length === mostEntries || bytes > room) await flush();
      entries.push(entry);
      room -= bytes;
    }
    if (entries.length > 0) await flush();
    return total;
  }

  #entryOf({ type, time, detail }: BusEvent): PutEventsRequestEntry {
    return {
      EventBusName: this.#bus,
      Source: eventSource,
      DetailType: type,
      Time: new Date(time),
      Detail: JSON.stringify(detail),
    };
  }

  async #putEntries(entries: readonly PutEventsRequestEntry[], deadline: Deadline): Promise<Outcome> {
    let left = entries;
    let refused = 0;
    for (let tries = 1; ; tries++) {
      if (deadline.remaining() <= 0) return { unsent: refused + left.length };
      const answer = await this.#call(left, deadline);
      if ('failure' in answer) {
        const { failure } = answer;
        if (failure === 'invalid') return plus(refused, await this.#putEach(left, deadline));
        if (failure === 'refused') return { unsent: refused + left.length, isDown: true };
      } else {
        refused += answer.refused;
        left = answer.again;
      }
      if (left.length === 0) return { unsent: refused };
      if (tries === mostTries) return { unsent: refused + left.length, isDown: 'failure' in answer };
      const pauseMs = Math.random() * firstPauseMs * 2 ** tries;
      if (pauseMs >= deadline.remaining()) return { unsent: refused + left.length };
      await this.#clock.sleep(pauseMs);
    }
  }

  /** One of them may be at fault for all. */
  async #putEach(entries: readonly PutEventsRequestEntry[], deadline: Deadline): Promise<Outcome> {
    if (entries.length <= 1) return { unsent: entries.length };
    let outcome: Outcome = { unsent: 0 };
    for (const entry of entries) {
      const one: Outcome = outcome.isDown ? { unsent: 1 } : await this.#putEntries([entry], deadline);
      outcome = plus(outcome.unsent, { ...outcome, ...one });
    }
    return outcome;
  }

  async #call(entries: readonly PutEventsRequestEntry[], deadline: Deadline): Promise<Answer> {
    try {
      const { client, PutEventsCommand } = await this.#eventBridge();
      const abortSignal = AbortSignal.timeout(
        Math.min(longestTimerMs, Math.max(1, Math.ceil(deadline.remaining()))),
      );
      const command = new PutEventsCommand({ Entries: [...entries] });
      const { FailedEntryCount = 0, Entries = [] } = await client.send(command, { abortSignal });
      if (FailedEntryCount === 0) return { refused: 0, again: [] };
      const codeAt = (at: number) => Entries[at]?.ErrorCode;
      const failed = [...entries.entries()].filter(([at]) => codeAt(at) !== undefined);
      const again = failed.filter(([at]) => !isFinal(codeAt(at) ?? '')).map(([, entry]) => entry);
      return { refused: failed.length - again.length, again };
    } catch (error) {
      return { failure: failureOf(error) };
    }
  }
}

type Answer =
  | { readonly refused: number; readonly again: readonly PutEventsRequestEntry[] }
  /** Of the whole call. */
  | { readonly failure: CallFailure };

function plus(unsent: number, outcome: Outcome): Outcome {
  return { ...outcome, unsent: unsent + outcome.unsent };
}

/** As EventBridge counts. */
function bytesOf({ Source = '', DetailType = '', Detail = '' }: PutEventsRequestEntry): number {
  const timeBytes = 14;
  return timeBytes + Buffer.byteLength(Source) + Buffer.byteLength(DetailType) + Buffer.byteLength(Detail);
}
