import fc from 'fast-check';
import { expect, test } from 'vitest';
import { flawText } from '../../../shared/runtime/flaws.ts';
import { headerSecret } from '../../../shared/webhooks/header-secret.ts';
import { textAt } from '../../../shared/webhooks/text-at.ts';
import { webhookRequest } from '../../support/webhook.ts';

const usual = { group: 12345, signal: () => null };
const key = 'correct-horse-battery-staple';
const source = headerSecret({ ...usual, header: 'X-Relay-Key' });
const bearer = headerSecret({ ...usual, header: 'Authorization', prefix: 'Bearer ' });

function verdict(given: string | string[], keys = [key], header = 'x-relay-key') {
  const one = header === 'x-relay-key' ? source : bearer;
  return one.authenticate(webhookRequest({ headers: { [header]: given } }), { keys }, 0);
}

test('a request with the secret is authentic, whichever of the keys it is', () => {
  expect(verdict(key)).toBe('authentic');
  expect(verdict(key, ['the-key-before-this-one', key])).toBe('authentic');
});

test('without it, with another one, or with two there is no way in', () => {
  expect(source.authenticate(webhookRequest({}), { keys: [key] }, 0)).toBe('missing');
  expect(verdict(' ')).toBe('missing');
  expect(verdict(`${key}x`)).toBe('mismatch');
  expect(verdict(`${key}, ${key}`)).toBe('mismatch');
  expect(verdict([key, key])).toBe('malformed');
  expect(verdict(key, [])).toBe('mismatch');
});

test('a bearer token is one with its scheme, and not without', () => {
  expect(verdict(`Bearer ${key}`, [key], 'authorization')).toBe('authentic');
  expect(verdict(key, [key], 'authorization')).toBe('mismatch');
  expect(verdict(`Basic ${key}`, [key], 'authorization')).toBe('mismatch');
});

test('nothing else is a secret, and nothing is thrown', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (values) => {
      expect(verdict(values)).not.toBe('authentic');
      expect(verdict(values, [key], 'authorization')).not.toBe('authentic');
    }),
  );
});

test('JSON, a list and a form are read alike', () => {
  const id = (body: unknown) => textAt(body, 'id');
  const type = (body: unknown) => textAt(body, 'kind');
  const typed = headerSecret({ ...usual, header: 'x-relay-key', id, type });
  const read = (body: string, contentType: string) =>
    typed.read(webhookRequest({ body, headers: { 'content-type': contentType } })).events;
  const one = { key: 'e-1', type: 'ticket', event: { body: { id: 'e-1', kind: 'ticket' } } };
  expect(read('{"id":"e-1","kind":"ticket"}', 'APPLICATION/JSON')).toEqual([one]);
  expect(read('[{"id":"e-1","kind":"ticket"}]', 'application/json')).toEqual([one]);
  expect(read('id=e-1&kind=ticket', 'application/x-www-form-urlencoded')).toEqual([one]);
});

test('without an id the body is the key for five minutes', () => {
  const [one, same, other] = ['{"a":1}', '{"a":1}', '{"a":2}'].map(
    (body) => source.read(webhookRequest({ body })).events[0],
  );
  expect(one?.keySeconds).toBe(300);
  expect(one?.key).toBe(same?.key);
  expect(one?.key).not.toBe(other?.key);
});

test('its mistakes are named', () => {
  expect(headerSecret({ ...usual, header: 'x key', prefix: 'Bearer  ' }).flaws.map(flawText)).toEqual([
    'header: must be the name of a header',
    'prefix: must be 1 to 50 ASCII characters, and one space at most after them',
  ]);
  expect(source.lists.keys?.flaw?.('short')).toBe('must have at least 16 characters');
});

test('it says that there is no replay protection', () => {
  expect(source).toMatchObject({
    kind: 'header-secret',
    hasReplayProtection: false,
    signsUrl: false,
    flaws: [],
  });
});
