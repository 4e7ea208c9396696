import { Failure } from './failure.ts';
import { baseUrl } from './presence-service.ts';

export interface Frame {
  readonly type?: string;
  readonly mtype?: string;
  readonly data?: unknown;
}

export interface LinkOptions {
  /** The host to connect to. */
  readonly where: () => Promise<string>;
  /** The first frame. */
  readonly hello: () => object;
  readonly onready: () => void;
  readonly onframe: (kind: string, data: unknown) => void;
  readonly onfail: (failure: Failure) => void;
}

const policyViolation = 1008;

/** A connection that comes back: after 5 seconds three times, from then on after 60. */
export class Link {
  readonly #options: LinkOptions;
  #socket: WebSocket | undefined;
  #ready = false;
  #wanted = false;
  /** Counts openings and closings, so that an attempt can tell that it was overtaken. */
  #turn = 0;
  #failures = 0;
  #retry: number | undefined;
  #keepalive: number | undefined;
  #redirected: string | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get ready(): boolean {
    return this.#ready;
  }

  open(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#failures = 0;
    void this.#connect();
  }

  close(): void {
    this.#wanted = false;
    this.#end();
  }

  send(frame: object): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  async #connect(): Promise<void> {
    this.#end();
    const turn = this.#turn;
    try {
      const host = this.#redirected ?? (await this.#options.where());
      if (turn !== this.#turn) return;
      this.#redirected = undefined;
      this.#listen(new WebSocket(`${baseUrl(host, 'ws')}/visitorws`));
    } catch (error) {
      if (turn === this.#turn) this.#failed(Failure.of(error));
    }
  }

  #listen(socket: WebSocket): void {
    this.#socket = socket;
    socket.onopen = () => this.send(this.#options.hello());
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(String(data)));
    socket.onclose = ({ code }) =>
      this.#failed(new Failure(code === policyViolation ? 'authorization' : 'connection'));
  }

  #receive(frame: Frame & { keepalive?: number; direct?: string }): void {
    const kind = frame.mtype ?? frame.type ?? '';
    if (kind === 'connected') this.#connected(frame.keepalive ?? 30);
    else if (kind === 'redirect')
      this.#redirect(frame.direct ?? (Object(frame.data) as { direct?: string }).direct);
    else if (kind === 'serverclose') this.#retryLater();
    else if (kind === 'scaledown') void this.#connect();
    else this.#options.onframe(kind, frame.data);
  }

  #connected(keepalive: number): void {
    this.#ready = true;
    this.#failures = 0;
    this.#keepalive = window.setInterval(() => this.send({ type: 'k' }), keepalive * 1000);
    this.#options.onready();
  }

  #redirect(host: string | undefined): void {
    this.#redirected = host;
    this.#retryLater();
  }

  #failed(failure: Failure): void {
    this.#options.onfail(failure);
    if (failure.passes && this.#wanted) this.#retryLater();
    else this.close();
  }

  #retryLater(): void {
    this.#end();
    this.#failures += 1;
    this.#retry = window.setTimeout(() => void this.#connect(), this.#failures <= 3 ? 5_000 : 60_000);
  }

  #end(): void {
    this.#turn += 1;
    this.#ready = false;
    window.clearTimeout(this.#retry);
    window.clearInterval(this.#keepalive);
    if (!this.#socket) return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#socket = undefined;
  }
}
