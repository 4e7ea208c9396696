import type { SlotHold } from './claims.ts';
import { SlotLost } from './errors.ts';

/** Often enough for whoever looks on, and for a lease that a few lost ones do not end. */
const everyMs = 2_000;

/** Keeps a slot ours while we work on it, and puts down how far we are. */
export class Heartbeat implements Disposable {
  /** How far we are. */
  visitors = 0;
  bytes = 0;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(hold: Pick<SlotHold, 'prolong'>) {
    this.#timer = setInterval(() => {
      // What fails may succeed the next time; in the end, every write asks whether the slot is ours.
      this.beat(hold).catch(() => {});
    }, everyMs);
  }

  /** Aborted with `SlotLost` once the slot is somebody else's. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Throws `SlotLost` once the slot is somebody else's, and as the hold does. */
  async beat(hold: Pick<SlotHold, 'prolong'>): Promise<void> {
    if (!(await hold.prolong({ visitors: this.visitors, bytes: this.bytes })))
      this.#lost.abort(new SlotLost());
    this.#lost.signal.throwIfAborted();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
