import fc from 'fast-check';
import { expect, test } from 'vitest';
import { flawText } from '../../../shared/runtime/flaws.ts';
import { bodyToken } from '../../../shared/webhooks/body-token.ts';
import { webhookRequest } from '../../support/webhook.ts';

const usual = { group: 12345, signal: () => null };
const key = 'correct-horse-battery-staple';
const source = bodyToken({ ...usual, at: '/token' });

/** As Zoho CRM sends it; its ids are too long for numbers. */
function notification(token: unknown = key) {
  const text = `{"module":"Contacts","ids":[3652397000001848002],"operation":"update","channel_id":"1068002","token":${JSON.stringify(token)}}`;
  return webhookRequest({ body: text, headers: { 'content-type': 'application/json;charset=UTF-8' } });
}

function verdict(request: ReturnType<typeof webhookRequest>, keys = [key]) {
  return source.authenticate(request, { keys }, 0);
}

test('a body with the token is authentic, whichever of the keys it is', () => {
  expect(verdict(notification())).toBe('authentic');
  expect(verdict(notification(), ['the-key-before-this-one', key])).toBe('authentic');
});

test.for([
  ['another token', `${key}x`, 'mismatch'],
  ['an empty one', '', 'missing'],
  ['none', null, 'missing'],
  ['a list of tokens', [key], 'missing'],
  ['an object', { token: key }, 'missing'],
] as const)('%s does not let in', ([, token, expected]) => {
  expect(verdict(notification(token))).toBe(expected);
});

test.for(['', 'x', '{"token":', Buffer.from([0xff, 0xfe]), '['.repeat(60_000)])(
  'a body that cannot be read is refused',
  (body) => {
    expect(verdict(webhookRequest({ body }))).toBe('malformed');
  },
);

test('the token may stand in a form, once', () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  expect(verdict(webhookRequest({ headers, body: `token=${key}&a=b` }))).toBe('authentic');
  expect(verdict(webhookRequest({ headers, body: `token=${key}&token=${key}` }))).toBe('missing');
});

test('neither the mapping nor a dead letter sees the token', () => {
  const reading = source.read(notification());
  expect(reading.events).toMatchObject([
    {
      keySeconds: 300,
      event: { body: { module: 'Contacts', ids: ['3652397000001848002'], channel_id: '1068002' } },
    },
  ]);
  expect(JSON.stringify(reading)).not.toContain(key);
});

test('it is found, and taken away, deep in a body', () => {
  const deep = bodyToken({ ...usual, at: '/meta/a~1b/0/token' });
  const request = webhookRequest({ body: { meta: { 'a/b': [{ token: key, kept: true }] } } });
  expect(deep.authenticate(request, { keys: [key] }, 0)).toBe('authentic');
  expect(deep.read(request).events[0]?.event).toEqual({ body: { meta: { 'a/b': [{ kept: true }] } } });
});

test('whatever the body is, it is refused and nothing is thrown', () => {
  const body = fc.oneof(
    fc.json().map((text) => Buffer.from(text)),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(`{"token":${text}}`)),
  );
  const type = fc.constantFrom('application/json', 'application/x-www-form-urlencoded');
  fc.assert(
    fc.property(body, type, (bytes, contentType) => {
      const request = webhookRequest({ body: bytes, headers: { 'content-type': contentType } });
      expect(verdict(request)).not.toBe('authentic');
    }),
  );
});

test('it takes small bodies alone unless told otherwise, since it reads those of anybody', () => {
  expect(source.maxBytes).toBe(65_536);
});

test('its mistakes are named', () => {
  expect(bodyToken({ ...usual, at: 'token' }).flaws.map(flawText)).toEqual([
    'at: must be a JSON pointer, such as /token',
  ]);
  expect(source.lists.keys?.flaw?.('short')).toBe('must have at least 16 characters');
});

test('it says that there is no replay protection', () => {
  expect(source).toMatchObject({
    kind: 'body-token',
    hasReplayProtection: false,
    signsUrl: false,
    flaws: [],
  });
});
