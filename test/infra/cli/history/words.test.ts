import fc from 'fast-check';
import { expect, test } from 'vitest';
import { harmless, size, time } from '../../../../infra/cli/history/words.ts';

test('what a visitor says can do nothing to a terminal, and stays within its room', () => {
  expect(harmless('/a\u001b[31m\u0007\r\nb\u202ec\u2028d\ud800\u009b1m', 100)).toBe(
    '/a\u{FFFD}[31m\u{FFFD}\u{FFFD}\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FFFD}\u{FFFD}1m',
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
      const shown = harmless(text, 50);
      expect(shown).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      expect(Array.from(shown).length).toBeLessThanOrEqual(50);
    }),
  );
});

test('what is harmless and short enough stays as it is', () => {
  expect(harmless('shop.example/grüße/日本/😀', 30)).toBe('shop.example/grüße/日本/😀');
  expect(harmless('abcdef', 5)).toBe('abcd…');
});

test.for([
  [0, '0 bytes'],
  [1_023, '1,023 bytes'],
  [1_024, '1 KiB'],
  [1_258_291, '1.2 MiB'],
  [5 * 2 ** 40, '5 TiB'],
  [5_000 * 2 ** 40, '5,000 TiB'],
] as const)('%d bytes are %s', ([bytes, text]) => {
  expect(size(bytes)).toBe(text);
});

test('times are told in UTC, with seconds where there are any', () => {
  expect(time(Date.parse('2026-11-22T12:05:00Z'))).toBe('2026-11-22 12:05');
  expect(time(Date.parse('2026-11-22T12:05:07Z'))).toBe('2026-11-22 12:05:07');
});
