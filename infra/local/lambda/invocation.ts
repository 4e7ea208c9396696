import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { FunctionError, type FunctionFailure, RequestTooLarge } from './failure.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const maxEventBytes = 6 * 1024 * 1024;

/** Whoever makes the answer. */
interface Source {
  taken(): void;
}

/** One event and its answer, from the call to the end of the answer. */
export class Invocation {
  readonly requestId = randomUUID();
  readonly event: string;
  /** Errors with a `FunctionError` when the function fails, early or late; it ends only when the answer is whole. */
  readonly answer: Readable;
  readonly since = performance.now();
  #source: Source | undefined;
  #hasBegun = false;
  #owesTaken = false;

  constructor(event: unknown) {
    this.event = JSON.stringify(event);
    if (Buffer.byteLength(this.event) > maxEventBytes) {
      throw new RequestTooLarge(`The event must be at most ${maxEventBytes} bytes.`);
    }
    this.answer = new Readable({
      read: () => this.#wantsMore(),
      // As on Lambda, a function does not hear that its caller has gone: it goes on, and what it writes is let go.
      // https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
      destroy: (error, done) => {
        this.#wantsMore();
        done(error);
      },
    });
    // Whoever reads the answer meets its error; an answer that nobody reads shall not end the whole process.
    this.answer.on('error', () => {});
  }

  get isWanted(): boolean {
    return !this.answer.destroyed;
  }

  assign(source: Source): void {
    this.#source = source;
  }

  begin(): void {
    this.#hasBegun = true;
  }

  /** It shall not begin any more. If it has, it goes on. */
  abandon(): void {
    if (!this.#hasBegun) this.answer.destroy();
  }

  receive(bytes: Uint8Array): void {
    this.#owesTaken = true;
    if (this.isWanted) this.answer.push(bytes);
    else this.#wantsMore();
  }

  end(): void {
    this.answer.push(null);
  }

  fail(failure: FunctionFailure): void {
    this.answer.destroy(new FunctionError(failure));
  }

  /** Called by the stream when its buffer has room again: only then may the next piece cross the threads. */
  #wantsMore(): void {
    if (!this.#owesTaken) return;
    this.#owesTaken = false;
    this.#source?.taken();
  }
}
