import { Writable } from 'node:stream';
import { namedError } from './handler.ts';

interface Receiver {
  data(bytes: Uint8Array<ArrayBuffer>): void;
  end(): void;
}

/**
 * The `responseStream` of a handler. What is written counts as written when its receiver has taken it, so a slow
 * receiver slows the function, and nothing piles up between the threads.
 */
export class ResponseStream extends Writable {
  readonly #receiver: Receiver;
  #prelude: Buffer | undefined;
  #hasWritten = false;
  #onTaken: (() => void) | undefined;

  constructor(receiver: Receiver) {
    super({ highWaterMark: 64 * 1024 });
    this.#receiver = receiver;
  }

  taken(): void {
    this.#onTaken?.();
  }

  setContentType(_type: string): void {
    if (this.#hasWritten) throw namedError('InvalidStreamingOperation', 'Cannot set content-type, too late.');
  }

  beforeFirstWrite(prelude: Buffer): void {
    this.#prelude = prelude;
  }

  /** Lambda's own stream writes any other value as JSON. */
  override write(chunk: unknown, encoding?: BufferEncoding | WriteCallback, done?: WriteCallback): boolean {
    this.#hasWritten = true;
    if (this.#prelude) super.write(this.#prelude);
    this.#prelude = undefined;
    const data = typeof chunk === 'string' || chunk instanceof Uint8Array ? chunk : JSON.stringify(chunk);
    return typeof encoding === 'string'
      ? super.write(data, encoding, done)
      : super.write(data, encoding ?? done);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: WriteCallback): void {
    this.#pass(new Uint8Array(chunk), done);
  }

  override _writev(chunks: readonly { chunk: Buffer }[], done: WriteCallback): void {
    this.#pass(new Uint8Array(Buffer.concat(chunks.map(({ chunk }) => chunk))), done);
  }

  override _final(done: WriteCallback): void {
    done();
    this.#receiver.end();
  }

  #pass(bytes: Uint8Array<ArrayBuffer>, done: WriteCallback): void {
    this.#onTaken = done;
    this.#receiver.data(bytes);
  }
}

type WriteCallback = (error?: Error | null) => void;
