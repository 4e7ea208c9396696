import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isOrganizationId, widenSalesforceId } from '../../../../shared/webhooks/body/salesforce-id.ts';

/** Ids that stand in Salesforce's own documents and in public examples. */
const published = [
  '00DRM000000Fxts2AC',
  '0YLRM0000004Dfg4AE',
  '0010i0000046cD3AAI',
  '90630000000gy8oAAA',
  '001D000000IRFmaIAH',
  '001D000000INjVeIAL',
  '00D50000000IZ3ZEAW',
  '00550000001fg5OAAQ',
  '003D000000QOMqNIAX',
  '00Dx0000000BV7zEAG',
  '005x00000012Q9PAAU',
];

test.for(published)('%s is made of its first 15 characters, and is itself of 18', (id) => {
  expect(widenSalesforceId(id.slice(0, 15))).toBe(id);
  expect(widenSalesforceId(id)).toBe(id);
});

const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'];
const anyId = fc.string({ unit: fc.constantFrom(...letters), minLength: 15, maxLength: 15 });

describe('any 15 characters', () => {
  test('keep standing in front, and the three that follow tell which are capital letters', () => {
    fc.assert(
      fc.property(anyId, (id) => {
        const wide = widenSalesforceId(id) ?? '';
        expect(wide.slice(0, 15)).toBe(id);
        const told = [...wide.slice(15)].flatMap((digit) => {
          const bits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345'.indexOf(digit).toString(2).padStart(5, '0');
          return [...bits].reverse().map((bit) => bit === '1');
        });
        expect(told).toEqual([...id].map((character) => character !== character.toLowerCase()));
      }),
    );
  });

  test('that differ in the case of a letter are different ids, also of 18 characters and in one case', () => {
    fc.assert(
      fc.property(anyId, fc.nat(14), (id, at) => {
        const letter = id.charAt(at);
        const turned = letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase();
        fc.pre(turned !== letter);
        const other = id.slice(0, at) + turned + id.slice(at + 1);
        expect(widenSalesforceId(other)?.toLowerCase()).not.toBe(widenSalesforceId(id)?.toLowerCase());
      }),
    );
  });

  test('do not go with the last three of others', () => {
    fc.assert(
      fc.property(anyId, anyId, (id, other) => {
        const suffix = (widenSalesforceId(other) ?? '').slice(15);
        const fits = widenSalesforceId(id) === id + suffix;
        expect(widenSalesforceId(id + suffix)).toBe(fits ? id + suffix : undefined);
      }),
    );
  });
});

test.for([
  '',
  '00D',
  '00D50000000IZ3',
  '00D50000000IZ3ZE',
  '00D50000000IZ3ZEAWX',
  '00D5000000-IZ3Z',
  '00d50000000IZ3ZEAW',
])('%j is no id', (text) => {
  expect(widenSalesforceId(text)).toBeUndefined();
});

test('an organization begins with 00D, in this very case', () => {
  expect(isOrganizationId('00D50000000IZ3Z')).toBe(true);
  expect(isOrganizationId('00D50000000IZ3ZEAW')).toBe(true);
  expect(isOrganizationId('00550000001fg5O')).toBe(false);
  expect(isOrganizationId('00d50000000IZ3Z')).toBe(false);
});
