import fc from 'fast-check';
import { expect, test } from 'vitest';
import { groupId, isStrictVisitorId, type VisitorId, visitorId } from '../../../shared/presence/ids.ts';

test.for(['1', '12345', '007', '9'.repeat(19)])('%s is a group id', (id) => {
  expect(groupId.safeParse(id).success).toBe(true);
});

test.for(['', ' 1', '1\n', '-1', '1.0', '1e3', '١٢', 'abc', '9'.repeat(20), 12345, null, undefined])(
  '%j is no group id',
  (id) => {
    expect(groupId.safeParse(id).success).toBe(false);
  },
);

test.for(['a', 'ada.lovelace', 'UNQ-123456', '~', '...', '.a', 'x'.repeat(100), 'undefined'])(
  '%s is a visitor id',
  (id) => {
    expect(visitorId.safeParse(id).success).toBe(true);
  },
);

test.for(['', '.', '..', 'a b', 'a/b', 'a&b', 'a%20', 'é', 'a\n', 'x'.repeat(101), 7, null])(
  '%j is no visitor id',
  (id) => {
    expect(visitorId.safeParse(id).success).toBe(false);
  },
);

test('whatever is a visitor id stands in an address as it is', () => {
  const near = fc.oneof(fc.string({ maxLength: 101 }), fc.stringMatching(/^[A-Za-z0-9._~-]{1,100}$/));
  fc.assert(
    fc.property(near, (id) => {
      if (!visitorId.safeParse(id).success) return;
      expect(encodeURIComponent(id)).toBe(id);
      expect(new URL(`http://h/?visitorid=${id}`).searchParams.get('visitorid')).toBe(id);
    }),
  );
});

test('the strict form is what all the Glance pages agree on', () => {
  const isStrict = (id: string) => isStrictVisitorId(id as VisitorId);
  expect(['Ada_1-2', 'x'.repeat(50)].map(isStrict)).toEqual([true, true]);
  expect(['a.b', 'a~b', 'x'.repeat(51), 'a\n'].map(isStrict)).toEqual([false, false, false, false]);
});
