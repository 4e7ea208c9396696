import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  loginKeyFlaw,
  loginKeySignature,
  parseLoginKey,
} from '../../../../infra/local/presence/authorization/login-key.ts';

const signer = '12345uniqueUserIdentifier';
const apikey = 'mySecretApiKey';
const published = '$1$1593908430$Wf7vDWWv1Ci5VrcUvtWuJh_jLgZIfectGUPkg6DbZws';
const expires = 1_593_908_430;

test.for([
  ['mySecretApiKey', '12345', 'uniqueUserIdentifier', published],
  [
    'mySecretApiKey',
    '12345',
    'uniqueUserIdentifier',
    '$1$1597595372$GR4bRX693m72g5Vttn5g2TyQsfy4Si6IvbESFs2PFLI',
  ],
  [
    'newSecretApiKey',
    '54321',
    'newUniqueUserIdentifier',
    '$1$1593906477$wncY1-sgNS11n_T9oqrGBRAQOUXeoLpvs7z0DzHdI7k',
  ],
] as const)('signs with %s for %s and %s as Glance does: %s', ([key, partnerid, partneruserid, text]) => {
  const { version, expires, signature } = parseLoginKey(text) ?? {};
  expect(loginKeySignature(key, `${partnerid}${partneruserid}${version}${expires}`)).toBe(signature);
});

test('a login key is good from a day before its end until its end', () => {
  const flawAt = (now: number) => loginKeyFlaw(published, signer, apikey, now);
  expect(flawAt(expires - 86_400.001)).toBe('The login key expires more than a day ahead');
  expect(flawAt(expires - 86_400)).toBeUndefined();
  expect(flawAt(expires - 0.001)).toBeUndefined();
  expect(flawAt(expires)).toBe('The login key has expired');
});

test.for([
  [published.replace('$1$', '$2$'), signer, apikey, 'The version of the login key is not 1'],
  [published, '12345somebodyElse', apikey, 'The signature of the login key is wrong'],
  [published, signer, 'anotherApiKey', 'The signature of the login key is wrong'],
  [published.replace('Wf7', 'Wf8'), signer, apikey, 'The signature of the login key is wrong'],
  [published.replace('1593908430', '1593908431'), signer, apikey, 'The signature of the login key is wrong'],
  ['', signer, apikey, 'The login key is malformed'],
  [published.slice(1), signer, apikey, 'The login key is malformed'],
  [published.slice(0, -1), signer, apikey, 'The login key is malformed'],
  [`${published}=`, signer, apikey, 'The login key is malformed'],
  [`${published}\n`, signer, apikey, 'The login key is malformed'],
  [published.replace('1593908430', '01593908430'), signer, apikey, 'The login key is malformed'],
  [published.replace('1593908430', '-1593908430'), signer, apikey, 'The login key is malformed'],
] as const)('%j, of %s, is refused with its reason', ([text, signedBy, key, flaw]) => {
  expect(loginKeyFlaw(text, signedBy, key, expires - 60)).toContain(flaw);
});

const written = fc
  .tuple(
    fc.oneof(fc.constant('1'), fc.string({ maxLength: 2 })),
    fc.oneof(fc.nat().map(String), fc.string()),
    fc.oneof(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array()),
  )
  .map(([version, ends, bytes]) => `$${version}$${ends}$${Buffer.from(bytes).toString('base64url')}`);

test('of all texts, those are taken for login keys that are made of a version, an end and 32 bytes', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), written), (text) => {
      const key = parseLoginKey(text);
      const [before, version = '', ends = '', signature = '', ...more] = text.split('$');
      const whole =
        before === '' &&
        more.length === 0 &&
        /^[0-9]+$/.test(version) &&
        String(BigInt(/^[0-9]+$/.test(ends) ? ends : 0)) === ends &&
        ends !== '0' &&
        Buffer.from(signature, 'base64url').length === 32 &&
        signature.length === 43 &&
        !/[+/=]/.test(signature);
      expect(key).toEqual(whole ? { version, expires: ends, signature } : undefined);
    }),
    { numRuns: 2_000 },
  );
});

test('no text is a good login key but the one that the API key signs', () => {
  const spoilt = fc
    .tuple(fc.nat(published.length - 1), fc.constantFrom(...'$-_aZ019'))
    .map(([at, char]) => published.slice(0, at) + char + published.slice(at + 1))
    .filter((text) => text !== published);
  fc.assert(
    fc.property(fc.oneof(fc.string(), written, spoilt), (text) => {
      expect(loginKeyFlaw(text, signer, apikey, expires - 60)).toEqual(expect.any(String));
    }),
  );
});
