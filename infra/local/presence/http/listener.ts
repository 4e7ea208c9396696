import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

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
    this.#server.listen(port, '127.0.0.1');
    try {
      await once(this.#server, 'listening');
    } catch (cause) {
      throw new Error(`Port ${port} is not to be had for ${this.#purpose}: ${reason(cause)}`, { cause });
    }
    this.#port = (this.#server.address() as AddressInfo).port; // a server on TCP has no other kind of address
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

function reason(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EADDRINUSE') return 'it is taken';
  return code === 'EACCES' ? 'this user may not open it' : String(cause);
}
