import type { ServerResponse } from 'node:http';
import type { Answer } from './answer.ts';

/** Resolves when the answer is handed over, or when the client has gone. */
export async function send(response: ServerResponse, { status, headers, body }: Answer): Promise<void> {
  if (response.destroyed) return;
  if (typeof body === 'string') {
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
    return;
  }
  response.writeHead(status, headers);
  for (const piece of body) {
    if (!response.write(piece) && !(await drained(response))) return;
  }
  response.end();
}

/** False when the client went away instead of reading on. */
export function drained(response: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve(!response.destroyed);
    };
    if (response.destroyed) resolve(false);
    else response.once('drain', done).once('close', done);
  });
}
