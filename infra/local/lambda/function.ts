import type { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import type { FunctionConfiguration } from './environment.ts';
import { stopped } from './failure.ts';
import { Instance } from './instance.ts';
import { Invocation } from './invocation.ts';
import { instanceProgram } from './program.ts';
import { atOnce, mostInstances, needsMore, step, waitMs } from './scaling.ts';

export interface LocalFunctionOptions extends FunctionConfiguration {
  /** Receives what the function prints, line by line, each beginning with the function's name. */
  readonly log: (line: string) => void;
  /** More events than this wait for their turn; 100 unless given. */
  readonly maxInstances?: number;
  /** An instance beyond the first ten ends when it had nothing to do for so long; 10 s unless given. */
  readonly idleMs?: number;
}

/**
 * Runs a built bundle as Lambda would: each instance in a thread with its own environment, one event at a time,
 * more instances under load, idle ones kept, time-outs enforced. An instance that crashes takes only its own
 * invocation with it.
 */
export class LocalFunction {
  readonly #options: LocalFunctionOptions;
  readonly #maxInstances: number;
  readonly #idleMs: number;
  readonly #program = instanceProgram();
  readonly #instances = new Set<Instance>();
  #idle: Instance[] = [];
  readonly #waiting: Invocation[] = [];
  /** How many instances there may be now. */
  #allowed: number;
  /** How many events were done with since the queue was looked at. */
  #finished = 0;
  #nextLook: NodeJS.Timeout | undefined;
  #nextRetirement: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: LocalFunctionOptions) {
    this.#options = options;
    this.#maxInstances = options.maxInstances ?? mostInstances;
    this.#idleMs = options.idleMs ?? 10_000;
    this.#allowed = Math.min(atOnce, this.#maxInstances);
  }

  /**
   * What the handler returns, after its way through JSON. When `late` is aborted, an event that no instance has begun
   * with never runs; one that runs goes on.
   * Throws `FunctionError` when the function fails, `RequestTooLarge` for an event above 6 MiB.
   */
  async invoke(event: unknown, late?: AbortSignal): Promise<unknown> {
    const invocation = this.#take(event);
    late?.addEventListener('abort', () => invocation.abandon());
    return await json(invocation.answer);
  }

  /**
   * The bytes of the answer as the function writes them, at the pace at which they are read. The stream errors
   * with `FunctionError` when the function fails, in the middle too. When it is destroyed, the function goes on.
   */
  invokeStreaming(event: unknown): Readable {
    return this.#take(event).answer;
  }

  /** Ends all instances, in the middle of their work if need be. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#nextLook);
    clearTimeout(this.#nextRetirement);
    for (const invocation of this.#waiting.splice(0)) invocation.fail(stopped);
    await Promise.all([...this.#instances].map((instance) => instance.end()));
  }

  #take(event: unknown): Invocation {
    if (this.#isClosed) throw new Error(`The function ${this.#options.name} is closed.`);
    const invocation = new Invocation(event);
    this.#waiting.push(invocation);
    this.#dispatch();
    return invocation;
  }

  #dispatch(): void {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (next.isWanted) {
        const instance = this.#idle.pop() ?? this.#addInstance();
        if (!instance) break;
        instance.run(next);
      }
      this.#waiting.shift();
    }
    if (this.#waiting.length > 0) this.#lookLater();
    else this.#allow(atOnce);
  }

  #allow(instances: number): void {
    this.#allowed = Math.min(instances, this.#maxInstances);
  }

  #lookLater(): void {
    if (this.#nextLook || this.#instances.size >= this.#maxInstances) return;
    this.#finished = 0;
    const before = performance.eventLoopUtilization();
    this.#nextLook = setTimeout(() => {
      this.#nextLook = undefined;
      this.#look(performance.eventLoopUtilization(before).utilization);
    }, waitMs);
  }

  #look(busy: number): void {
    const waiting = this.#waiting.filter(({ isWanted }) => isWanted);
    const [oldest] = waiting;
    if (!oldest) return;
    const oldestMs = performance.now() - oldest.since;
    const isStarting = [...this.#instances].some(({ isReady }) => !isReady);
    const load = { isStarting, waiting: waiting.length, oldestMs, finished: this.#finished, busy };
    if (needsMore(load)) this.#allow(this.#instances.size + step);
    this.#dispatch();
  }

  #retireLater(): void {
    this.#nextRetirement ??= setTimeout(() => this.#retire(), this.#idleMs).unref();
  }

  #retire(): void {
    this.#nextRetirement = undefined;
    const before = performance.now() - this.#idleMs;
    const spare = Math.max(0, this.#instances.size - atOnce);
    const retired = this.#idle.filter(({ idleSince }) => idleSince <= before).slice(0, spare);
    this.#idle = this.#idle.filter((instance) => !retired.includes(instance));
    for (const instance of retired) {
      this.#instances.delete(instance);
      void instance.end();
    }
    if (retired.length < spare) this.#retireLater();
  }

  #addInstance(): Instance | undefined {
    if (this.#instances.size >= this.#allowed) return undefined;
    const { name, log } = this.#options;
    const instance = new Instance(this.#program, this.#options, {
      idle: () => {
        this.#finished += 1;
        this.#idle.push(instance);
        this.#dispatch();
      },
      gone: () => {
        this.#finished += 1;
        this.#instances.delete(instance);
        this.#idle = this.#idle.filter((idle) => idle !== instance);
        this.#dispatch();
      },
      log: (line) => log(`${name} | ${line}`),
    });
    this.#instances.add(instance);
    if (this.#instances.size > atOnce) this.#retireLater();
    return instance;
  }
}
