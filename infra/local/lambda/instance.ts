import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { type FunctionConfiguration, functionArn, instanceEnvironment } from './environment.ts';
import { type FunctionFailure, failureOf, stopped } from './failure.ts';
import type { Invocation } from './invocation.ts';
import type { FromInstance, ToInstance } from './messages.ts';

/** Lambda gives the start-up of an instance ten seconds, on top of the time-out of the function. */
const startSeconds = 10;

interface Observer {
  idle(): void;
  gone(): void;
  log(line: string): void;
}

/** One execution environment: a thread that has loaded the bundle and handles one event at a time. */
export class Instance {
  readonly #configuration: FunctionConfiguration;
  readonly #observer: Observer;
  readonly #worker: Worker;
  /** When it was done with its last event, on the clock of `performance.now()`. */
  idleSince = 0;
  isReady = false;
  /** It will exit; what it still says on the way out must not bring it another event. */
  #isEnding = false;
  #current: Invocation | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(program: string, configuration: FunctionConfiguration, observer: Observer) {
    this.#configuration = configuration;
    this.#observer = observer;
    this.#worker = new Worker(program, {
      eval: true,
      name: configuration.name,
      workerData: { file: configuration.file },
      env: instanceEnvironment(configuration),
      argv: [],
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: configuration.memoryMb },
      stdout: true,
      stderr: true,
    });
    this.#worker.on('message', (message: FromInstance) => this.#receive(message));
    this.#worker.on('error', (error) => this.#crashed(error));
    this.#worker.on('exit', (code) => this.#exited(code));
    this.#logLines(this.#worker.stdout);
    this.#logLines(this.#worker.stderr);
  }

  run(invocation: Invocation): void {
    this.#current = invocation;
    invocation.assign({
      taken: () => this.#tell(invocation, { type: 'taken' }),
    });
    if (this.isReady) this.#begin(invocation);
    else this.#limit(startSeconds);
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    this.#fail(stopped);
    await this.#worker.terminate();
  }

  #begin(invocation: Invocation): void {
    const { name, timeoutSeconds } = this.#configuration;
    const context = {
      awsRequestId: invocation.requestId,
      invokedFunctionArn: functionArn(name),
      deadline: Date.now() + timeoutSeconds * 1000,
    };
    invocation.begin();
    this.#tell(invocation, { type: 'invoke', event: invocation.event, context });
    this.#limit(timeoutSeconds);
  }

  #receive(message: FromInstance): void {
    if (this.#isEnding) return;
    const invocation = this.#current;
    // Free again before the caller hears of the end: its next call shall not need another instance.
    if (message.type === 'idle' || message.type === 'failed' || (message.type === 'end' && message.isIdle)) {
      this.#free();
    }
    if (message.type === 'ready') this.#ready();
    if (message.type === 'data') invocation?.receive(message.bytes);
    if (message.type === 'end') invocation?.end();
    if (message.type === 'failed') invocation?.fail(message.failure);
  }

  #ready(): void {
    this.isReady = true;
    if (this.#current?.isWanted) this.#begin(this.#current);
    // Its caller has gone in the meantime.
    else this.#free();
  }

  #free(): void {
    clearTimeout(this.#timer);
    this.#current = undefined;
    this.idleSince = performance.now();
    this.#observer.idle();
  }

  #limit(seconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#timedOut(seconds), seconds * 1000);
  }

  #timedOut(seconds: number): void {
    this.#isEnding = true;
    this.#failLoudly('Sandbox.Timedout', `Task timed out after ${seconds.toFixed(2)} seconds`);
    void this.#worker.terminate();
  }

  #crashed(error: unknown): void {
    this.#isEnding = true;
    const failure = failureOf(error);
    this.#observer.log(`Uncaught ${failure.errorType}: ${failure.errorMessage}`);
    this.#fail(failure);
  }

  #exited(code: number): void {
    clearTimeout(this.#timer);
    this.#failLoudly('Runtime.ExitError', `Runtime exited with error: exit status ${code}`);
    this.#observer.gone();
  }

  #failLoudly(errorType: string, what: string): void {
    if (!this.#current) return;
    const errorMessage = `RequestId: ${this.#current.requestId} Error: ${what}`;
    this.#observer.log(errorMessage);
    this.#fail({ errorType, errorMessage });
  }

  #fail(failure: FunctionFailure): void {
    this.#current?.fail(failure);
    this.#current = undefined;
  }

  /** What concerns an earlier event must not reach the next one. */
  #tell(invocation: Invocation, message: ToInstance): void {
    if (invocation === this.#current) this.#worker.postMessage(message);
  }

  #logLines(output: Readable): void {
    createInterface({ input: output }).on('line', (line) => this.#observer.log(line));
  }
}
