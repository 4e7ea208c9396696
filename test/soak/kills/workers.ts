import { setTimeout as sleep } from 'node:timers/promises';
import { LocalFunction, type LocalFunctionOptions } from '../../../infra/local/lambda/function.ts';

interface Slot {
  worker: LocalFunction;
  isBusy: boolean;
}

/** A function of which each instance can be ended in the middle of its work, as when its machine fails. */
export class MortalFunction {
  readonly #options: LocalFunctionOptions;
  readonly #slots: Slot[];
  #isClosed = false;
  /** How many were ended while they worked. */
  kills = 0;

  constructor(options: LocalFunctionOptions, instances: number) {
    this.#options = { ...options, maxInstances: 1 };
    this.#slots = Array.from({ length: instances }, () => ({
      worker: new LocalFunction(this.#options),
      isBusy: false,
    }));
  }

  /** Rejects when the instance ends before it has answered. */
  async invoke(event: unknown): Promise<unknown> {
    const slot = this.#slots.find(({ isBusy }) => !isBusy);
    if (!slot) throw new Error('more events at once than there are instances');
    slot.isBusy = true;
    try {
      return await slot.worker.invoke(event);
    } finally {
      slot.isBusy = false;
    }
  }

  /** Ends one of those that work; another takes its place. */
  async killOne(random: () => number): Promise<void> {
    const busy = this.#slots.filter(({ isBusy }) => isBusy);
    const slot = busy[Math.floor(random() * busy.length)];
    if (!slot) return;
    const killed = slot.worker;
    slot.worker = new LocalFunction(this.#options);
    this.kills += 1;
    await killed.close();
  }

  /** Ends one about so often, until it is told to stop. */
  async killEvery(ms: number, random: () => number, until: AbortSignal): Promise<void> {
    while (!until.aborted && !this.#isClosed) {
      await sleep(ms * 2 * random());
      await this.killOne(random);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#slots.map(({ worker }) => worker.close()));
  }
}
