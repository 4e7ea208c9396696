import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Utf8Check } from '../../../../shared/snapshots/scan/utf8-check.ts';
import { cuts, inPieces } from './answers.ts';

/** Bytes that begin, continue or break characters. */
const part = fc.oneof(
  fc.constantFrom('a', 'ä', '€', '👍', '\u{10ffff}').map((text) => [...Buffer.from(text)]),
  fc.constantFrom(
    [0x80],
    [0xbf],
    [0xc0, 0x80],
    [0xc3],
    [0xe2, 0x82],
    [0xed, 0xa0, 0x80],
    [0xf0, 0x9f],
    [0xff],
  ),
);
const characters = fc.constantFrom('a', 'ä', '€', '👍').map((text) => [...Buffer.from(text)]);

test.for([
  ['damaged or not', fc.array(part, { maxLength: 6 })],
  ['valid', fc.array(characters)],
] as const)('text that is %s is judged as a whole, wherever it is cut', ([, parts]) => {
  fc.assert(
    fc.property(parts, cuts, (given, lengths) => {
      const bytes = Buffer.from(given.flat());
      const check = new Utf8Check();
      const isValid = inPieces(bytes, lengths).every((piece) => check.push(piece)) && check.isWhole();
      expect(isValid).toBe(isUtf8(bytes));
    }),
    { numRuns: 1_000 },
  );
});
