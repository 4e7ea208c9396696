import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isToken, readExp, readToken, TokenFault, writeToken } from '../../../shared/presence/token.ts';
import { jwt } from '../../support/tokens.ts';

const exp = 1_773_348_115;
const token = jwt({ exp, gssnId: 7 });

function fault(text: string): string {
  try {
    readToken(text);
  } catch (error) {
    if (error instanceof TokenFault) return error.message;
    throw error;
  }
  throw new Error('it was read');
}

test('a raw token, which tells its own end', () => {
  expect(readToken(token)).toEqual({ value: token, expiresAt: exp * 1_000 });
});

test('white space around it does not matter', () => {
  expect(readToken(` ${token}\r\n`).value).toBe(token);
});

test.for([{}, { exp: 'soon' }, { exp: null }])('a raw token that tells no end: %j', (claims) => {
  expect(readToken(jwt(claims)).expiresAt).toBeUndefined();
});

test('a token whose middle is not JSON has no known end', () => {
  expect(readToken('eyJh.bm90IEpTT04.c2ln').expiresAt).toBeUndefined();
});

test.for([
  ['2026-03-12T20:41:55.6484735Z', Date.parse('2026-03-12T20:41:55.648Z')],
  ['2026-03-12T20:41:55Z', Date.parse('2026-03-12T20:41:55Z')],
  ['2026-03-12T21:41:55+01:00', Date.parse('2026-03-12T20:41:55Z')],
  [1_773_348_000, 1_773_348_000_000],
  ['1773348000', 1_773_348_000_000],
  [1_773_348_000.5, 1_773_348_000_500],
] as const)('a token with its end beside it, %j, which goes before its own', ([expires, expiresAt]) => {
  expect(readToken(JSON.stringify({ token, expires }))).toEqual({ value: token, expiresAt });
});

test('a token alone in an object, and whatever else stands there', () => {
  expect(readToken(JSON.stringify({ token, state: 'set', version: 3 }))).toEqual({
    value: token,
    expiresAt: exp * 1_000,
  });
});

test.for([
  ['', 'is empty'],
  [' \n', 'is empty'],
  ['{"state":"unset"}', 'holds no token yet'],
  ['{"token":"eyJ', 'is malformed: it is not JSON'],
  ['{}', 'has no readable "token" and "expires"'],
  ['{"token":7}', 'has no readable "token" and "expires"'],
  [`{"token":"${token}","expires":null}`, 'has no readable "token" and "expires"'],
  ...[
    '"tomorrow"',
    '"2026-03-12T20:41:55"',
    '"2026-03-12"',
    '"2026-13-45T99:99:99Z"',
    '-1e300',
    '1773348000000',
  ].map((expires) => [
    `{"token":"${token}","expires":${expires}}`,
    'is malformed: its "expires" is neither ISO 8601 with a zone nor Unix seconds',
  ]),
  ['{"token":""}', 'is malformed: its "token" is not a JWT'],
  [`{"token":"Bearer ${token}"}`, 'is malformed: its "token" is not a JWT'],
  [`"${token}"`, 'is malformed: it is not a JWT'],
  [`Bearer ${token}`, 'is malformed: it is not a JWT'],
  [`[${token}]`, 'is malformed: it is not a JWT'],
  [`${token} ${token}`, 'is malformed: it is not a JWT'],
  [token.split('.').slice(0, 2).join('.'), 'is malformed: it is not a JWT'],
  [`${token}.more`, 'is malformed: it is not a JWT'],
  [`${token}\nX-Header: 1`, 'is malformed: it is not a JWT'],
  [`eyJ${'a'.repeat(9_000)}.a.b`, 'is malformed: it is not a JWT'],
  ['hunter2', 'is malformed: it is not a JWT'],
] as const)('what is wrong with %j is told: it %s', ([text, message]) => {
  expect(fault(text)).toBe(message);
});

test('an end that no calendar holds is as good as none', () => {
  expect(readToken(jwt({ exp: -1e300 })).expiresAt).toBeUndefined();
});

test('any text is a token or a fault, and a fault repeats nothing of it', () => {
  const secret = fc.stringMatching(/^[A-Z0-9]{12,40}$/);
  const around = fc.constantFrom(
    (text: string) => text,
    (text: string) => `{"token":"${text}"}`,
    (text: string) => `{"token":"${token}","expires":"${text}"}`,
    (text: string) => `{"${text}`,
    (text: string) => `{"token":{"${text}":1}}`,
  );
  fc.assert(
    fc.property(fc.oneof(secret, fc.string(), fc.json()), around, (text, wrap) => {
      try {
        expect(readToken(wrap(text)).value).toMatch(/^eyJ[\w-]*\.[\w-]+\.[\w-]+$/);
      } catch (error) {
        expect(error).toBeInstanceOf(TokenFault);
        if (text.length >= 12) expect(String(error)).not.toContain(text);
      }
    }),
  );
});

const at = Date.parse('2026-03-12T20:00:00.123Z');

test('when it was granted, and how many before it were refused, may stand beside a token', () => {
  const beside = { issued: '2026-03-12T20:00:00.123Z', expires: '2026-03-12T22:00:00Z', refusals: 2 };
  expect(readToken(JSON.stringify({ token, ...beside }))).toEqual({
    value: token,
    issuedAt: at,
    expiresAt: Date.parse('2026-03-12T22:00:00Z'),
    refusals: 2,
  });
  expect(readToken(JSON.stringify({ token, issued: 1_773_345_600 })).issuedAt).toBe(1_773_345_600_000);
});

test.for([
  ['issued', 'yesterday'],
  ['issued', '2026-03-12T20:00:00'],
  ['issued', null],
  ['issued', true],
  ['refusals', 0.5],
  ['refusals', '1'],
] as const)('a token is of use with %s beside it that is %j', ([key, value]) => {
  const read = readToken(JSON.stringify({ token, [key]: value }));
  expect(read).toMatchObject({ value: token, issuedAt: undefined, refusals: undefined });
});

test('a token is written for people and for readToken alike', () => {
  expect(
    JSON.parse(writeToken({ value: token, issuedAt: at, expiresAt: at + 7_200_000, refusals: 1 })),
  ).toEqual({
    token,
    issued: '2026-03-12T20:00:00.123Z',
    expires: '2026-03-12T22:00:00.123Z',
    refusals: 1,
  });
  expect(JSON.parse(writeToken({ value: token, expiresAt: undefined }))).toEqual({ token });
});

const part = fc.stringMatching(/^[A-Za-z0-9_-]{1,200}$/);
const anyJwt = fc.oneof(
  fc.tuple(part, part, part).map(([header, payload, signature]) => `eyJ${header}.${payload}.${signature}`),
  fc.record({ exp: fc.oneof(fc.integer(), fc.double(), fc.string()) }).map(jwt),
);

test('what is written is read again', () => {
  const time = fc.integer({ min: 0, max: Date.parse('9999-12-31T23:59:59.999Z') });
  const granted = fc.record({
    value: anyJwt,
    issuedAt: fc.option(time, { nil: undefined }),
    expiresAt: time,
    refusals: fc.option(fc.nat(), { nil: undefined }),
  });
  fc.assert(
    fc.property(granted, (given) => {
      expect(readToken(writeToken(given))).toEqual(given);
    }),
  );
});

test('what is read can be written, and is then read as the same', () => {
  const exp = fc.oneof(fc.integer({ min: 0, max: 4_000_000_000 }), fc.string());
  const text = fc.oneof(
    exp.map((exp) => jwt({ exp })),
    fc
      .record({ token: anyJwt, issued: fc.nat(), expires: fc.nat() }, { requiredKeys: ['token', 'expires'] })
      .map((content) => JSON.stringify(content)),
  );
  fc.assert(
    fc.property(text, (given) => {
      const read = readToken(given);
      expect(readToken(writeToken(read))).toEqual(read);
    }),
  );
});

test('whatever has the form of a token can stand in a header as it is, and is not too long for one', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        anyJwt,
        fc.string(),
        fc.string().map((text) => `${token}${text}`),
      ),
      (text) => {
        const whole =
          /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/.test(text) && !text.endsWith('\n') && text.length <= 8_192;
        expect(isToken(text)).toBe(whole);
        if (whole)
          expect(new Headers({ authorization: `Bearer ${text}` }).get('authorization')).toBe(
            `Bearer ${text}`,
          );
      },
    ),
  );
  expect([`eyJ.a.${'b'.repeat(8_186)}`, `eyJ.a.${'b'.repeat(8_187)}`].map(isToken)).toEqual([true, false]);
});

test('the end in any text is a moment or none', () => {
  const claims = fc.oneof(
    fc.json(),
    fc.double().map((exp) => `{"exp":${exp}}`),
    fc.string({ unit: 'binary' }),
  );
  const text = claims.map((payload) => `eyJh.${Buffer.from(payload).toString('base64url')}.c2ln`);
  fc.assert(
    fc.property(fc.oneof(text, fc.string()), (given) => {
      const end = readExp(given);
      if (end !== undefined) expect(Number.isNaN(new Date(end).getTime())).toBe(false);
    }),
  );
  expect(readExp(jwt({ exp }))).toBe(exp * 1_000);
});
