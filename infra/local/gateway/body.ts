import type { IncomingMessage } from 'node:http';
import { Problem } from '../../../shared/api/problem.ts';

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html */
const maxBytes = 10 * 1024 * 1024;

/** The whole body, or null when there is none. Throws `payload-too-large` above 10 MB, having kept no more. */
export async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  if (Number(request.headers['content-length']) > maxBytes) throw tooLarge();
  const pieces: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop early must not destroy the connection: the answer goes back on it, the rest is let go.
  for await (const piece of request.iterator({ destroyOnReturn: false })) {
    bytes += piece.length;
    if (bytes > maxBytes) {
      request.resume();
      throw tooLarge();
    }
    pieces.push(piece);
  }
  return bytes > 0 ? Buffer.concat(pieces) : null;
}

function tooLarge(): Problem {
  return new Problem('payload-too-large', 'The body must be at most 10 MB.');
}
