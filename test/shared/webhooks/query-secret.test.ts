import { expect, test } from 'vitest';
import { flawText } from '../../../shared/runtime/flaws.ts';
import { querySecret } from '../../../shared/webhooks/query-secret.ts';
import { webhookRequest } from '../../support/webhook.ts';

const usual = { group: 12345, signal: () => null };
const key = 'correct-horse-battery-staple';
const source = querySecret({ ...usual, parameter: 'code' });

function verdict(query: Readonly<Record<string, string | string[]>>, keys = [key]) {
  return source.authenticate(webhookRequest({ query }), { keys }, 0);
}

test('a request with the secret in its address is authentic, whatever else stands there', () => {
  expect(verdict({ code: key })).toBe('authentic');
  expect(verdict({ code: key, page: '1' }, ['the-key-before-this-one', key])).toBe('authentic');
});

test('without it, with another one, or with two there is no way in', () => {
  expect(verdict({})).toBe('missing');
  expect(verdict({ Code: key })).toBe('missing');
  expect(verdict({ code: '' })).toBe('missing');
  expect(verdict({ code: `${key}x` })).toBe('mismatch');
  expect(verdict({ code: [key, key] })).toBe('malformed');
});

test('the body is read, and the secret is no part of the event', () => {
  const { events } = source.read(webhookRequest({ query: { code: key }, body: { visitor: 'v-1' } }));
  expect(events).toMatchObject([{ keySeconds: 300, type: 'event', event: { body: { visitor: 'v-1' } } }]);
  expect(JSON.stringify(events)).not.toContain(key);
});

test('its mistakes are named', () => {
  expect(querySecret({ ...usual, parameter: 'my code' }).flaws.map(flawText)).toEqual([
    'parameter: must be the name of a parameter: letters, digits and - . _ ~',
  ]);
  expect(source.lists.keys?.flaw?.('needs escapes & more')).toContain('it stands in an address');
});

test('it says that there is no replay protection', () => {
  expect(source).toMatchObject({
    kind: 'query-secret',
    hasReplayProtection: false,
    signsUrl: false,
    flaws: [],
  });
});
