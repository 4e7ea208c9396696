import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromRfc3339 } from '../../../../shared/webhooks/proof/rfc3339.ts';

test.for([
  ['1985-04-12T23:20:50.52Z', 482196050520],
  ['1996-12-19T16:39:57-08:00', 851042397000],
  ['1937-01-01T12:00:27.87+00:20', -1041337172130],
  ['2024-02-29T00:00:00Z', 1709164800000],
] as const)('%s is a time', ([text, ms]) => {
  expect(fromRfc3339(text)).toBe(ms);
});

test.for([
  '2021-03-25',
  '2021-03-25T05:09:27',
  '2021-03-25 05:09:27Z',
  '2021-13-25T05:09:27Z',
  '2021-02-30T05:09:27Z',
  '2023-02-29T00:00:00Z',
  '2021-03-25T05:09:27+24:00',
  '2021-03-25T05:09:27Z ',
  'Thu, 25 Mar 2021 05:09:27 GMT',
  '1616648967',
  '',
])('"%s" is none', (text) => {
  expect(fromRfc3339(text)).toBeUndefined();
});

test('every time comes out as it was written', () => {
  const range = { min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true };
  fc.assert(
    fc.property(fc.date(range), (date) => {
      expect(fromRfc3339(date.toISOString())).toBe(date.getTime());
    }),
  );
});
