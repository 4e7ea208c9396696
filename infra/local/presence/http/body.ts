import type { IncomingMessage } from 'node:http';
import { type Json, parseJson } from '../exact-json.ts';
import { badRequest, Refusal } from './refusal.ts';

const maxBytes = 1_048_576;

/** The request's body as JSON. Throws a Refusal when it is none, or above 1 MiB. */
export async function readJson(request: IncomingMessage): Promise<Json> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > maxBytes)
      throw new Refusal(413, 'badrequest', 'The body is above 1 MiB', { connection: 'close' });
    pieces.push(piece);
  }
  try {
    return parseJson(Buffer.concat(pieces).toString());
  } catch {
    throw badRequest('The body is not JSON');
  }
}
