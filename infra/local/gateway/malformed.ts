import { randomUUID } from 'node:crypto';
import { maxHeaderSize, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { Problem } from '../../../shared/api/problem.ts';
import { ownAnswer } from './cors.ts';

/** How long a client that was refused may go on sending. */
const patienceMs = 2_000;

/** Answers what Node cannot read as an HTTP request, and closes. */
export function refuseMalformed(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  origins?: readonly string[],
): void {
  if (error.code === 'ECONNRESET') return void socket.destroy();
  // The rest of what was refused. To close before it is read would take the answer away from the client.
  if (!socket.writable) return;
  const { statusCode, headers, body } = ownAnswer(problemOf(error), randomUUID(), origins);
  const fields = {
    ...headers,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\n${head.join('')}\r\n${body}`);
  setTimeout(() => socket.destroy(), patienceMs).unref();
}

function problemOf({ code }: NodeJS.ErrnoException): Problem {
  if (code !== 'HPE_HEADER_OVERFLOW') {
    return new Problem('invalid-request', 'The relay cannot read this as an HTTP request.');
  }
  const most = `${maxHeaderSize / 1024} KB`;
  return new Problem(
    'payload-too-large',
    `The path, the query and the headers together must be at most ${most}.`,
  );
}
