import * as z from 'zod/mini';
import type { SignedRequest, signedFetch } from '../signed-fetch.ts';

/** No answer of the relay came. */
export class CallTrouble extends Error {
  override readonly name = 'CallTrouble';
}

/** What of an answer is looked at. */
export interface Answer {
  readonly status: number;
  readonly isProblem: boolean;
  /** Of a problem that the contract knows. */
  readonly code: string | undefined;
  readonly text: string;
}

/** So long API Gateway may take to answer, and a little more. */
const limitMs = 35_000;
const problem = z.object({ code: z.string().check(z.regex(/^[a-z-]{1,40}$/)) });

/** A call, with its whole answer. Throws `CallTrouble`, and what the signal is aborted with. */
export async function call(
  fetching: ReturnType<typeof signedFetch>,
  address: string,
  { signal, ...request }: SignedRequest & { readonly signal: AbortSignal },
): Promise<Answer> {
  try {
    const late = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    const response = await fetching(address, { ...request, signal: late });
    return answerOf(response, await response.text());
  } catch (cause) {
    signal.throwIfAborted();
    throw noAnswer(cause);
  }
}

export function answerOf({ status, headers }: Pick<Response, 'status' | 'headers'>, text: string): Answer {
  const isProblem = /^application\/problem\+json\b/.test(headers.get('content-type') ?? '');
  return { status, isProblem, code: codeIn(text), text };
}

/** As it is told: `401 unauthenticated`. */
export function wordsOf({ status, code }: Answer): string {
  return code === undefined ? String(status) : `${status} ${code}`;
}

/** Node tells the reason in the cause. */
export function noAnswer(error: unknown): CallTrouble {
  const { name, code } = namesOf(
    error instanceof Error && error.cause instanceof Error ? error.cause : error,
  );
  return new CallTrouble(`the relay gave no answer (${code ?? name})`, { cause: error });
}

function namesOf(error: unknown): { name: string; code?: string } {
  if (!(error instanceof Error)) return { name: 'unknown error' };
  const { name } = error;
  return 'code' in error && typeof error.code === 'string' ? { name, code: error.code } : { name };
}

function codeIn(text: string): string | undefined {
  try {
    return problem.safeParse(JSON.parse(text)).data?.code;
  } catch {
    return undefined;
  }
}
