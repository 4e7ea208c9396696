import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loginKeyFlaw } from '../../../infra/local/presence/authorization/login-key.ts';
import {
  CredentialsFault,
  credentialsBody,
  readCredentials,
} from '../../../shared/authorization/credentials.ts';

const apikey = 'the-key-of-group-12345';
const g4scredentials = '0123456789abcdef0123456789abcdef';

function faultOf(secret: string): CredentialsFault {
  try {
    readCredentials(secret);
  } catch (error) {
    if (error instanceof CredentialsFault) return error;
    throw error;
  }
  throw new Error('they were read');
}

describe('a credentials secret', () => {
  test.for([
    { username: 'ada', password: 'hunter2' },
    { username: 'ada', g4scredentials },
    { username: 'ada', apikey },
    { username: 'ada', apikey, partnerid: '777', partneruserid: 'ada-7' },
    { partneruserid: 'ada-7', apikey },
    { partneruserid: 'ada-7', apikey, partnerid: '777' },
    { username: 'é'.repeat(1_024), password: ' ' },
    { partneruserid: 'x'.repeat(255), apikey, partnerid: '9'.repeat(15) },
  ])('may be %j', (credentials) => {
    expect(readCredentials(JSON.stringify(credentials))).toEqual(credentials);
    expect(readCredentials(` ${JSON.stringify(credentials, null, 2)}\r\n`)).toEqual(credentials);
  });

  test('may begin with the mark that some editors put before a text, as a token secret may', () => {
    const credentials = { username: 'ada', password: 'hunter2' };
    expect(readCredentials(`\uFEFF${JSON.stringify(credentials)}`)).toEqual(credentials);
  });

  test('may name the partner as a number, as Glance does in its samples', () => {
    const read = readCredentials(JSON.stringify({ partneruserid: 'ada-7', apikey, partnerid: 777 }));
    expect(read).toEqual({ partneruserid: 'ada-7', apikey, partnerid: '777' });
  });

  test.for(['', ' \n', '{"state":"unset"}', '{"state":"unset","by":"the stack"}'])(
    '%j is one that nobody has filled yet',
    (secret) => {
      expect(faultOf(secret)).toMatchObject({
        isUnset: true,
        message: expect.stringMatching(/^(is empty|holds no credentials yet)$/),
      });
    },
  );

  const notOne = 'it holds none of "password", "apikey" and "g4scredentials"';
  test.for([
    ['hunter2', 'it is not JSON'],
    ['{"username":"ada","password":"hun', 'it is not JSON'],
    ['null', 'it is not a JSON object'],
    ['7', 'it is not a JSON object'],
    ['"hunter2"', 'it is not a JSON object'],
    ['[{"username":"ada","password":"hunter2"}]', 'it is not a JSON object'],
    ['{}', notOne],
    ['{"username":"ada"}', notOne],
    ['{"username":"ada","loginkey":"$1$1593908430$x"}', notOne],
    ['{"gssnid":"1.2.3"}', notOne],
    ['{"Username":"ada","Password":"hunter2"}', notOne],
    ['{"state":"set"}', notOne],
    ['{"password":"hunter2"}', 'username: is missing'],
    ['{"username":"","password":""}', 'username: must not be empty; password: must not be empty'],
    ['{"username":7,"password":null}', 'username: must be a string; password: must be a string'],
    [`{"username":"ada","password":"${'x'.repeat(1_025)}"}`, 'password: is too long'],
    [`{"username":"${'x'.repeat(1_025)}","password":"hunter2"}`, 'username: is too long'],
    ['{"username":"ada","password":"hunter2","apikey":"k"}', 'apikey: is not known here'],
    ['{"username":"ada","password":"hunter2","group":1}', 'group: is not known here'],
    ['{"g4scredentials":"short"}', 'username: is missing; g4scredentials: must have 32 characters'],
    [`{"username":"ada","g4scredentials":"${g4scredentials}0"}`, 'g4scredentials: must have 32 characters'],
    ['{"apikey":"k"}', 'partneruserid: is missing'],
    ['{"apikey":"","partneruserid":""}', 'partneruserid: must not be empty; apikey: must not be empty'],
    [`{"apikey":"k","partneruserid":"${'x'.repeat(256)}"}`, 'partneruserid: is longer than 255 characters'],
    [
      `{"apikey":"k","username":"ada","partneruserid":"${'x'.repeat(256)}"}`,
      'partneruserid: is longer than 255 characters',
    ],
    ['{"apikey":"k","username":""}', 'username: must not be empty'],
    ...['0', '-5', '1000000000000000', '""', '"x"', '"007"', '"1e3"', '" 1"', '"1234567890123456"'].map(
      (partnerid) => [partnerOf(partnerid), 'partnerid: must be digits'] as const,
    ),
    ...['1.5', '1e300', 'null', 'true', '{}', '["7"]'].map(
      (partnerid) => [partnerOf(partnerid), 'partnerid: must be digits'] as const,
    ),
  ] as const)('%s is malformed: %s', ([secret, flaw]) => {
    expect(faultOf(secret)).toMatchObject({ isUnset: false, message: `is malformed: ${flaw}` });
  });

  function partnerOf(partnerid: string): string {
    return `{"apikey":"k","partneruserid":"ada-7","partnerid":${partnerid}}`;
  }

  test('whatever text it is, it is read or there is a fault, and a fault repeats no value of it', () => {
    const key = fc.constantFrom(
      ...[
        'username',
        'password',
        'apikey',
        'g4scredentials',
        'partnerid',
        'partneruserid',
        'loginkey',
        'state',
      ],
    );
    const value = fc.oneof(
      fc.stringMatching(/^[A-Z0-9]{12,40}$/),
      fc.constantFrom('', 'A'.repeat(1_100), g4scredentials.toUpperCase()),
      fc.integer({ min: 100_000 }),
      fc.double({ min: 100_000 }),
      fc.constantFrom(null, true),
    );
    const deep = fc.oneof(value, fc.array(value, { maxLength: 2 }), fc.dictionary(key, value));
    const object = fc.dictionary(key, deep, { maxKeys: 5 });
    const spoil = fc.constantFrom(
      (text: string) => text,
      (text: string) => text.slice(0, -1),
      (text: string) => `[${text}]`,
      (text: string) => text.replace('{', '{"__proto__":"PROTOTYPE0000",'),
    );
    fc.assert(
      fc.property(object, spoil, (content, spoilt) => {
        const read = outcomeOf(spoilt(JSON.stringify(content)));
        if (!(read instanceof CredentialsFault)) return;
        for (const leaf of leavesOf(content)) expect(read.message).not.toContain(leaf);
        expect(read.message).not.toContain('PROTOTYPE0000');
      }),
      { numRuns: 5_000 },
    );
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void outcomeOf(text)));
  });

  function outcomeOf(secret: string): unknown {
    try {
      return readCredentials(secret);
    } catch (error) {
      expect(error).toBeInstanceOf(CredentialsFault);
      return error;
    }
  }

  /** The values that tell something, as text. */
  function leavesOf(value: unknown): string[] {
    if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(leavesOf);
    return ['string', 'number'].includes(typeof value) && String(value) !== '' ? [String(value)] : [];
  }
});

describe('what Glance is sent', () => {
  const now = Date.parse('2026-03-12T20:00:00.999Z');
  const anHourAhead = Date.parse('2026-03-12T21:00:00Z') / 1_000;

  function bodyOf(credentials: object, groupid = '12345'): Readonly<Record<string, string | number>> {
    return credentialsBody(readCredentials(JSON.stringify(credentials)), groupid, now);
  }

  /** Why the login key of this body is not one that Glance would take. */
  function flawOf(body: ReturnType<typeof bodyOf>, signer: string): string | undefined {
    return loginKeyFlaw(String(body.loginkey), signer, apikey, now / 1_000);
  }

  test.for([
    { username: 'ada', password: 'hunter2' },
    { username: 'ada', g4scredentials },
  ])('is %j as it stands in the secret', (credentials) => {
    expect(bodyOf(credentials)).toEqual(credentials);
  });

  test('is for a partner the login key of the group itself, where no other partner id is named', () => {
    const body = bodyOf({ partneruserid: 'ada-7', apikey });
    expect(body).toEqual({
      partnerid: 12345,
      partneruserid: 'ada-7',
      loginkey: expect.stringMatching(`^\\$1\\$${anHourAhead}\\$`),
    });
    expect(flawOf(body, '12345ada-7')).toBeUndefined();
  });

  test.for([777, '777'])('is for a partner %j the login key of that one', (partnerid) => {
    const body = bodyOf({ partneruserid: 'ada-7', apikey, partnerid });
    expect(body).toMatchObject({ partnerid: 777, partneruserid: 'ada-7' });
    expect(flawOf(body, '777ada-7')).toBeUndefined();
  });

  test.for([
    [{ username: 'ada', apikey }, '12345ada'],
    [{ username: 'ada', apikey, partnerid: 777 }, '777ada'],
    [{ username: 'ada', apikey, partneruserid: 'ada-7' }, '12345ada-7'],
    [{ username: 'ada', apikey, partnerid: 777, partneruserid: 'ada-7' }, '777ada-7'],
  ] as const)('is for %j the user name and a login key that signs %s', ([credentials, signer]) => {
    const body = bodyOf(credentials);
    expect(body).toEqual({ username: 'ada', loginkey: expect.any(String) });
    expect(flawOf(body, signer)).toBeUndefined();
  });

  test('is never the API key, and the partner id of the login key is the one beside it', () => {
    const id = fc.integer({ min: 1, max: 999_999_999_999_999 }).map(String);
    const user = fc
      .string({ minLength: 1, maxLength: 255, unit: 'grapheme' })
      .filter((name) => name.length <= 255);
    const secretKey = fc.stringMatching(/^[A-Z0-9]{16,64}$/);
    const credentials = fc.oneof(
      fc.record(
        { partneruserid: user, partnerid: id, apikey: secretKey },
        { requiredKeys: ['partneruserid', 'apikey'] },
      ),
      fc.record(
        { username: user, partneruserid: user, partnerid: id, apikey: secretKey },
        { requiredKeys: ['username', 'apikey'] },
      ),
    );
    fc.assert(
      fc.property(credentials, id, (given, groupid) => {
        const body = bodyOf(given, groupid);
        expect(JSON.stringify(body)).not.toContain(given.apikey);
        const user = given.partneruserid ?? ('username' in given ? given.username : '');
        const signer = `${body.partnerid ?? given.partnerid ?? groupid}${user}`;
        expect(loginKeyFlaw(String(body.loginkey), signer, given.apikey, now / 1_000)).toBeUndefined();
      }),
    );
  });
});
