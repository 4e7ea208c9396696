import type { SignedRequest, signedFetch } from '../signed-fetch.ts';
import { answerOf, noAnswer, wordsOf } from './call.ts';
import type { Tell } from './step.ts';
import { WholeJson } from './whole-json.ts';

/** An answer to `/query` as it came, of which nothing is kept. */
export interface Counted {
  readonly status: number;
  /** `403 forbidden-group`. */
  readonly words: string;
  readonly bytes: number;
  readonly seconds: number;
  /** Until the first byte was there. */
  readonly firstSeconds: number;
  /** It ended cleanly, and is JSON from its first to its last byte. */
  readonly isWhole: boolean;
}

interface Counting {
  readonly signal: AbortSignal;
  readonly tell: Tell;
}

/** API Gateway ends a stream after 15 minutes. */
const limitMs = 16 * 60_000;

/** Calls `/query`, and counts what comes. Throws `CallTrouble` where nothing does, and what the signal is aborted with. */
export async function countQuery(
  fetching: (address: string, request: SignedRequest) => ReturnType<ReturnType<typeof signedFetch>>,
  address: string,
  { signal, tell }: Counting,
): Promise<Counted> {
  const begin = performance.now();
  const late = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const since = () => (performance.now() - begin) / 1_000;
  try {
    const response = await fetching(address, { signal: late });
    if (response.status !== 200) {
      const answer = answerOf(response, await response.text());
      return {
        status: answer.status,
        words: wordsOf(answer),
        bytes: 0,
        seconds: since(),
        firstSeconds: 0,
        isWhole: false,
      };
    }
    const counted = await countBody(response.body, since, tell);
    signal.throwIfAborted();
    return { status: 200, words: '200', ...counted };
  } catch (error) {
    signal.throwIfAborted();
    throw noAnswer(error);
  }
}

type Body = AsyncIterable<Uint8Array> | null;

/** What is broken off in the middle was there all the same. */
async function countBody(body: Body, since: () => number, tell: Tell) {
  const json = new WholeJson();
  let bytes = 0;
  let firstSeconds = 0;
  let isCut = false;
  try {
    for await (const piece of body ?? []) {
      if (bytes === 0) firstSeconds = since();
      bytes += piece.length;
      json.push(piece);
      tell(`${(bytes / 1_000_000).toFixed(1)} MB of /query`);
    }
  } catch {
    isCut = true;
  }
  return { bytes, seconds: since(), firstSeconds, isWhole: !isCut && json.isWhole };
}
