import type { CompletedPart } from '@aws-sdk/client-s3';
import type { UploadRequests } from './upload-requests.ts';

export interface Upload {
  /** Resolves when there is room for the next; one at a time. Rejects as soon as something failed. */
  write(piece: Uint8Array): Promise<void>;
  /**
   * Makes the object visible. `beforehand` runs last before that, with the length; what it throws, aborts. When this
   * rejects, it has aborted; but if the very last answer of S3 was lost, the object may be there all the same.
   */
  finish(beforehand?: (bytes: number) => Promise<void>): Promise<{ bytes: number; etag: string }>;
  /** Nothing of it stays. Never rejects; may be called at any time, also twice. Does nothing after `finish`. */
  abort(): Promise<void>;
}

interface UploadOptions {
  readonly requests: UploadRequests;
  readonly partBytes: number;
  /** Ends it from outside. */
  readonly signal: AbortSignal;
}

/**
 * An object of any length through the memory of two parts: one is filled while the other is sent. What fits into the
 * first is put at once.
 */
export class PartedUpload implements Upload {
  readonly #requests: UploadRequests;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #filling: Buffer;
  #filled = 0;
  /** The other part; there is none as long as all fits into the first. */
  #other: Buffer | undefined;
  #bytes = 0;
  #id: string | undefined;
  readonly #parts: CompletedPart[] = [];
  /** The part on its way. Never rejects: a failure is kept. */
  #sending = Promise.resolve();
  #writing = false;
  #failure: { readonly error: unknown } | undefined;
  #finishing = false;
  #publishing: Promise<string> | undefined;
  #aborting: Promise<void> | undefined;

  constructor({ requests, partBytes, signal }: UploadOptions) {
    this.#requests = requests;
    this.#signal = AbortSignal.any([this.#stop.signal, signal]);
    this.#filling = Buffer.allocUnsafe(partBytes);
  }

  async write(piece: Uint8Array): Promise<void> {
    this.#check();
    if (this.#writing || this.#finishing) throw new Error('Another write or the finish is under way.');
    this.#writing = true;
    try {
      for (let rest = piece; rest.length > 0; ) {
        if (this.#filled === this.#filling.length) await this.#sendFilled();
        const fits = rest.subarray(0, this.#filling.length - this.#filled);
        this.#filling.set(fits, this.#filled);
        this.#filled += fits.length;
        this.#bytes += fits.length;
        rest = rest.subarray(fits.length);
      }
    } finally {
      this.#writing = false;
    }
  }

  async finish(beforehand?: (bytes: number) => Promise<void>): Promise<{ bytes: number; etag: string }> {
    if (this.#writing || this.#finishing) throw new Error('A write or another finish is under way.');
    this.#finishing = true;
    try {
      this.#check();
      if (this.#other) {
        await this.#sendFilled();
        await this.#sending;
        this.#check();
      }
      await beforehand?.(this.#bytes);
      this.#check();
      this.#publishing = this.#publish();
      return { bytes: this.#bytes, etag: await this.#publishing };
    } catch (error) {
      const first = this.#fail(error);
      await this.abort();
      throw first;
    }
  }

  abort(): Promise<void> {
    this.#aborting ??= this.#abort();
    return this.#aborting;
  }

  async #abort(): Promise<void> {
    const published = this.#publishing?.then(
      () => true,
      () => false,
    );
    // Once S3 is asked to show the object, only its answer tells what is true.
    if (await published) return;
    this.#fail(new Error('The upload was aborted.'));
    this.#stop.abort(this.#failure?.error);
    // A part that is under way may be stored after the upload was abandoned.
    await this.#sending;
    if (this.#id !== undefined) await this.#requests.abandon(this.#id);
  }

  /** Waits for the part before. */
  async #sendFilled(): Promise<void> {
    await this.#sending;
    this.#check();
    const body = this.#filling.subarray(0, this.#filled);
    const free = this.#other ?? Buffer.allocUnsafe(this.#filling.length);
    this.#other = this.#filling;
    this.#filling = free;
    this.#filled = 0;
    this.#sending = this.#send(body).catch((error) => void this.#fail(error));
  }

  async #send(body: Buffer): Promise<void> {
    this.#id ??= await this.#requests.create(this.#signal);
    const number = this.#parts.length + 1;
    this.#parts.push(await this.#requests.part(this.#id, number, body, this.#signal));
  }

  #publish(): Promise<string> {
    if (this.#id === undefined) {
      return this.#requests.put(this.#filling.subarray(0, this.#filled), this.#signal);
    }
    return this.#requests.complete(this.#id, this.#parts, this.#bytes, this.#signal);
  }

  /** Keeps the first failure, and gives it. */
  #fail(error: unknown): unknown {
    this.#failure ??= { error: this.#signal.aborted ? this.#signal.reason : error };
    return this.#failure.error;
  }

  #check(): void {
    if (this.#signal.aborted) this.#fail(this.#signal.reason);
    if (this.#failure) throw this.#failure.error;
  }
}
