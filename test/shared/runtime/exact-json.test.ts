import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseExactly } from '../../../shared/runtime/exact-json.ts';

test.for(['12345678901234567890', '1.10', '1e3', '-0', '0.1000', '[{"id":9007199254740993}]'])(
  '%s leaves as it came',
  (text) => {
    expect(JSON.stringify(parseExactly(text))).toBe(text);
  },
);

test('any number of any length leaves with all of its digits, however deep it lies', () => {
  const number = fc.stringMatching(/^-?(0|[1-9]\d{0,40})(\.\d{1,20})?$/);
  fc.assert(
    fc.property(number, fc.string(), (digits, name) => {
      const text = `{${JSON.stringify(name)}:[${digits}]}`;
      expect(JSON.stringify(parseExactly(text))).toBe(text);
    }),
  );
});

test('what is no number is read as ever', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(JSON.stringify(parseExactly(text))).toBe(text);
      expect(parseExactly('{"a":[1,"2",true,null]}')).toEqual({ a: [1, '2', true, null] });
    }),
  );
});

test('what is no JSON throws', () => {
  expect(() => parseExactly('{"a":')).toThrow(SyntaxError);
});
