import { signalQueue } from '../../../infra/signals.ts';
import { deliverBatch } from '../../../shared/signals/batch.ts';
import { readMessage, writeMessage } from '../../../shared/signals/queue-message.ts';
import type { Signal } from '../../../shared/signals/signal.ts';
import type { Place, Worker } from './place.ts';
import { ample } from './signals.ts';

interface Queued {
  readonly body: string;
  readonly at: number;
  readonly receives: number;
}

/**
 * The queue's side of a place, in its time: each message is handled when it is due, and comes back, until it is dead. The
 * messages are what the workers send to the true queue from now on.
 */
export class Simulation {
  readonly #place: Place;
  #queued: Queued[] = [];
  #seen: number;
  readonly dead: string[] = [];

  constructor(place: Place) {
    this.#place = place;
    this.#seen = place.queueGate.calls.length;
  }

  put(body: string, at = this.#place.clock.time): void {
    this.#queued.push({ body, at, receives: 0 });
  }

  send(...signals: readonly Signal[]): void {
    this.put(writeMessage({ signals: [...signals] }));
  }

  /** What is to come, the next one first. */
  get queued(): readonly { readonly at: number; readonly body: string }[] {
    this.#collect();
    return this.#queued.toSorted((a, b) => a.at - b.at);
  }

  get looks(): readonly number[] {
    return this.queued.filter(({ body }) => 'look' in readMessage(body)).map(({ at }) => at);
  }

  /** Handles the next message; its time is now. False where there is none until then. */
  async step(workerOf: () => Worker, until = Number.POSITIVE_INFINITY): Promise<boolean> {
    const [next] = this.queued as readonly Queued[];
    if (!next || next.at > until) return false;
    this.#queued = this.#queued.filter((one) => one !== next);
    const { clock } = this.#place;
    clock.time = Math.max(clock.time, next.at);
    if (next.receives >= signalQueue.receives) {
      this.dead.push(next.body);
      return true;
    }
    const { delivery, queue, events } = workerOf();
    const record = { messageId: 'one', body: next.body };
    const { batchItemFailures } = await deliverBatch(
      [record as never], // nothing else of it is read
      { delivery, queue, events, deadline: ample, failed: () => {} },
    );
    const isBack = batchItemFailures.length > 0;
    const at = clock.time + signalQueue.visibilitySeconds * 1_000;
    if (isBack) this.#queued.push({ ...next, at, receives: next.receives + 1 });
    return true;
  }

  /** All messages until then. */
  async run(worker: Worker, until = Number.POSITIVE_INFINITY): Promise<void> {
    for (let steps = 0; await this.step(() => worker, until); steps++)
      if (steps > 20_000) throw new Error('it does not end');
    if (Number.isFinite(until)) this.#place.clock.time = until;
  }

  #collect(): void {
    const { queueGate, store, clock } = this.#place;
    const name = store.queue.url.slice(store.queue.url.lastIndexOf('/'));
    const calls = queueGate.calls.slice(this.#seen);
    this.#seen = queueGate.calls.length;
    for (const { operation, input } of calls) {
      if (operation !== 'SendMessage' || !String(input.QueueUrl).endsWith(name)) continue;
      const at = clock.time + Number(input.DelaySeconds) * 1_000;
      this.#queued.push({ body: String(input.MessageBody), at, receives: 0 });
    }
  }
}
