import type { Readable } from 'node:stream';
import { type Prelude, prelude } from './answer.ts';

const delimiter = Buffer.alloc(8);

/** API Gateway looks for the delimiter in so many bytes. */
const maxBytes = 16 * 1024;

export interface StreamedAnswer {
  readonly head: Prelude;
  readonly body: AsyncIterable<Buffer>;
}

/** Waits for the prelude. Throws when there is none, it is malformed, or the stream errors before. */
export async function readPrelude(stream: Readable): Promise<StreamedAnswer> {
  const pieces: AsyncIterator<Buffer> = stream.iterator();
  let begin = Buffer.alloc(0);
  let end = -1;
  while (end < 0) {
    const { value, done } = await pieces.next();
    if (done || begin.length > maxBytes) {
      throw new Error('The function streams no prelude: write to HttpResponseStream.from(…) at least once.');
    }
    begin = Buffer.concat([begin, value]);
    end = begin.indexOf(delimiter);
  }
  const head = prelude.parse(JSON.parse(begin.toString('utf8', 0, end)));
  return { head, body: after(begin.subarray(end + delimiter.length), pieces) };
}

async function* after(first: Buffer, pieces: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* { [Symbol.asyncIterator]: () => pieces };
}
