import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loginKeyFlaw } from '../../../infra/local/presence/authorization/login-key.ts';
import { loginKey } from '../../../shared/authorization/login-key.ts';

const glanceKey = { apiKey: 'mySecretApiKey', partnerid: '12345', partneruserid: 'uniqueUserIdentifier' };
const otherKey = { apiKey: 'newSecretApiKey', partnerid: '54321', partneruserid: 'newUniqueUserIdentifier' };

test.for([
  [glanceKey, 1_593_908_430, '$1$1593908430$Wf7vDWWv1Ci5VrcUvtWuJh_jLgZIfectGUPkg6DbZws'],
  [glanceKey, 1_593_908_590, '$1$1593908590$XCD2ygOUWB892h1xVRy7X0DkUf0w-J8DwnZOWXWCAoY'],
  [glanceKey, 1_593_908_675, '$1$1593908675$cwgx4A5akR6jkKMODEvNOzucjenBMQdP2aD-1wz0msc'],
  [glanceKey, 1_597_595_372, '$1$1597595372$GR4bRX693m72g5Vttn5g2TyQsfy4Si6IvbESFs2PFLI'],
  [otherKey, 1_593_906_477, '$1$1593906477$wncY1-sgNS11n_T9oqrGBRAQOUXeoLpvs7z0DzHdI7k'],
] as const)('%j until %i has the login key that Glance publishes: %s', ([fields, expires, published]) => {
  expect(loginKey({ ...fields, expires })).toBe(published);
});

/** The inputs of the sample on Glance's page are not given, so it shows the form alone. */
const sampleOfGlance = '$1$1392680360$YsT2Kj8rOp6FaJOG69o3QOj-GUacRiOo7Gw6l1EPVB8';
const form = /^\$1\$\d{10}\$[A-Za-z0-9_-]{43}$/;

const fields = fc.record({
  apiKey: fc.string({ minLength: 1, unit: 'grapheme' }),
  partnerid: fc.integer({ min: 1, max: 999_999_999_999_999 }).map(String),
  partneruserid: fc.string({ minLength: 1, maxLength: 255, unit: 'grapheme' }),
  expires: fc.integer({ min: 1_000_000_000, max: 9_999_999_999 }),
});

test('every login key has the 57 characters of the sample, whatever it is made of', () => {
  expect(sampleOfGlance).toMatch(form);
  expect(sampleOfGlance).toHaveLength(57);
  fc.assert(
    fc.property(fields, (given) => {
      const key = loginKey(given);
      expect(key).toMatch(form);
      expect(key).toHaveLength(57);
    }),
  );
});

test('the signature is the HMAC-SHA256 of the fields in UTF-8, without anything between them', async () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  await fc.assert(
    fc.asyncProperty(fields, async (given) => {
      const [, version, expires, signature = ''] = loginKey(given).split('$');
      const algorithm = { name: 'HMAC', hash: 'SHA-256' };
      const key = await crypto.subtle.importKey('raw', bytes(given.apiKey), algorithm, false, ['verify']);
      const signed = bytes(`${given.partnerid}${given.partneruserid}${version}${expires}`);
      expect(expires).toBe(String(given.expires));
      expect(await crypto.subtle.verify('HMAC', key, Buffer.from(signature, 'base64url'), signed)).toBe(true);
    }),
  );
});

test('a login key is good for whoever knows the API key, and for no other one', () => {
  fc.assert(
    fc.property(fields, fc.string(), (given, otherApiKey) => {
      const signer = `${given.partnerid}${given.partneruserid}`;
      const flawFor = (apiKey: string) =>
        loginKeyFlaw(loginKey(given), signer, apiKey, given.expires - 3_600);
      expect(flawFor(given.apiKey)).toBeUndefined();
      fc.pre(otherApiKey !== given.apiKey);
      expect(flawFor(otherApiKey)).toBe('The signature of the login key is wrong');
    }),
  );
});
