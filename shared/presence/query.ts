import { Readable } from 'node:stream';
import { refuseInBandError } from './answers.ts';
import { PresenceError } from './errors.ts';

/** Glance's errors are shorter than this; so much of an answer is looked at before any of it is passed on. */
const lookBytes = 4_096;

/**
 * Looks at the start of an answer to `/query`, whose shape is not documented, and gives the whole back as it is.
 * Throws `PresenceError` if it is no JSON object or array, or is Glance's way of saying no with status 200.
 */
export async function openAnswer(body: Readable): Promise<Readable> {
  const pieces: AsyncIterator<Buffer, undefined> = body[Symbol.asyncIterator]();
  const start: Buffer[] = [];
  let size = 0;
  let ended = false;
  while (!ended && size < lookBytes) {
    const { value: piece } = await pieces.next();
    if (piece) {
      start.push(piece);
      size += piece.length;
    } else ended = true;
  }
  const text = Buffer.concat(start).toString('utf8');
  if (ended && text.trim() === '') return Readable.from([Buffer.from('{}')]);
  try {
    checkStart(text, ended);
  } catch (error) {
    body.destroy();
    throw error;
  }
  const whole = Readable.from(joined(start, pieces));
  // A reader who goes away before the first piece leaves `joined` unstarted, so it cannot end the request.
  whole.once('close', () => body.destroy());
  return whole;
}

function checkStart(text: string, isWhole: boolean): void {
  if (!/^\s*[[{]/.test(text) || (isWhole && !isJson(text)))
    throw new PresenceError('invalid-answer', 'the answer to query is not JSON');
  if (isWhole) refuseInBandError(text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function* joined(
  start: readonly Buffer[],
  rest: AsyncIterator<Buffer, undefined>,
): AsyncGenerator<Buffer> {
  yield* start;
  yield* { [Symbol.asyncIterator]: () => rest };
}
