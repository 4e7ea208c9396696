import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { Problem, problemAnswer } from '../../../shared/api/problem.ts';

/** Answers what is no HTTP request at all, and closes. */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const requestId = randomUUID();
  const { headers, body } = problemAnswer(
    new Problem('invalid-request', 'This is not an HTTP request.'),
    requestId,
  );
  const fields = {
    ...headers,
    'x-amzn-requestid': requestId,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 400 Bad Request\r\n${head.join('')}\r\n${body}`);
}
