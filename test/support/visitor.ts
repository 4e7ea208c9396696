import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import * as z from 'zod/mini';

export interface VisitorOptions {
  /** The load balancer of the Presence service, `http://127.0.0.1:…`. */
  readonly presenceUrl: string;
  readonly groupid: number;
  readonly visitorid: string;
  /** Presence data of this visitor's own. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly guesttoken?: string;
}

interface Message {
  readonly mtype: string;
  readonly data?: unknown;
}

export interface ConnectedVisitor extends AsyncDisposable {
  /** The server that the visitor connected to, `http://127.0.0.1:…`. */
  readonly server: string;
  /** Every signal and invoke until now. */
  readonly received: readonly Message[];
  /** The next one that nobody has asked for yet; rejects when none comes within so many milliseconds. */
  next(within?: number): Promise<Message>;
  /** Resolves when another device has taken over. */
  readonly blurred: Promise<void>;
  readonly closed: Promise<void>;
  send(frame: object): void;
  /** Resolves when the connection has ended. */
  close(): Promise<void>;
}

/** Becomes a visitor as a page does: asks where to connect, connects there, sends presence data. */
export async function connectVisitor(options: VisitorOptions): Promise<ConnectedVisitor> {
  const { groupid, visitorid, guesttoken, data } = options;
  const server = await whereToConnect(options);
  const socket = new WebSocket(`${server.replace('http', 'ws')}/visitorws`);
  const mailbox = new Mailbox(socket);
  await once(socket, 'open');
  const send = (frame: object) => socket.send(JSON.stringify(frame));
  send({ type: 'connect', groupid, visitorid, guesttoken, version: '6.33.0' });
  await mailbox.connected;
  send({
    type: 'presence',
    data: { url: 'https://shop.example/', browser: 'Chrome', browserver: '143', ...data },
  });
  await settled(socket);

  const close = async () => {
    socket.close();
    await mailbox.closed;
  };
  return {
    server,
    received: mailbox.received,
    next: (within = 5_000) => mailbox.next(within),
    blurred: mailbox.blurred,
    closed: mailbox.closed,
    send,
    close,
    [Symbol.asyncDispose]: close,
  };
}

const whereSchema = z.object({ directserver: z.string(), httpsport: z.number() });

async function whereToConnect({ presenceUrl, groupid, visitorid }: VisitorOptions): Promise<string> {
  const url = `${presenceUrl}/presence?groupid=${groupid}&visitorid=${encodeURIComponent(visitorid)}`;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  const { directserver, httpsport } = whereSchema.parse(await response.json());
  return `http://${directserver}:${httpsport}`;
}

/** The server answers a ping after everything that was sent before it. */
async function settled(socket: WebSocket): Promise<void> {
  socket.ping();
  await once(socket, 'pong');
}

const frameSchema = z.object({
  type: z.optional(z.string()),
  mtype: z.optional(z.string()),
  data: z.optional(z.unknown()),
});

class Mailbox {
  readonly received: Message[] = [];
  readonly connected: Promise<void>;
  readonly blurred: Promise<void>;
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  #taken = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    const connected = Promise.withResolvers<void>();
    const blurred = Promise.withResolvers<void>();
    this.connected = connected.promise;
    this.blurred = blurred.promise;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    this.connected.catch(() => undefined); // whoever waits for it hears of it
    socket.once('close', (_code, reason) => connected.reject(new Error(`Refused: ${reason}`)));
    socket.on('message', (raw) => {
      const { type, mtype, data } = frameSchema.parse(JSON.parse(raw.toString()));
      if (type === 'connected') connected.resolve();
      if (type === 'blur') blurred.resolve();
      if (mtype !== undefined) this.received.push({ mtype, data });
    });
  }

  async next(within: number): Promise<Message> {
    const deadline = sleep(within, 'late' as const, { ref: false });
    while (this.received.length <= this.#taken) {
      const event = await Promise.race([once(this.#socket, 'message'), deadline]);
      if (event === 'late') throw new Error(`No message came within ${within} ms`);
    }
    const message = this.received[this.#taken];
    this.#taken += 1;
    if (!message) throw new Error('The message is gone');
    return message;
  }
}
