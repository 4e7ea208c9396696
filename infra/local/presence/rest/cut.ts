import type { ServerResponse } from 'node:http';
import type { Answer } from '../../http/answer.ts';
import { drained } from '../../http/send.ts';

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
