import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  failureOf,
  readFind,
  readLookup,
  readRetryAfter,
  readSignal,
  refuseInBandError,
} from '../../../shared/presence/answers.ts';
import { PresenceError } from '../../../shared/presence/errors.ts';
import { failure, response } from './answers.ts';

describe('any text at all', () => {
  const name = fc.constantFrom(
    'err',
    'msg',
    'error',
    'type',
    'visitorfound',
    'direct',
    'directserver',
    'httpsport',
    'visitorid',
    'toString',
    '__proto__',
  );
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom({ toString: 1, valueOf: 1 }, [[]], 'visitornotpresent', 'authorization', 'redirect'),
  );
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.dictionary(name, value, { noNullPrototype: true }).map((object) => JSON.stringify(object)),
  );
  const status = fc.oneof(fc.constantFrom(200, 404, 500, 503), fc.integer({ min: 200, max: 599 }));

  test.for([
    ['readLookup', readLookup],
    ['readFind', readFind],
    ['readSignal', readSignal],
    ['refuseInBandError', ({ text }: { text: string }) => refuseInBandError(text)],
  ] as const)('is understood by %s or is a PresenceError', ([, read]) => {
    fc.assert(
      fc.property(text, status, (body, code) => {
        try {
          read(response(body, code));
        } catch (error) {
          expect(error).toBeInstanceOf(PresenceError);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

  test.for([
    ['readLookup', readLookup, `{"err":${deep},"msg":1}`],
    ['readFind', readFind, `{"visitorfound":true,"direct":"a.example","httpsport":${deep}}`],
    ['readFind', readFind, `{"visitorfound":${deep}}`],
    ['readSignal', readSignal, `{"error":${deep}}`],
  ] as const)('nested very deeply does not crash %s', ([, read, body]) => {
    try {
      read(response(body));
    } catch (error) {
      expect(error).toBeInstanceOf(PresenceError);
    }
  });

  test('leaves nothing of itself in the message of an error', () => {
    const word = fc.stringMatching(/^[A-Z0-9]{12,20}$/);
    fc.assert(
      fc.property(
        word,
        fc.constantFrom('err', 'error', 'msg', 'visitorfound'),
        status,
        (secret, key, code) => {
          const body = { err: 'x', msg: 'y', [key]: secret };
          for (const read of [readLookup, readFind, readSignal]) {
            for (const text of [JSON.stringify(body), secret, `{"${secret}":`]) {
              try {
                read(response(text, code));
              } catch (error) {
                expect(String(error)).not.toContain(secret);
              }
            }
          }
        },
      ),
    );
  });
});

describe('a status that is no answer', () => {
  test.for([
    [401, 'authorization'],
    [403, 'authorization'],
    [429, 'unavailable'],
    [502, 'unavailable'],
    [503, 'unavailable'],
    [504, 'unavailable'],
    [500, 'invalid-answer'],
    [400, 'invalid-answer'],
    [302, 'invalid-answer'],
    [204, 'invalid-answer'],
  ] as const)('%d means %s, and the message tells the status', ([status, code]) => {
    const error = failureOf({ status, headers: {} });
    expect(error.code).toBe(code);
    expect(error.message).toContain(String(status));
  });
});

describe('an error with status 200', () => {
  test('is one only where both err and msg stand', () => {
    for (const text of ['{"err":"busy"}', '{"msg":"busy"}', '{}', '[]', '', 'busy']) {
      expect(() => refuseInBandError(text)).not.toThrow();
    }
    expect(failure(() => refuseInBandError('{"err":"busy","msg":""}')).code).toBe('invalid-answer');
    expect(failure(() => refuseInBandError('{"err":"authorization","msg":""}')).code).toBe('authorization');
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-03-12T20:00:00Z');

  test.for([
    ['0', 0],
    ['120', 120],
    [' 7 ', 7],
    ['Thu, 12 Mar 2026 20:01:30 GMT', 90],
    ['Thu, 12 Mar 2026 19:00:00 GMT', 0],
  ] as const)('%j', ([value, seconds]) => {
    expect(readRetryAfter(value, now)).toBe(seconds);
  });

  test.for(['', 'soon', '-5', '1.5', '1e3', '12 seconds', '0x10'])('%j says nothing', (value) => {
    expect(readRetryAfter(value, now)).toBeUndefined();
  });

  test('none at all, and two that contradict each other, say nothing', () => {
    expect(readRetryAfter(undefined, now)).toBeUndefined();
    expect(readRetryAfter(['1', '2'], now)).toBeUndefined();
  });

  test('whatever text stands there, the result is a number of seconds from now on or nothing', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const seconds = readRetryAfter(value, now);
        expect(seconds === undefined || (Number.isInteger(seconds) && seconds >= 0)).toBe(true);
      }),
    );
  });
});
