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

export interface Cut {
  /** How much of the body is sent; by default half of it, of a long one 64 KiB. */
  readonly afterBytes?: number | undefined;
  /** `length` announces more than ever comes; `chunked` never sends the last chunk. */
  readonly framing?: 'length' | 'chunked' | undefined;
}

/** Sends the beginning of an answer, then ends the connection. */
export async function sendCut(response: ServerResponse, answer: Answer, cut: Cut): Promise<void> {
  if (response.destroyed) return;
  const { status, headers } = answer;
  const whole = typeof answer.body === 'string' ? Buffer.from(answer.body) : undefined;
  let left = cut.afterBytes ?? (whole ? whole.length >> 1 : 65_536);
  const announced = whole && left < whole.length ? whole.length : left + 1;
  const length = cut.framing === 'chunked' ? {} : { 'content-length': announced };
  response.writeHead(status, { ...headers, ...length }).flushHeaders();
  for (const piece of whole ? [whole] : answer.body) {
    const bytes = Buffer.from(piece).subarray(0, left);
    left -= bytes.length;
    if (!response.write(bytes) && !(await drained(response))) return;
    if (left <= 0) break;
  }
  // What was written has to leave this process before the connection goes.
  response.write('', () => response.socket?.end(() => response.destroy()));
}

/** False when the client went away instead of reading on. */
function drained(response: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve(!response.destroyed);
    };
    if (response.destroyed) resolve(false);
    else response.once('drain', done).once('close', done);
  });
}
