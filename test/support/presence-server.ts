import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { readPresenceAddress, type ServerAddress } from '../../shared/presence/address.ts';

/** A request as it stood on the wire. */
interface Arrived {
  readonly method: string;
  /** Path and query, still percent-encoded. */
  readonly url: string;
  readonly path: string;
  readonly token: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Reply = (response: ServerResponse, request: Arrived) => unknown;

/** What to answer at a path: one by one, the last of them again and again. */
export type Script = Readonly<Record<string, Reply | readonly Reply[]>>;

export interface PresenceServer extends AsyncDisposable {
  readonly port: number;
  readonly address: ServerAddress;
  readonly arrived: readonly Arrived[];
  /** Those at one path. */
  at(path: string): readonly Arrived[];
  /** How many connections were ever made. */
  readonly connections: number;
  /** How many of them stand. */
  readonly open: number;
}

/** A server on loopback that does what a test tells it, and remembers what reached it. */
export async function startPresenceServer(script: Script): Promise<PresenceServer> {
  const arrived: Arrived[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = await read(request);
    arrived.push(seen);
    const replies = [script[seen.path] ?? status(404)].flat();
    const turn = arrived.filter(({ path }) => path === seen.path).length - 1;
    const reply = replies[Math.min(turn, replies.length - 1)];
    await reply?.(response, seen);
  }

  const port = await listen(server);
  return {
    port,
    address: loopback(port),
    arrived,
    at: (path) => arrived.filter((request) => request.path === path),
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Starts on a free port of 127.0.0.1, the number of which it gives back. */
export async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export function loopback(port: number): ServerAddress {
  const address = readPresenceAddress(`http://127.0.0.1:${port}`);
  if (!address.checked) throw new Error(address.reason);
  return address;
}

/** A port at which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  return port;
}

async function read(request: IncomingMessage): Promise<Arrived> {
  const { method = '', url = '', headers } = request;
  const body = await textOf(request);
  const [path = ''] = url.split('?');
  return { method, url, path, token: headers.authorization?.replace('Bearer ', ''), headers, body };
}

export function json(
  body: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): Reply {
  return text(JSON.stringify(body), { status, headers });
}

export function text(
  body: string,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): Reply {
  return (response) => response.writeHead(status, headers).end(body);
}

export function status(code: number, headers: Record<string, string> = {}): Reply {
  return text('', { status: code, headers });
}

/** Takes the request and says nothing. */
export const silence: Reply = () => undefined;

/** Takes the request and breaks the connection. */
export const reset: Reply = (response) => response.socket?.resetAndDestroy();

/** Says how long the body will be, sends less, and closes. */
export const cutBody: Reply = (response) => {
  response.writeHead(200, { 'content-length': 100 }).write('{"visitor');
  setTimeout(() => response.destroy(), 20);
};

/** Closes in the middle of a chunked body. */
export const cutChunks: Reply = (response) => {
  response.writeHead(200).write('{"visitor');
  setTimeout(() => response.destroy(), 20);
};

/** Answers after so many milliseconds. */
export function later(ms: number, reply: Reply): Reply {
  return (response, request) => setTimeout(() => reply(response, request), ms);
}

/** The new documented shape of `/findvisitor`, for a visitor at this port of 127.0.0.1. */
export function foundAt(port: number, hostname = '127.0.0.1'): Reply {
  return json({
    ds: `${hostname}/0`,
    direct: `${hostname}:${port}`,
    directserver: hostname,
    tlsport: 5501,
    httpsport: port,
    visitorfound: true,
  });
}

export const notFound: Reply = json({ visitorfound: false });
