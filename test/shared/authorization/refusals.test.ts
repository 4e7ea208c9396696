import { describe, expect, test } from 'vitest';
import { refusalsAfter } from '../../../shared/authorization/refusals.ts';
import { jwt } from '../../support/tokens.ts';

const start = Date.parse('2026-03-12T20:00:00Z');
const minutes = 60_000;
const none = { count: undefined, notBefore: 0 };

function token(refusals?: number, life = 120 * minutes) {
  return { value: jwt(), issuedAt: start, expiresAt: start + life, refusals };
}

describe('a token that is asked to be replaced', () => {
  test.for([
    [undefined, { count: 1, notBefore: start }],
    [1, { count: 2, notBefore: start }],
    [2, { count: 3, notBefore: start + minutes }],
    [3, { count: 4, notBefore: start + 2 * minutes }],
    [7, { count: 8, notBefore: start + 32 * minutes }],
    [50, { count: 51, notBefore: start + 60 * minutes }],
  ] as const)('at once, after %j others that were, may be so ever later', ([refusals, expected]) => {
    expect(refusalsAfter(token(refusals), 'asked', start)).toEqual(expected);
  });

  test('is young for ten minutes after it may be replaced, and then one like any other', () => {
    expect(refusalsAfter(token(), 'asked', start + 10 * minutes - 1).count).toBe(1);
    expect(refusalsAfter(token(), 'asked', start + 10 * minutes)).toEqual(none);
    expect(refusalsAfter(token(3), 'asked', start + 12 * minutes - 1).count).toBe(4);
    expect(refusalsAfter(token(3), 'asked', start + 12 * minutes)).toEqual(none);
  });

  test('is young for a third of a short life', () => {
    const short = token(undefined, minutes);
    expect(refusalsAfter(short, 'asked', start + 20_000 - 1).count).toBe(1);
    expect(refusalsAfter(short, 'asked', start + 20_000)).toEqual(none);
  });
});

test('a schedule does not wait, and does not make anybody forget', () => {
  expect(refusalsAfter(token(5), 'schedule', start)).toEqual({ count: 5, notBefore: 0 });
  expect(refusalsAfter(token(), 'schedule', start)).toEqual(none);
});

test('an operator begins anew, and so does what was put by hand', () => {
  expect(refusalsAfter(token(5), 'operator', start)).toEqual(none);
  expect(refusalsAfter({ value: jwt(), expiresAt: undefined }, 'asked', start)).toEqual(none);
  expect(refusalsAfter(undefined, 'asked', start)).toEqual(none);
});
