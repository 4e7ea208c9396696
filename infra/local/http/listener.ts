import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { listen } from './loopback.ts';

export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** An HTTP server on loopback that can go down, with all its connections, and come back on the same port. */
export class Listener {
  readonly #server;
  readonly #sockets = new Set<Socket>();
  readonly #purpose: string;
  #port = 0;

  constructor(purpose: string, onRequest: RequestListener, onUpgrade: UpgradeListener) {
    this.#purpose = purpose;
    this.#server = createServer(onRequest).on('upgrade', onUpgrade);
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  get port(): number {
    return this.#port;
  }

  get up(): boolean {
    return this.#server.listening;
  }

  /** 0: any free port. Rejects when the port is taken, saying which and by whom it was wanted. */
  async open(port = this.#port): Promise<void> {
    const url = await listen(this.#server, port, this.#purpose);
    this.#port = Number(new URL(url).port);
  }

  /** Refuses connections from now on, and ends those there are. */
  async close(): Promise<void> {
    if (!this.up) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
