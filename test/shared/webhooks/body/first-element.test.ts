import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstElement, isArray } from '../../../../shared/webhooks/body/first-element.ts';

const first = (json: string) => firstElement(Buffer.from(json))?.toString();
const white = fc.string({ unit: fc.constantFrom(' ', '\t', '\r', '\n'), maxLength: 3 });

describe('the first element', () => {
  test('is the very text of it, whatever else is in the array and however it is written', () => {
    const indent = fc.constantFrom(0, 1, 4);
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { minLength: 1 }),
        indent,
        fc.array(white, { minLength: 4, maxLength: 4 }),
        (values, spaces, [before, after, around, end]) => {
          const texts = values.map((value) => JSON.stringify(value, null, spaces));
          const json = `${before}[${after}${texts.join(`${around},${around}`)}${around}]${end}`;
          expect(first(json)).toBe(texts[0]);
        },
      ),
      { numRuns: 500 },
    );
  });

  test.for([
    ['["a,b]","c"]', '"a,b]"'],
    ['["\\"],[",1]', '"\\"],["'],
    ['["\\\\",1]', '"\\\\"'],
    ['[{"a":[1,{"b":"}"}]},2]', '{"a":[1,{"b":"}"}]}'],
    ['[[1,2],3]', '[1,2]'],
    ['[1.0]', '1.0'],
    ['["\\u00e9","é"]', '"\\u00e9"'],
    ['["é",1]', '"é"'],
  ] as const)('of %s is %s', ([json, element]) => {
    expect(first(json)).toBe(element);
  });

  test.for(['[]', ' [ \n ] ', '[', '["a', '["a\\', '[{"a":1', '[[1,2]', '[1', ''])(
    'of %j is not there',
    (json) => {
      expect(first(json)).toBeUndefined();
    },
  );

  test('of any bytes is a part of them, or is not there', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const array = Buffer.concat([Buffer.from('['), bytes]);
        const element = firstElement(array);
        expect(element === undefined || array.includes(element)).toBe(true);
      }),
    );
  });
});

test('JSON is told for an array or something else by where it begins', () => {
  fc.assert(
    fc.property(white, fc.jsonValue(), (before, value) => {
      const json = before + JSON.stringify(value);
      expect(isArray(Buffer.from(json))).toBe(Array.isArray(JSON.parse(json)));
    }),
  );
  expect(isArray(Buffer.alloc(0))).toBe(false);
});
