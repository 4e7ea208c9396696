import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { basicCredentials, basicKeys, basicVerdict } from '../../../../shared/webhooks/proof/basic-auth.ts';
import { webhookRequest } from '../../../support/webhook.ts';

const character = fc.nat(0x17f).map((code) => String.fromCharCode(code));

const from = (authorization: string | readonly string[]) => webhookRequest({ headers: { authorization } });
const basic = (credentials: string | Buffer, scheme = 'Basic') =>
  from(`${scheme} ${Buffer.from(credentials).toString('base64')}`);

const spoken = fc.string({ unit: 'grapheme' }).filter((text) => !/\p{Cc}/u.test(text));
const user = spoken.filter((text) => !text.includes(':'));
const scheme = fc.mixedCase(fc.constant('basic'));

describe('credentials', () => {
  test('are read as they were given, in any language, with colons in the password', () => {
    fc.assert(
      fc.property(user, spoken, scheme, (name, password, anyCase) => {
        expect(basicCredentials(basic(`${name}:${password}`, anyCase))).toBe(`${name}:${password}`);
      }),
    );
  });

  test('are those of the sample of RFC 7617, in UTF-8', () => {
    expect(basicCredentials(from('Basic dGVzdDoxMjPCow=='))).toBe('test:123£');
  });

  test.for([
    ['without a scheme', 'dXNlcjpwYXNz'],
    ['with another scheme', 'Bearer dXNlcjpwYXNz'],
    ['with nothing', 'Basic'],
    ['with white space alone', 'Basic   '],
    ['without padding', 'Basic dGVzdDoxMjPCow'],
    ['with padding too much', 'Basic dXNlcjpwYXNz='],
    ['with spare bits', 'Basic dGVzdDoxMjPCox=='],
    ['in the alphabet of URLs', 'Basic dTpwPz8_'],
    ['with signs of no alphabet', 'Basic dXNl!cjpw*YXNz'],
    ['with letters beyond ASCII', 'Basic dXNlcjpwÄXNz'],
    ['with a tab', 'Basic\tdXNlcjpwYXNz'],
    ['twice in one header', 'Basic dXNlcjpwYXNz, Basic dXNlcjpwYXNz'],
    ['in two headers', ['Basic dXNlcjpwYXNz', 'Basic dXNlcjpwYXNz']],
    ['without a colon', `Basic ${Buffer.from('userpass').toString('base64')}`],
    ['with a line break', `Basic ${Buffer.from('user:pa\nss').toString('base64')}`],
    ['in Latin-1', `Basic ${Buffer.from('user:p\xe4ss', 'latin1').toString('base64')}`],
  ] as const)('%s are malformed', ([, header]) => {
    expect(basicCredentials(from(header))).toBeUndefined();
    expect(basicVerdict(from(header), ['user:pass'])).toBe('malformed');
  });

  test('of any kind never make it stumble', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.string({ unit: character })), (rest) => {
        expect(basicVerdict(from(`Basic ${rest}`), ['user:a password of length'])).not.toBe('authentic');
      }),
    );
  });
});

describe('a request', () => {
  const keys = ['relay:Zoë:17', 'relay:the one before'];

  test('with any one of the keys is authentic', () => {
    for (const key of keys) expect(basicVerdict(basic(key), keys)).toBe('authentic');
  });

  test('with anything else is not', () => {
    fc.assert(
      fc.property(user, spoken, (name, password) => {
        expect(basicVerdict(basic(`${name}:${password}`), keys)).toBe('mismatch');
      }),
    );
    for (const near of [
      'Relay:Zoë:17',
      'relay:Zoë:1',
      'relay:Zoë:17 ',
      'relay:Zoe\u0308:17',
      ':',
      'relay:',
    ]) {
      expect(basicVerdict(basic(near), keys)).toBe('mismatch');
    }
  });

  test('without credentials has none, and none are good without a key', () => {
    expect(basicVerdict(webhookRequest({}), keys)).toBe('missing');
    expect(basicVerdict(basic('relay:Zoë:17'), [])).toBe('mismatch');
  });
});

describe('a key', () => {
  test('with which nothing is wrong can be sent, and is taken', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (one, other) => {
        const key = `${one}:${other}`;
        fc.pre(basicKeys.flaw?.(key) === undefined);
        expect(basicVerdict(basic(key), [key])).toBe('authentic');
      }),
    );
  });

  test.for([
    ['user', 'is not user:password'],
    [':password of some length', 'is not user:password'],
    ['user:pass\u0007word', 'is not user:password'],
    ['user:', 'has a password of less than 16 characters'],
    ['user:just fifteen...', 'has a password of less than 16 characters'],
    ['user: \u00a0', 'has a password of less than 16 characters'],
    ['user:password of some length', undefined],
    ['user::and a colon before it', undefined],
  ])('%j: %s', ([key = '', flaw]) => {
    expect(basicKeys.flaw?.(key)).toBe(flaw);
  });
});
