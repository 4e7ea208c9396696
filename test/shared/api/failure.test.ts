import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { problemOf, reasonOf } from '../../../shared/api/failure.ts';
import { Problem } from '../../../shared/api/problem.ts';
import { PresenceError, type PresenceErrorCode } from '../../../shared/presence/errors.ts';
import { TransportError } from '../../../shared/presence/transport.ts';

describe('what a caller sees of a failure', () => {
  test.for<[PresenceErrorCode, string, number]>([
    ['authorization', 'upstream-authorization', 502],
    ['refused-server', 'upstream-invalid', 502],
    ['invalid-answer', 'upstream-invalid', 502],
    ['unavailable', 'upstream-unavailable', 503],
    ['timeout', 'upstream-timeout', 504],
    ['delivery-unknown', 'delivery-unknown', 504],
  ])('%s is %s', ([code, expected, status]) => {
    expect(problemOf(new PresenceError(code, 'x'))).toMatchObject({ code: expected, status });
  });

  test('an unavailable service always comes with a time to stay away', () => {
    const asked = new PresenceError('unavailable', 'busy', { retryAfterSeconds: 17 });
    expect(problemOf(asked).headers).toEqual({ 'retry-after': '17' });
    expect(problemOf(new PresenceError('unavailable', 'gone')).headers).toEqual({ 'retry-after': '5' });
    expect(problemOf(new PresenceError('timeout', 'late')).headers).toEqual({});
  });

  test('a refused server is named', () => {
    const error = new PresenceError('refused-server', 'the direct server pr1.acme.example is not allowed');
    expect(problemOf(error).message).toContain('pr1.acme.example');
  });

  test('nothing else of a failure is told', () => {
    for (const code of [
      'authorization',
      'invalid-answer',
      'unavailable',
      'timeout',
      'delivery-unknown',
    ] as const) {
      expect(problemOf(new PresenceError(code, 'secret glance-12345 is empty')).message).not.toContain(
        '12345',
      );
    }
  });

  test('a problem stays what it is', () => {
    const problem = new Problem('forbidden-group', 'no');
    expect(problemOf(problem)).toBe(problem);
  });

  test.for([[new TypeError('hunter2')], ['hunter2'], [undefined], [{ code: 'hunter2' }]])(
    'anything unforeseen (%s) is internal, and says nothing more',
    ([error]) => {
      const problem = problemOf(error);
      expect(problem).toMatchObject({ code: 'internal', status: 500, message: 'The relay failed.' });
    },
  );
});

describe('what the log says of a failure', () => {
  test('is the chain of its causes, with our own words', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED hunter2'), { code: 'ECONNREFUSED' });
    const transport = new TransportError('refused', { sent: false, cause: refused });
    const error = new PresenceError('unavailable', 'not reached', { cause: transport });
    expect(reasonOf(error)).toMatch(
      /^PresenceError: not reached <- TransportError: refused <- Error ECONNREFUSED at .+failure\.test/,
    );
  });

  test('of something that is no error is its kind', () => {
    expect([reasonOf('hunter2'), reasonOf(undefined), reasonOf({ a: 1 })]).toEqual([
      'string',
      'undefined',
      'object',
    ]);
  });

  test('ends, even where causes go round in a circle', () => {
    const error = new Error('a');
    error.cause = error;
    expect(reasonOf(error).split(' <- ').length).toBeLessThan(10);
  });

  test('holds nothing of a foreign message, which may repeat what it choked on', () => {
    const secret = fc.stringMatching(/^[A-Z]{10,20}$/);
    const message = fc.tuple(
      fc.constantFrom('', 'bad token ', 'x\n    at ', 'Error: x\n  at a (b:1:1)\n at '),
      secret,
    );
    const kinds = [Error, TypeError, SyntaxError, RangeError];
    fc.assert(
      fc.property(message, fc.constantFrom(...kinds), ([before, hidden], Kind) => {
        const error = new Kind(before + hidden);
        for (const shown of [error, new PresenceError('unavailable', 'ours', { cause: error })]) {
          expect(reasonOf(shown)).not.toContain(hidden);
        }
      }),
    );
  });

  test('holds nothing of a body that was no JSON', () => {
    try {
      JSON.parse('oops\n at hunter2');
    } catch (error) {
      expect(reasonOf(error)).not.toContain('hunter2');
    }
  });
});
