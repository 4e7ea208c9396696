import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkHeaderSecret,
  checkQuerySecret,
  headerKeyFlaw,
  queryKeyFlaw,
} from '../../../../shared/webhooks/proof/shared-secret.ts';
import { webhookRequest } from '../../../support/webhook.ts';

const key = 'correct-horse-battery';
const keys = ['an-older-secret-of-ours', key];

/** Both ways that a secret can come, told by the values that came. */
const ways = {
  query: (values: readonly string[], known = keys) =>
    checkQuerySecret(webhookRequest({ query: { code: values } }), 'code', known),
  header: (values: readonly string[], known = keys) =>
    checkHeaderSecret(webhookRequest({ headers: { 'X-Key': values } }), 'x-key', known),
};

describe.for(Object.entries(ways))('in the %s', ([, check]) => {
  test('any one of the keys is taken, whichever stands first', () => {
    expect(keys.map((known) => check([known]))).toEqual(['authentic', 'authentic']);
  });

  test('no value and an empty one are missing', () => {
    expect([check([]), check([''])]).toEqual(['missing', 'missing']);
  });

  test('two values are refused, even if both are right', () => {
    expect([check([key, key]), check([key, 'x']), check(['x', key])]).toEqual(Array(3).fill('malformed'));
  });

  test('without a key nobody is let in', () => {
    expect([check(['anything'], []), check([''], [''])]).toEqual(['mismatch', 'missing']);
  });

  test('nothing else is a key, and nothing makes it throw', () => {
    const nearly = fc
      .tuple(fc.nat(key.length), fc.string({ unit: 'binary', maxLength: 3 }))
      .map(([at, inserted]) => key.slice(0, at) + inserted + key.slice(at + 1));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), nearly), (given) => {
        fc.pre(given.trim() !== key);
        expect(check([given])).not.toBe('authentic');
      }),
    );
  });
});

test('a parameter or header of another name is none', () => {
  expect(checkQuerySecret(webhookRequest({ query: { Code: key } }), 'code', keys)).toBe('missing');
  expect(checkHeaderSecret(webhookRequest({ headers: { 'x-keys': key } }), 'x-key', keys)).toBe('missing');
});

test('spaces around the value of a header do no harm', () => {
  expect(ways.header([` ${key} `])).toBe('authentic');
});

test('the name of a header may be given in any case', () => {
  expect(checkHeaderSecret(webhookRequest({ headers: { 'x-KEY': key } }), 'X-Key', keys)).toBe('authentic');
});

test.for([
  'schlüssel-von-uns-allen',
  'ключ-ключ-ключ-ключ',
  'with a space in between',
  'a-line\nand-one-more',
])('a key that would not arrive as it is, such as %j, is a flaw', (odd) => {
  expect(queryKeyFlaw(odd)).toMatch(/^may hold letters/);
  expect(headerKeyFlaw(odd)).toMatch(/^may hold ASCII/);
});

test.for([
  'a+b+c+d+e+f+g+h+i',
  'abcdefghijklmnop==',
  'a/b/c/d/e/f/g/h/i',
  '100%-secret-secret',
  'one&two=three-and-four',
])('a key that an address might spell in another way, such as %j, is one for headers alone', (spelled) => {
  expect(queryKeyFlaw(spelled)).toMatch(/^may hold letters/);
  expect(headerKeyFlaw(spelled)).toBeUndefined();
});

test('a key that can be guessed is a flaw', () => {
  for (const flaw of [queryKeyFlaw, headerKeyFlaw]) {
    expect(flaw('fifteen-letters')).toBe('must have at least 16 characters');
    expect(flaw('sixteen-letters-')).toBeUndefined();
  }
});

test('every key without a flaw is authentic after its way through an address or a header', () => {
  const safe = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~'];
  const visible = Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at));
  const keyOf = (units: string[]) =>
    fc.string({ unit: fc.constantFrom(...units), minLength: 16, maxLength: 64 });
  fc.assert(
    fc.property(keyOf(safe), keyOf(visible), (forQuery, forHeader) => {
      expect(queryKeyFlaw(forQuery)).toBeUndefined();
      const { searchParams } = new URL(`https://relay.example/webhooks/crm?code=${forQuery}`);
      expect(ways.query(searchParams.getAll('code'), [forQuery])).toBe('authentic');
      expect(headerKeyFlaw(forHeader)).toBeUndefined();
      const sent = new Headers({ 'x-key': forHeader }).get('x-key') ?? '';
      expect(ways.header([sent], [forHeader])).toBe('authentic');
    }),
  );
});
