import { expect, test } from 'vitest';
import { digestOf, headerValues, soleHeader } from '../../../shared/webhooks/request.ts';
import { webhookRequest } from '../../support/webhook.ts';

const request = webhookRequest({
  headers: { 'X-Once': '  one ', 'X-Twice': ['one', 'two'], 'X-Folded': 'one, two', 'X-Empty': '' },
});

test('a header is found under its name in any case, without the spaces around its value', () => {
  expect(soleHeader(request, 'x-once')).toBe('one');
  expect(soleHeader(request, 'X-ONCE')).toBe('one');
  expect(soleHeader(request, 'x-empty')).toBe('');
});

test('a header that came twice has no value that anybody may choose', () => {
  expect(soleHeader(request, 'x-twice')).toBeUndefined();
  expect(soleHeader(request, 'x-none')).toBeUndefined();
});

test('all values of a header are there for whoever asks for them, as they came', () => {
  expect(headerValues(request, 'X-Twice')).toEqual(['one', 'two']);
  expect(headerValues(request, 'X-Folded')).toEqual(['one, two']);
  expect(headerValues(request, 'X-Once')).toEqual(['  one ']);
  expect(headerValues(request, 'X-None')).toEqual([]);
});

test('a digest is the SHA-256 of the bytes, in letters that may stand anywhere', () => {
  const ofAbc = 'ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0';
  expect(digestOf('abc')).toBe(ofAbc);
  expect(digestOf(Buffer.from('abc'))).toBe(ofAbc);
  expect(digestOf(Buffer.of(0xff))).not.toBe(digestOf(Buffer.of(0xfe)));
});
