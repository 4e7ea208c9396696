import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { visitorDigest } from '../../../shared/snapshots/visitor-digest.ts';

test('a digest is what anybody with the key can make by HMAC-SHA256', () => {
  const made = createHmac('sha256', 'key').update('["visitor","12345","ada"]').digest('hex');
  expect(visitorDigest('key', '12345')('ada')).toBe(made.slice(0, 32));
});

test('a digest stays what it was, since years of lines may hold it', () => {
  expect(visitorDigest('not-to-be-guessed', '12345')('ada')).toBe('523d98a3e2d153ef20d5d3d1092a7d4b');
});

test('it is 32 digits, the same for the same visitor of the same group with the same key, and else another', () => {
  const parts = fc.tuple(fc.string({ minLength: 1 }), fc.stringMatching(/^\d{1,19}$/), fc.string());
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      const [mine, others] = [one, other].map(([key, groupid, id]) => visitorDigest(key, groupid)(id));
      expect(mine).toMatch(/^[0-9a-f]{32}$/);
      expect(mine === others).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
  );
});

test('what stands in an id does not make it another group', () => {
  expect(visitorDigest('key', '1')('2","3')).not.toBe(visitorDigest('key', '1","2')('3'));
});
