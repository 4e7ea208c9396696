import type { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import type { FunctionConfiguration } from './environment.ts';
import { stopped } from './fault.ts';
import { Instance } from './instance.ts';
import { Invocation } from './invocation.ts';

export interface LocalFunctionOptions extends FunctionConfiguration {
  /** Receives what the function prints, line by line, each beginning with the function's name. */
  readonly log: (line: string) => void;
  /** More events than this wait for their turn. */
  readonly maxInstances?: number;
}

/**
 * Runs a built bundle as Lambda would: each instance in a thread with its own environment, one event at a time,
 * more instances under load, idle ones kept, time-outs enforced. An instance that crashes takes only its own
 * invocation with it.
 */
export class LocalFunction {
  readonly #options: LocalFunctionOptions;
  readonly #maxInstances: number;
  readonly #instances = new Set<Instance>();
  #idle: Instance[] = [];
  readonly #waiting: Invocation[] = [];
  #isClosed = false;

  constructor(options: LocalFunctionOptions) {
    this.#options = options;
    this.#maxInstances = options.maxInstances ?? 10;
  }

  /**
   * What the handler returns, after its way through JSON.
   * Throws `FunctionError` when the function fails, `RequestTooLarge` for an event above 6 MiB.
   */
  async invoke(event: unknown): Promise<unknown> {
    return await json(this.invokeStreaming(event));
  }

  /**
   * The bytes of the answer as the function writes them, at the pace at which they are read. The stream errors
   * with `FunctionError` when the function fails, in the middle too; destroying it destroys the function's stream.
   */
  invokeStreaming(event: unknown): Readable {
    if (this.#isClosed) throw new Error(`The function ${this.#options.name} is closed.`);
    const invocation = new Invocation(event);
    this.#waiting.push(invocation);
    this.#dispatch();
    return invocation.answer;
  }

  /** Ends all instances, in the middle of their work if need be. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const invocation of this.#waiting.splice(0)) invocation.fail(stopped);
    await Promise.all([...this.#instances].map((instance) => instance.end()));
  }

  #dispatch(): void {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (next.isWanted) {
        const instance = this.#idle.pop() ?? this.#addInstance();
        if (!instance) return;
        instance.run(next);
      }
      this.#waiting.shift();
    }
  }

  #addInstance(): Instance | undefined {
    if (this.#instances.size >= this.#maxInstances) return undefined;
    const { name, log } = this.#options;
    const instance = new Instance(this.#options, {
      idle: () => {
        this.#idle.push(instance);
        this.#dispatch();
      },
      gone: () => {
        this.#instances.delete(instance);
        this.#idle = this.#idle.filter((idle) => idle !== instance);
        this.#dispatch();
      },
      log: (line) => log(`${name} | ${line}`),
    });
    this.#instances.add(instance);
    return instance;
  }
}
