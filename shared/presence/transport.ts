import { Readable } from 'node:stream';
import { Agent, type Dispatcher } from 'undici';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { type Deadline, longestTimerMs } from '../runtime/deadline.ts';
import type { ServerAddress } from './address.ts';

export interface HttpRequest {
  readonly server: ServerAddress;
  readonly method: 'GET' | 'POST';
  /** Path and query, percent-encoded. */
  readonly path: string;
  /** Goes along as `Authorization: Bearer`. */
  readonly token?: string;
  readonly body?: string;
}

export interface ResponseHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface HttpResponse extends ResponseHead {
  readonly text: string;
}

export interface StreamedResponse extends ResponseHead {
  readonly body: Readable;
}

interface Failure {
  late?: boolean;
  tooLong?: boolean;
  cause?: unknown;
}

/** No whole answer came. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** False when surely not a byte of the request left this machine. */
  readonly sent: boolean;
  /** True when the deadline of the whole call has passed, not only a time-out of this exchange. */
  readonly late: boolean;
  /** True when the answer is longer than the limit, which asking again would not change. */
  readonly tooLong: boolean;

  constructor(message: string, { sent, late = false, tooLong = false, cause }: Failure & { sent: boolean }) {
    super(message, { cause });
    this.sent = sent;
    this.late = late;
    this.tooLong = tooLong;
  }
}

export interface TransportLimits {
  /** Connections per server; more requests than these wait for one. */
  connections: number;
  connectMs: number;
  /** From the request's last byte to the answer's head. */
  headersMs: number;
  /** Between two pieces of an answer. */
  bodyMs: number;
  /** Of an answer's body, unless it is streamed. */
  maxBytes: number;
}

/** A connection that was idle for longer is not used again; undici's own limit is a timer of 4 s. */
const idleMs = 5_000;

const defaultLimits: TransportLimits = {
  connections: 16,
  connectMs: 3_000,
  headersMs: 10_000,
  bodyMs: 10_000,
  maxBytes: 262_144,
};

/** HTTP/1.1 with connections that are kept; follows no redirect and repeats nothing by itself. */
export class Transport {
  readonly #limits: TransportLimits;
  readonly #clock: Pick<Clock, 'now'>;
  #agent: Agent;
  #underWay = 0;
  #usedAt = 0;

  constructor(limits: Partial<TransportLimits> = {}, clock: Pick<Clock, 'now'> = systemClock) {
    this.#limits = { ...defaultLimits, ...limits };
    this.#clock = clock;
    this.#agent = this.#openAgent();
  }

  /** The whole answer. Throws `TransportError`. */
  exchange(request: HttpRequest, deadline: Deadline): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let size = 0;
      let head: ResponseHead;
      this.#dispatch(request, deadline, {
        failed: reject,
        head: (received) => {
          head = received;
        },
        data: (chunk, exchange) => {
          size += chunk.length;
          if (size > this.#limits.maxBytes)
            exchange.giveUp(`the answer is longer than ${this.#limits.maxBytes} bytes`, { tooLong: true });
          else chunks.push(chunk);
        },
        end: () => resolve({ ...head, text: Buffer.concat(chunks).toString('utf8') }),
      });
    });
  }

  /**
   * The answer as it arrives, at any length and in constant memory. Throws `TransportError` before the head; after
   * it, the body ends with that error.
   */
  stream(request: HttpRequest, deadline: Deadline): Promise<StreamedResponse> {
    return new Promise((resolve, reject) => {
      let body: Readable | undefined;
      this.#dispatch(request, deadline, {
        failed: (error) => (body ? body.destroy(error) : reject(error)),
        head: (head, exchange) => {
          body = new Readable({
            read: () => exchange.resume(),
            destroy: (error, done) => {
              exchange.giveUp('the reader went away');
              done(error);
            },
          });
          // Nobody may be reading yet. Whoever reads later meets the error all the same.
          body.on('error', () => undefined);
          resolve({ ...head, body });
        },
        data: (chunk, exchange) => {
          if (!body?.push(chunk)) exchange.pause();
        },
        end: () => body?.push(null),
      });
    });
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #dispatch(
    { server, method, path, token, body }: HttpRequest,
    deadline: Deadline,
    receiver: Receiver,
  ): void {
    const agent = this.#wakefulAgent();
    this.#underWay++;
    const exchange = new Exchange(receiver, deadline, () => {
      this.#underWay--;
      this.#usedAt = this.#clock.now();
    });
    const headers: Record<string, string> = { accept: 'application/json' };
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (body !== undefined) headers['content-type'] = 'application/json; charset=utf-8';
    const { headersMs, bodyMs } = this.#limits;
    agent.dispatch(
      {
        origin: server.origin,
        method,
        path,
        headers,
        ...(body !== undefined && { body }),
        headersTimeout: headersMs,
        bodyTimeout: bodyMs,
      },
      exchange,
    );
  }

  /**
   * A Lambda function that is frozen between two calls feels no time pass: its timers stand still, and a connection
   * that the server closed meanwhile looks as good as ever. A signal sent on it would end as `delivery-unknown`.
   */
  #wakefulAgent(): Agent {
    if (this.#underWay === 0 && this.#clock.now() - this.#usedAt > idleMs) {
      void this.#agent.destroy();
      this.#agent = this.#openAgent();
    }
    return this.#agent;
  }

  #openAgent(): Agent {
    const { connections, connectMs } = this.#limits;
    return new Agent({ connections, pipelining: 1, allowH2: false, connect: { timeout: connectMs } });
  }
}

interface Receiver {
  head(head: ResponseHead, exchange: Exchange): void;
  data(chunk: Buffer, exchange: Exchange): void;
  end(): void;
  failed(error: TransportError): void;
}

/**
 * One request under way. undici calls `onRequestStart` when a connection stands and just before it writes, so an
 * exchange that failed without it has surely sent nothing; this is what decides whether a signal may be repeated.
 */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #receiver: Receiver;
  readonly #finished: () => void;
  readonly #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | undefined;
  #over = false;

  constructor(receiver: Receiver, deadline: Deadline, finished: () => void) {
    this.#receiver = receiver;
    this.#finished = finished;
    this.#timer = setTimeout(
      () => this.giveUp('no whole answer within the deadline', { late: true }),
      Math.min(deadline.remaining(), longestTimerMs),
    );
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#over) controller.abort(new Error('given up before it was sent'));
    else this.#controller = controller;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: ResponseHead['headers']): void {
    if (status >= 200 && !this.#over) this.#receiver.head({ status, headers }, this);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#over) this.#receiver.data(chunk, this);
  }

  onResponseEnd(): void {
    if (this.#finish()) this.#receiver.end();
  }

  onResponseError(_: Dispatcher.DispatchController, cause: Error): void {
    this.#failed('the connection failed', { cause });
  }

  /** Gives up; does nothing once the exchange is over. */
  giveUp(message: string, failure: Failure = {}): void {
    if (this.#failed(message, failure)) this.#controller?.abort(new Error(message));
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    if (!this.#over) this.#controller?.resume();
  }

  #failed(message: string, failure: Failure): boolean {
    if (!this.#finish()) return false;
    this.#receiver.failed(new TransportError(message, { ...failure, sent: this.#controller !== undefined }));
    return true;
  }

  #finish(): boolean {
    if (this.#over) return false;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#finished();
    return true;
  }
}
