import { describe, expect, test } from 'vitest';
import { forOrigin, preflightAnswer } from '../../../shared/api/cors.ts';
import { gatewayEvent } from '../../support/gateway-event.ts';

const answer = { statusCode: 200, headers: { 'content-type': 'application/json' }, body: '{}' };
const origins = ['https://desk.acme.example', 'http://localhost:5173'];

function headersFor(headers: Record<string, string> | null, of = origins) {
  return forOrigin(answer, gatewayEvent({ headers }), of).headers as Record<string, string>;
}

describe('an answer', () => {
  test('may be read by a page of a configured origin', () => {
    for (const origin of origins) {
      for (const name of ['Origin', 'origin']) {
        expect(headersFor({ [name]: origin })).toMatchObject({
          'content-type': 'application/json',
          'access-control-allow-origin': origin,
          vary: 'origin',
        });
      }
    }
  });

  test.for([
    'https://evil.example',
    'https://desk.acme.example.evil.example',
    'https://desk.acme.example:8443',
    'null',
    '',
  ])('may not be read by a page of %s', (origin) => {
    expect(headersFor({ Origin: origin })).toEqual({ ...answer.headers, vary: 'origin' });
  });

  test('to no page tells caches that it depends on the origin', () => {
    expect(headersFor(null)).toEqual({ ...answer.headers, vary: 'origin' });
  });

  test('says nothing of origins where none is configured', () => {
    expect(headersFor({ Origin: 'https://desk.acme.example' }, [])).toEqual(answer.headers);
  });
});

test('A page may read where a kept signal is told of, and when to come back', () => {
  const { 'access-control-expose-headers': exposed } = headersFor({ Origin: origins[0] ?? '' });
  expect(exposed).toBe('allow, location, retry-after, x-amzn-requestid');
});

test('A preflight learns the methods and what a call may send, and is remembered for two hours', () => {
  expect(preflightAnswer('GET, DELETE')).toEqual({
    'access-control-allow-methods': 'GET, DELETE',
    'access-control-allow-headers':
      'authorization, content-type, idempotency-key, ttl, x-amz-content-sha256, x-amz-date, x-amz-security-token',
    'access-control-max-age': '7200',
    vary: 'origin',
  });
});
