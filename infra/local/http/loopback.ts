import { once } from 'node:events';
import type { Server } from 'node:http';

/**
 * Whether a `Host` header names this machine. A page on the internet can let its own name resolve to 127.0.0.1 and
 * then call what listens there (DNS rebinding); the name still stands in this header.
 */
export function isLoopbackHost(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i.test(host ?? '');
}

/** Listens on 127.0.0.1 (port 0: any that is free) and gives the base address. Throws when the port is taken. */
export async function listen(server: Server, port: number, purpose: string): Promise<string> {
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new Error(`Port ${port} is not to be had for ${purpose}: ${reason(cause)}`, { cause });
  }
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error(`${purpose} does not listen on TCP.`);
  return `http://127.0.0.1:${address.port}`;
}

/** Ends all connections, those in the middle of an answer included. */
export async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

function reason(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EADDRINUSE') return 'it is taken';
  return code === 'EACCES' ? 'this user may not open it' : String(cause);
}
