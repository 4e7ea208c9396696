import { PresenceError, type PresenceErrorCode } from '../presence/errors.ts';
import { Problem, type ProblemCode } from './problem.ts';

const problems: Record<PresenceErrorCode, { code: ProblemCode; detail: string }> = {
  authorization: {
    code: 'upstream-authorization',
    detail: 'There is no token of this group that the Presence service takes; the log of the relay says why.',
  },
  'refused-server': {
    code: 'upstream-invalid',
    detail:
      'The visitor’s server is at an address that is not allowed for this group; nothing was sent there.',
  },
  'invalid-answer': {
    code: 'upstream-invalid',
    detail: 'The answer of the Presence service could not be understood.',
  },
  unavailable: {
    code: 'upstream-unavailable',
    detail: 'The Presence service, or a token for it, is not to be had now. It is safe to try again.',
  },
  timeout: {
    code: 'upstream-timeout',
    detail: 'The Presence service did not answer in time. It is safe to try again.',
  },
  'delivery-unknown': {
    code: 'delivery-unknown',
    detail: 'The message was sent, but nothing confirms that it arrived. It is not sent again by itself.',
  },
};

/** Seconds to stay away where the service does not say. */
const defaultRetryAfter = 5;

/** The one place where a failure becomes what a caller sees. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (!(error instanceof PresenceError))
    return new Problem('internal', 'The relay failed.', { cause: error });
  const { code, detail } = problems[error.code];
  const retryAfter = String(error.retryAfterSeconds ?? defaultRetryAfter);
  const headers = code === 'upstream-unavailable' ? { 'retry-after': retryAfter } : {};
  const named = error.code === 'refused-server' ? `${detail.slice(0, -1)}: ${error.message}.` : detail;
  return new Problem(code, named, { headers, cause: error });
}

/**
 * What the log says of a failure: its chain of causes by name and code, with the message only where it is one of
 * ours, since a foreign message may repeat what it choked on.
 */
export function reasonOf(error: unknown): string {
  const parts: string[] = [];
  for (let cause = error; cause instanceof Error && parts.length < 6; cause = cause.cause)
    parts.push(describe(cause));
  return parts.join(' <- ') || typeof error;
}

const ours = new Set(['PresenceError', 'TransportError', 'EnvironmentError', 'Problem', 'AnswerTooLong']);

function describe(error: Error): string {
  if (ours.has(error.name)) return `${error.name}: ${error.message}`;
  const code = 'code' in error ? ` ${String(error.code)}` : '';
  const place = placeOf(error);
  return `${error.name}${code}${place && ` at ${place}`}`;
}

/** The topmost frame of the stack, which begins with the message; that may hold lines which look like frames. */
function placeOf({ stack = '', message }: Error): string {
  const frames = stack.includes(message) ? stack.slice(stack.indexOf(message) + message.length) : '';
  const [, place = ''] = /\n\s+at ([^\n]+:\d+:\d+\)?)(\n|$)/.exec(frames) ?? [];
  return place;
}
