import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placeOf, pointerForm, removeAt } from '../../../../shared/webhooks/body/pointer.ts';
import { textAt } from '../../../../shared/webhooks/text-at.ts';

/** The example of RFC 6901, as far as its values are no objects, and the empty pointer is left aside. */
const example = {
  foo: ['bar', 'baz'],
  '': 0,
  'a/b': 1,
  'c%d': 2,
  'e^f': 3,
  'g|h': 4,
  'i\\j': 5,
  'k"l': 6,
  ' ': 7,
  'm~n': 8,
};

test.for([
  ['/foo/0', 'bar'],
  ['/', '0'],
  ['/a~1b', '1'],
  ['/c%d', '2'],
  ['/e^f', '3'],
  ['/g|h', '4'],
  ['/i\\j', '5'],
  ['/k"l', '6'],
  ['/ ', '7'],
  ['/m~0n', '8'],
  ['/foo/2', undefined],
  ['/foo/length', '2'],
  ['/bar/0', undefined],
] as const)('%s is where RFC 6901 says', ([pointer, found]) => {
  expect(pointer).toMatch(pointerForm);
  expect(textAt(example, ...placeOf(pointer))).toBe(found);
});

test.for(['', 'token', 'a/b', '/a~2b', '/a~', '#/token'])('"%s" is no pointer', (text) => {
  expect(text).not.toMatch(pointerForm);
});

test('what is taken away is gone, and all else stays', () => {
  const body = { token: 'secret', list: [{ token: 'one' }, { token: 'two', id: 7 }] };
  removeAt(body, ['token']);
  removeAt(body, ['list', '1', 'token']);
  removeAt(body, ['list', '5', 'token']);
  removeAt(body, ['nowhere']);
  expect(body).toEqual({ list: [{ token: 'one' }, { id: 7 }] });
});

test('any place of any JSON can be taken away, or is not there', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.array(fc.string()), (json, place) => {
      const before = JSON.stringify(json);
      removeAt(json, place);
      expect(textAt(json, ...place, 'x')).toBeUndefined();
      if (place.length === 0) expect(JSON.stringify(json)).toBe(before);
    }),
  );
});
