import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { idText, objectOf, textOf } from '../../../../shared/webhooks/body/values.ts';

describe('an id', () => {
  test('is text, whether it came as text or as a number', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.string({ minLength: 1 }), (number, text) => {
        expect(idText.parse(number)).toBe(String(number));
        expect(idText.parse(text)).toBe(text);
      }),
    );
  });

  test.for(['', 1.5, Number.NaN, null, undefined, true, {}, ['1']])('is never %j', (value) => {
    expect(idText.safeParse(value).success).toBe(false);
  });
});

test.for([
  ['vis_1', 'vis_1'],
  ['', ''],
  [7, '7'],
  [true, undefined],
  [null, undefined],
  [undefined, undefined],
  [['vis_1'], undefined],
  [{}, undefined],
] as const)('the text of %j is %j', ([value, text]) => {
  expect(textOf(value)).toBe(text);
});

test('an object is itself, and anything else has nothing in it', () => {
  const object = { a: 1 };
  expect(objectOf(object)).toBe(object);
  for (const value of [null, undefined, [], ['a'], 'a', 7, true]) expect(objectOf(value)).toEqual({});
});
