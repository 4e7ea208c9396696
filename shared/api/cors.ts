import type { APIGatewayProxyEvent } from 'aws-lambda';
import { headerValues } from './header-values.ts';
import type { HttpAnswer } from './problem.ts';

/** What a page of another origin may read of an answer, beside its body. */
const exposedHeaders = ['allow', 'location', 'retry-after', 'x-amzn-requestid'];

/** What a page of another origin may send: a signature for AWS (SigV4), the type of its body, what the relay adds. */
const preflightHeaders = [
  'authorization',
  'content-type',
  'idempotency-key',
  'ttl',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-security-token',
];

/** Chromium remembers a preflight no longer; Firefox would for a day. In seconds. */
const preflightMaxAge = 7200;

/**
 * What every preflight for a path with these methods (`GET, DELETE`) is told, with status 204. Whether the page may call stands beside
 * it: its origin in `access-control-allow-origin`, if it is configured. https://fetch.spec.whatwg.org/#http-responses
 */
export function preflightAnswer(methods: string): Record<string, string> {
  return {
    'access-control-allow-methods': methods,
    'access-control-allow-headers': preflightHeaders.join(', '),
    'access-control-max-age': String(preflightMaxAge),
    vary: 'origin',
  };
}

/** What a gateway says by itself holds nothing private, so a page of any origin may read it. */
export const anyOrigin = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': exposedHeaders.join(', '),
} as const;

/** Lets a page of one of the configured origins read the answer. */
export function forOrigin<A extends Pick<HttpAnswer, 'headers'>>(
  answer: A,
  event: APIGatewayProxyEvent,
  origins: readonly string[],
): A {
  if (origins.length === 0) return answer;
  const origin = headerValues(event, 'origin').at(-1) ?? '';
  const allowed = origins.includes(origin) && {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': exposedHeaders.join(', '),
  };
  return { ...answer, headers: { ...answer.headers, vary: 'origin', ...allowed } };
}
