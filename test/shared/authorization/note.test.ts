import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refreshFailureNames } from '../../../shared/authorization/metrics.ts';
import {
  type FailureNote,
  passes,
  pauseMs,
  readNote,
  writeNote,
} from '../../../shared/authorization/note.ts';

const at = Date.parse('2026-03-12T20:00:00.123Z');
const note: FailureNote = {
  version: 'v-1',
  credentials: 'v-2',
  failure: 'authorization-refused',
  reason: 'the Authorization API answered 401',
  failures: 3,
  lasting: 2,
  at,
  until: at + 240_000,
};

describe('a note', () => {
  test('tells a person who looks at the secret what happened, and when it is tried again', () => {
    expect(JSON.parse(writeNote(note))).toEqual({
      version: 'v-1',
      credentials: 'v-2',
      failure: 'authorization-refused',
      reason: 'the Authorization API answered 401',
      failures: 3,
      lasting: 2,
      at: '2026-03-12T20:00:00.123Z',
      until: '2026-03-12T20:04:00.123Z',
    });
  });

  test('is read as it was written', () => {
    const time = fc.integer({ min: 0, max: Date.parse('9999-12-31T23:59:59.999Z') });
    const anyNote = fc.record({
      version: fc.option(fc.string(), { nil: undefined }),
      credentials: fc.option(fc.string(), { nil: undefined }),
      failure: fc.constantFrom(...refreshFailureNames),
      reason: fc.string({ unit: 'grapheme' }),
      failures: fc.integer({ min: 1 }),
      lasting: fc.option(fc.nat(), { nil: undefined }),
      at: time,
      until: time,
    });
    fc.assert(
      fc.property(anyNote, (given) => {
        expect(readNote(writeNote(given))).toEqual(given);
      }),
    );
  });

  const written = JSON.parse(writeNote(note));
  test.for([
    { failure: 'bad-luck' },
    { failures: 0 },
    { failures: 1.5 },
    { failures: '1' },
    { lasting: -1 },
    { lasting: 0.5 },
    { lasting: '1' },
    { at: at },
    { until: undefined },
    { until: '2026-03-12' },
    { until: '2026-03-12T20:04:00' },
    { reason: undefined },
    { version: 7 },
  ])('with %j is none', (spoilt) => {
    expect(readNote(JSON.stringify({ ...written, ...spoilt }))).toBeUndefined();
  });

  test('of an earlier release, which did not count what lasts, is still one', () => {
    const { lasting, ...earlier } = note;
    const { lasting: _, ...earlierText } = written;
    expect(readNote(JSON.stringify(earlierText))).toEqual(earlier);
  });

  test('of a later release, with more in it, is still one', () => {
    expect(readNote(JSON.stringify({ ...written, since: 'yesterday' }))).toEqual(note);
  });

  test('is not found in just any text, and what is found has times that can be compared', () => {
    const key = fc.constantFrom(...Object.keys(written));
    const odd = fc.oneof(
      fc.json().map(parsed),
      fc.date().map(String),
      fc.constantFrom('+275760-09-13T00:00:00Z'),
    );
    const near = fc
      .dictionary(key, odd, { maxKeys: 2 })
      .map((spoilt) => JSON.stringify({ ...written, ...spoilt }));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), near), (text) => {
        const found = readNote(text);
        if (!found) return;
        expect([Number.isFinite(found.at), Number.isFinite(found.until)]).toEqual([true, true]);
        expect(refreshFailureNames).toContain(found.failure);
        expect(found.failures).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    );
  });

  function parsed(text: string): unknown {
    return JSON.parse(text);
  }
});

describe('the pause after failures', () => {
  const minutes = (failure: FailureNote['failure'], count: number) =>
    Array.from({ length: count }, (_, index) => pauseMs(failure, index + 1) / 60_000);

  test.for(['authorization-unavailable', 'authorization-invalid', 'token-untried'] as const)(
    'is seconds at first after %s, which passes, five minutes at most for long, and a quarter of an hour in the end',
    (failure) => {
      expect(passes(failure)).toBe(true);
      const pauses = [0.25, 0.5, 1, 2, 4, ...Array(25).fill(5), ...Array(20).fill(15)];
      expect(minutes(failure, 50)).toEqual(pauses);
      expect(pauseMs(failure, 1e9)).toBe(15 * 60_000);
    },
  );

  test.for([
    'no-credentials',
    'bad-credentials',
    'authorization-refused',
    'token-refused',
    'token-not-stored',
  ] as const)(
    'is a minute at first after %s, which somebody has to mend, and never more than an hour',
    (failure) => {
      expect(passes(failure)).toBe(false);
      expect(minutes(failure, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    },
  );

  test('never shrinks, however often it fails', () => {
    const times = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER - 1 });
    fc.assert(
      fc.property(fc.constantFrom(...refreshFailureNames), times, (failure, failures) => {
        expect(pauseMs(failure, failures + 1)).toBeGreaterThanOrEqual(pauseMs(failure, failures));
        expect(pauseMs(failure, failures)).toBeLessThanOrEqual(3_600_000);
      }),
    );
  });
});
