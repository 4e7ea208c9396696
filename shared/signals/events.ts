import type { BusEvent, EventBus } from '../runtime/bus.ts';
import { type Deadline, deadlineIn } from '../runtime/deadline.ts';
import type { SignalRecord } from './signal.ts';

/** The detail type of each ending that is told; what somebody has cancelled, they know. */
export const signalEventTypes: Readonly<Partial<Record<SignalRecord['status'], string>>> = {
  sent: 'Signal Sent',
  expired: 'Signal Expired',
  failed: 'Signal Failed',
  unknown: 'Signal Unknown',
};

/** A batch may take so much longer for its events, and no more. */
const mostMs = 3_000;

interface SignalEventsOptions {
  readonly bus: Pick<EventBus, 'put'>;
  /** Hears of how many the bus did not take. */
  readonly unsent: (count: number) => void;
}

/** Tells the bus how the signals of a batch have ended, once all is done for them: nothing waits for it, or depends on it. */
export class SignalEvents {
  readonly #options: SignalEventsOptions;
  #events: BusEvent[] = [];

  constructor(options: SignalEventsOptions) {
    this.#options = options;
  }

  /** What its record says by now. */
  ended(record: SignalRecord): void {
    const event = eventOf(record);
    if (event) this.#events.push(event);
  }

  /** What has come together, as far as there is time. Never rejects. */
  async put(deadline: Deadline): Promise<void> {
    const events = this.#events;
    this.#events = [];
    if (events.length === 0) return;
    const { bus, unsent: told } = this.#options;
    const { unsent } = await bus.put(events, deadlineIn(Math.min(mostMs, deadline.remaining())));
    if (unsent > 0) told(unsent);
  }
}

/** The id is the same when the same ending is told twice; a signal that is delivered again may end again. Nothing of the message is in it. */
function eventOf(record: SignalRecord): BusEvent | undefined {
  const { id, groupid, visitorid, source, mtype, func, status: outcome, reason, acceptedAt } = record;
  const { endedAt } = record;
  const type = signalEventTypes[outcome];
  if (type === undefined || endedAt === undefined) return undefined;
  return {
    type,
    time: endedAt,
    detail: {
      id: `${id}-${outcome}-${endedAt}`,
      signal: id,
      groupid,
      visitorid,
      source,
      mtype,
      func,
      outcome,
      reason,
      acceptedAt: new Date(acceptedAt).toISOString(),
      endedAt: new Date(endedAt).toISOString(),
    },
  };
}
