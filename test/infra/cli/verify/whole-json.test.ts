import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WholeJson } from '../../../../infra/cli/verify/whole-json.ts';

function isWhole(...pieces: readonly Uint8Array[]): boolean {
  const json = new WholeJson();
  for (const piece of pieces) json.push(piece);
  return json.isWhole;
}

const documents = fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()));

test('Every object and array is whole, in whatever pieces it comes', () => {
  fc.assert(
    fc.property(documents, fc.nat(), fc.integer({ min: 0, max: 2 }), (value, at, indent) => {
      const bytes = Buffer.from(`${JSON.stringify(value, undefined, indent)}\n`);
      const cut = at % bytes.length;
      return isWhole(bytes.subarray(0, cut), bytes.subarray(cut));
    }),
  );
});

test('What was cut off anywhere is not', () => {
  fc.assert(
    fc.property(documents, fc.nat(), (value, at) => {
      const bytes = Buffer.from(JSON.stringify(value));
      return !isWhole(bytes.subarray(0, at % bytes.length));
    }),
  );
});

test.each(['', ' ', 'null', '"text"', '{}{}', '[1] 2', '{"a":1]', ']', 'x{}', '{"a":"}', '{"a":"\\"}'])(
  '%s is no whole object or array',
  (text) => {
    expect(isWhole(Buffer.from(text))).toBe(false);
  },
);
