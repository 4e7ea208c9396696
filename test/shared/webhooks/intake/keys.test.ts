import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeysFault, readKeys } from '../../../../shared/webhooks/intake/keys.ts';
import { isPublicKey } from '../../../../shared/webhooks/intake/public-keys.ts';
import { basicKeys } from '../../../../shared/webhooks/proof/basic-auth.ts';

const one = { keys: { of: 'the signing secret' } };
const two = {
  keys: { of: 'the signing secret' },
  batch: { of: 'a header', flaw: (key: string) => (key.includes(' ') ? undefined : 'has no scheme') },
  former: { of: 'what was signed with before', optional: true },
} as const;

const faultOf = (secret: unknown, lists: Parameters<typeof readKeys>[1] = two): string => {
  try {
    readKeys(typeof secret === 'string' ? secret : JSON.stringify(secret), lists);
  } catch (error) {
    if (error instanceof KeysFault) return error.message;
    throw error;
  }
  return 'nothing is wrong with it';
};

const key = fc
  .string({ minLength: 6, unit: 'grapheme' })
  .filter((text) => text.trim() === text && !/\p{Cc}/u.test(text) && !isPublicKey(text));

describe('a secret', () => {
  test('gives the keys that it holds, in their order', () => {
    fc.assert(
      fc.property(fc.array(key, { minLength: 1 }), key, (keys, scheme) => {
        const secret = { batch: `Bearer ${scheme}`, keys };
        expect(readKeys(JSON.stringify(secret), two)).toEqual({
          keys,
          batch: [`Bearer ${scheme}`],
          former: [],
        });
      }),
    );
  });

  test('of a source with one list may be the key itself, with the line break that editors add', () => {
    fc.assert(
      fc.property(key, fc.constantFrom('', '\n', '\r\n'), (text, end) => {
        fc.pre(!/^[{["]/.test(text));
        expect(readKeys(text + end, one)).toEqual({ keys: [text] });
      }),
    );
    expect(readKeys('relay:a password of some length', { credentials: basicKeys })).toEqual({
      credentials: ['relay:a password of some length'],
    });
  });

  test('may hold several keys, so that they can be changed without a gap', () => {
    expect(readKeys('{"keys":["the next one","the one before"]}', one)).toEqual({
      keys: ['the next one', 'the one before'],
    });
  });

  test.for([
    ['nobody has filled', { state: 'unset' }, 'holds no keys yet'],
    ['is empty', '', 'is empty'],
    ['is blank', ' \n', 'is empty'],
    ['is a text where there are two lists', 'the signing secret itself', 'is malformed: it is not JSON'],
    ['is cut off', '{"keys":["a longer one"', 'is malformed: it is not JSON'],
    ['is an array', ['a longer one'], 'is malformed: it is not a JSON object with "keys", "batch", "former"'],
    ['is null', 'null', 'is malformed: it is not a JSON object with "keys", "batch", "former"'],
    ['lacks a list', { keys: 'a longer one' }, 'batch: is missing'],
    ['has an empty list', { keys: [], batch: 'Bearer 5f0c2d9e' }, 'keys: is empty'],
    [
      'has everything wrong',
      {
        keys: ['', ' \t', ' padded', 'padded\n', 'two\nlines', 'CHANGEME', 7, null, ['nested'], 'a good one'],
        oldKeys: ['a longer one'],
        batch: 'no-scheme',
        former: [''],
      },
      'entry 2 is no list of this source, which has "keys", "batch", "former"; keys.0: is blank; keys.1: is blank; ' +
        'keys.2: begins or ends with white space; keys.3: begins or ends with white space; ' +
        'keys.4: holds a line break, or another control character; keys.5: is known to everybody; ' +
        'keys.6: is not a text; keys.7: is not a text; keys.8: is not a text; batch.0: has no scheme; ' +
        'former.0: is blank',
    ],
    [
      'has lists by the names of inherited things',
      '{"__proto__":["a longer one"],"constructor":["a longer one"]}',
      'entry 1 is no list of this source, which has "keys", "batch", "former"; ' +
        'entry 2 is no list of this source, which has "keys", "batch", "former"; keys: is missing; batch: is missing',
    ],
  ] as const)('that %s says so', ([, secret, message]) => {
    expect(faultOf(secret)).toBe(message);
  });

  test('with the key that Zendesk tests with is refused, as a text and in a list', () => {
    const testing = 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==';
    expect(faultOf(testing, one)).toBe('keys.0: is known to everybody');
    expect(faultOf({ keys: ['a longer one', testing] }, one)).toBe('keys.1: is known to everybody');
  });

  test('with basic credentials needs a password', () => {
    expect(faultOf({ keys: ['relay:', 'relay', 'relay:changeme'] }, { keys: basicKeys })).toBe(
      'keys.0: has a password of less than 16 characters; keys.1: is not user:password; keys.2: is known to everybody',
    );
  });

  test('of a source without lists gives none', () => {
    expect(readKeys('{}', {})).toEqual({});
    expect(faultOf('a longer one', {})).toBe('is malformed: it is not JSON');
  });
});

describe('what is said of a secret', () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.json(), key);
  const broken = fc.oneof(
    fc.constantFrom('', ' ', 'changeme', 'secret', 'password', 'admin:admin'),
    key.map((good) => ` ${good}`),
    key.map((good) => `${good}\nmore`),
    text,
  );

  test('is a fault, whatever stands there', () => {
    fc.assert(
      fc.property(text, fc.constantFrom(one, two, {}), (secret, lists) => {
        expect(typeof faultOf(secret, lists)).toBe('string');
      }),
      { numRuns: 500 },
    );
  });

  test('never holds one of its keys, nor what may be a key in the wrong place', () => {
    fc.assert(
      fc.property(fc.array(broken), fc.array(broken), fc.array(broken), (keys, batch, names) => {
        const misplaced = Object.fromEntries(names.map((name) => [name, 'a longer one']));
        const message = faultOf({ ...misplaced, keys, batch });
        const held = [...keys, ...batch, ...names].filter((one) => one.length >= 4);
        expect(held.filter((one) => message.includes(one))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('is the same of any two secrets that have the same flaws', () => {
    const kinds = {
      good: key,
      padded: key.map((good) => `${good} `),
      folded: key.map((good) => `${good}\n${good}`),
      known: fc.constantFrom('changeme', 'password', 'whsec_test_secret', 'user:secret'),
      blank: fc.string({ unit: fc.constantFrom(' ', '\t', '\n') }),
    };
    const flaws = fc.array(fc.constantFrom(...(Object.keys(kinds) as (keyof typeof kinds)[])), {
      minLength: 1,
    });
    const pair = flaws.chain((names) => {
      const filled = fc.tuple(...names.map((name) => kinds[name]));
      return fc.tuple(filled, filled);
    });
    fc.assert(
      fc.property(pair, ([these, those]) => {
        expect(faultOf({ keys: these }, one)).toBe(faultOf({ keys: those }, one));
      }),
    );
  });
});
