import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAuthorization } from '../../../shared/authorization/answers.ts';
import { AuthorizationError } from '../../../shared/authorization/errors.ts';
import type { Token } from '../../../shared/presence/token.ts';
import type { HttpResponse } from '../../../shared/presence/transport.ts';
import { jwt } from '../../support/tokens.ts';

const now = Date.parse('2026-03-12T20:00:00Z');
const token = jwt({ n: 1 });
const minute = 60_000;

interface Asking {
  minutes?: number;
  secrets?: readonly string[];
}

type Answer = Partial<Omit<HttpResponse, 'text'>> & { json?: unknown; text?: string };

/** The token in an answer to a question put at 20:00, for an hour unless it is told otherwise. */
function read(answer: Answer, { minutes = 60, secrets = [] }: Asking = {}): Token {
  const { status = 200, headers = {}, json, text = JSON.stringify(json) } = answer;
  return readAuthorization({ status, headers, text }, { now, minutes, secrets });
}

function errorOf(answer: Answer, asking?: Asking): AuthorizationError {
  try {
    read(answer, asking);
  } catch (error) {
    if (error instanceof AuthorizationError) return error;
    throw error;
  }
  throw new Error('a token was read');
}

/** When the token ends, in minutes from when it was asked for. */
function minutesOf(answer: Answer, asking?: Asking): number {
  const { issuedAt, expiresAt = Number.NaN } = read(answer, asking);
  expect(issuedAt).toBe(now);
  return (expiresAt - now) / minute;
}

function iso(minutes: number): string {
  return new Date(now + minutes * minute).toISOString();
}

function exp(minutes: number): number {
  return now / 1_000 + minutes * 60;
}

function dated(secondsAhead: number): HttpResponse['headers'] {
  return { date: new Date(now + secondsAhead * 1_000).toUTCString() };
}

/** The answer of Glance's page for the newer operation. */
const sample = {
  VServer: null,
  applicationSettings: null,
  authTokeExp: '2026-03-12T20:41:55.6484735Z',
  authToken: token,
  coloSelectUrl: null,
  glanceAddress: null,
  groupId: 12345,
  gssnId: '1.2.3',
  isTrial: false,
  message: null,
  planTimeout: 0,
  planTitle: null,
  privilegeString: 'gssnId:1.2.3;personId:7',
  service: 9,
};

describe('a token', () => {
  test('is the whole answer of Authorize', () => {
    expect(read({ json: token })).toEqual({ value: token, issuedAt: now, expiresAt: now + 60 * minute });
    expect(read({ text: ` "${token}"\r\n` }).value).toBe(token);
  });

  test('stands among other things in the answer of the newer operation', () => {
    const expiresAt = Date.parse('2026-03-12T20:41:55.648Z');
    expect(read({ json: sample })).toEqual({ value: token, issuedAt: now, expiresAt });
  });

  test('may stand alone in an object', () => {
    expect(read({ json: { authToken: token } }).value).toBe(token);
  });

  test('is taken also if there is a message with it', () => {
    expect(read({ json: { ...sample, message: 'Your trial ends soon' } }).value).toBe(token);
  });

  test.for([
    { message: {} },
    { message: 7 },
    { message: ['Your trial ends soon'] },
    { msg: false },
    { authTokeExp: 1_773_348_115 },
    { authTokenExp: { at: 'noon' } },
  ])('is taken whatever stands beside it, such as %j', (odd) => {
    expect(read({ json: { authToken: token, ...odd } }).value).toBe(token);
  });

  test.for(['hunter2', `Bearer ${token}`, `${token}.x`, `${token}\n`, `eyJ${'a'.repeat(9_000)}.b.c`])(
    'is none if it is no JWT: %j',
    (authToken) => {
      expect(errorOf({ json: { authToken } })).toMatchObject({
        code: 'invalid-answer',
        message: 'the Authorization API granted something that is not a JWT',
      });
    },
  );
});

describe('the end of a token', () => {
  const withExp = jwt({ exp: exp(40) });

  test('is the one that the answer tells, before that of the token itself', () => {
    expect(minutesOf({ json: { authToken: withExp, authTokeExp: iso(30) } })).toBe(30);
    expect(minutesOf({ json: { authToken: withExp, authTokeExp: iso(50) } })).toBe(50);
  });

  test('is read under the name that Glance meant, too', () => {
    expect(minutesOf({ json: { authToken: token, authTokenExp: iso(30) } })).toBe(30);
    expect(minutesOf({ json: { authToken: token, authTokeExp: null, authTokenExp: iso(30) } })).toBe(30);
    expect(minutesOf({ json: { authToken: token, authTokeExp: iso(20), authTokenExp: iso(30) } })).toBe(20);
  });

  test.for([
    ['2026-03-12T20:30:00Z', 30],
    ['2026-03-12T20:30:00.0000000Z', 30],
    ['2026-03-12T21:30:00+01:00', 30],
    ['2026-03-12T15:00:00.5-05:30', 30 + 0.5 / 60],
  ] as const)('%s is read', ([authTokeExp, minutes]) => {
    expect(minutesOf({ json: { authToken: token, authTokeExp } })).toBeCloseTo(minutes, 9);
  });

  test('is that of the token itself where the answer tells none', () => {
    expect(minutesOf({ json: withExp })).toBe(40);
    expect(minutesOf({ json: { authToken: withExp } })).toBe(40);
  });

  test.for([
    '',
    'soon',
    '2026-03-12',
    '2026-03-12T20:30:00',
    '2026-13-45T99:99:99Z',
    '/Date(1773347400000)/',
    '0001-01-01T00:00:00',
    '0001-01-01T00:00:00Z',
  ])('is that of the token itself where the answer tells %j', (authTokeExp) => {
    expect(minutesOf({ json: { authToken: withExp, authTokeExp } })).toBe(40);
  });

  test('is as it was asked for where nobody tells it', () => {
    expect(minutesOf({ json: token }, { minutes: 90 })).toBe(90);
    expect(minutesOf({ json: { authToken: token } }, { minutes: 20 })).toBe(20);
  });

  test.for([{ exp: 'soon' }, { exp: -1 }, { exp: 0 }, { exp: -1e300 }, { exp: null }, {}])(
    'is as it was asked for where the token holds %j',
    (claims) => {
      expect(minutesOf({ json: jwt(claims) })).toBe(60);
    },
  );

  test('in the past is no end of a token that was granted just now', () => {
    expect(minutesOf({ json: { authToken: withExp, authTokeExp: iso(-1) } })).toBe(40);
    expect(minutesOf({ json: { authToken: withExp, authTokeExp: iso(0) } })).toBe(40);
    expect(minutesOf({ json: jwt({ exp: exp(-1) }) })).toBe(60);
    expect(minutesOf({ json: { authToken: jwt({ exp: exp(-1) }), authTokeExp: iso(-2) } })).toBe(60);
  });

  test('is never later than it was asked for', () => {
    expect(minutesOf({ json: { authToken: token, authTokeExp: iso(61) } })).toBe(60);
    expect(minutesOf({ json: jwt({ exp: exp(120) }) }, { minutes: 90 })).toBe(90);
    expect(minutesOf({ json: jwt({ exp: 8.64e12 }) })).toBe(60);
    expect(minutesOf({ json: { authToken: token, authTokeExp: '9999-12-31T23:59:59.9999999Z' } })).toBe(60);
  });

  test.for([40_000, 3_600, 60, 2, -2, -60, -3_600, -40_000])(
    'is kept by our clock where theirs is %d seconds ahead',
    (ahead) => {
      const headers = dated(ahead);
      const authTokeExp = iso(30 + ahead / 60);
      expect(minutesOf({ json: { authToken: token, authTokeExp }, headers })).toBeCloseTo(30, 9);
      expect(minutesOf({ json: jwt({ exp: exp(30) + ahead }), headers })).toBeCloseTo(30, 9);
    },
  );

  test('of a clock that is behind is not taken for one in the past', () => {
    const headers = dated(-3_600);
    expect(minutesOf({ json: { authToken: token, authTokeExp: iso(-30) }, headers })).toBe(30);
    expect(minutesOf({ json: { authToken: token, authTokeExp: iso(-61) }, headers })).toBe(60);
  });

  test.for([1, -1])('does not move by a difference of clocks as small as %d seconds', (ahead) => {
    expect(minutesOf({ json: jwt({ exp: exp(30) }), headers: dated(ahead) })).toBe(30);
  });

  test.for([undefined, '', 'soon', ['Thu, 12 Mar 2026 19:00:00 GMT', 'Thu, 12 Mar 2026 19:00:00 GMT']])(
    'does not move by a header Date of %j',
    (date) => {
      expect(minutesOf({ json: jwt({ exp: exp(30) }), headers: { date } })).toBe(30);
    },
  );

  test.for(['5', '2026', '-1', '12/03/26'])('does not move by a header Date that is no date: %j', (date) => {
    expect(minutesOf({ json: jwt({ exp: exp(30) }), headers: { date } })).toBe(30);
  });

  test('lies after now and within what was asked for, whatever is told', () => {
    const told = fc.oneof(
      fc.date().map((date) => String(date)),
      fc.date({ noInvalidDate: true }).map(toIso),
      fc.string(),
    );
    const claims = fc
      .oneof(fc.integer(), fc.double(), fc.constantFrom('1', null))
      .map((value) => ({ exp: value }));
    const date = fc.oneof(
      fc.date({ noInvalidDate: true }).map((at) => at.toUTCString()),
      fc.integer({ min: -50_000, max: 50_000 }).map((seconds) => String(dated(seconds).date)),
      fc.string(),
    );
    const minutes = fc.integer({ min: 1, max: 120 });
    fc.assert(
      fc.property(told, claims, date, minutes, (authTokeExp, inToken, date, minutes) => {
        const answer = { json: { authToken: jwt(inToken), authTokeExp }, headers: { date } };
        const ends = minutesOf(answer, { minutes });
        expect(ends).toBeGreaterThan(0);
        expect(ends).toBeLessThanOrEqual(minutes);
      }),
      { numRuns: 2_000 },
    );
  });

  test('told by any clock is the same', () => {
    const seconds = fc.integer({ min: 1, max: 3_600 });
    const ahead = fc.integer({ min: -86_400, max: 86_400 }).filter((difference) => Math.abs(difference) >= 2);
    fc.assert(
      fc.property(seconds, ahead, (ends, ahead) => {
        const answer = { json: jwt({ exp: exp(0) + ends + ahead }), headers: dated(ahead) };
        expect(read(answer).expiresAt).toBe(now + ends * 1_000);
      }),
    );
  });

  function toIso(date: Date): string {
    return date.toISOString();
  }
});

describe('a refusal', () => {
  const silent = ', and does not say why';
  test.for([
    [
      { json: { ...sample, authToken: null, message: 'Wrong password' } },
      'granted no token: "Wrong password"',
    ],
    [{ json: { authToken: '', message: 'Wrong password' } }, 'granted no token: "Wrong password"'],
    [{ json: { message: 'Wrong password' } }, 'granted no token: "Wrong password"'],
    [{ json: { err: 'authorization', msg: 'Wrong password' } }, 'granted no token: "Wrong password"'],
    [{ json: { message: 'Wrong password', msg: 'No' } }, 'granted no token: "Wrong password"'],
    [{ json: 'Wrong password' }, 'granted no token: "Wrong password"'],
    [{ json: '' }, `granted no token${silent}`],
    [{ json: null }, `granted no token${silent}`],
    [{ json: {} }, `granted no token${silent}`],
    [{ json: { authToken: null } }, `granted no token${silent}`],
    [{ json: { authToken: null, message: '' } }, `granted no token${silent}`],
    [{ text: '' }, `granted no token${silent}`],
    [{ text: ' \r\n' }, `granted no token${silent}`],
    [
      { status: 401, json: { err: 'authorization', msg: 'Wrong password' } },
      'answered 401: "Wrong password"',
    ],
    [{ status: 403, json: { message: 'No Presence' } }, 'answered 403: "No Presence"'],
    [{ status: 400, json: 'No such group' }, 'answered 400: "No such group"'],
    [{ status: 401, text: '' }, `answered 401${silent}`],
    [{ status: 403, text: '<html>403 hunter2</html>' }, `answered 403${silent}`],
    [{ status: 400, text: '{"message":"cut o' }, `answered 400${silent}`],
    [{ status: 401, json: { message: 7 } }, `answered 401${silent}`],
    [{ status: 401, json: [] }, `answered 401${silent}`],
    [{ status: 401, json: token }, 'answered 401: "…"'],
  ] as const)('%j: the Authorization API %s', ([answer, message]) => {
    const error = errorOf(answer);
    expect(error).toMatchObject({ code: 'refused', message: `the Authorization API ${message}` });
    expect(error.retryAfterSeconds).toBeUndefined();
  });
});

describe('the words of a refusal', () => {
  function wordsOf(message: string, secrets: readonly string[] = []): string | undefined {
    const error = errorOf({ status: 401, json: { message } }, { secrets });
    return /^the Authorization API answered 401: "(.*)"$/.exec(error.message)?.[1];
  }

  test.for([
    ['User ada may not', ['ada'], 'User … may not'],
    ['ada/hunter2/ada', ['ada', 'hunter2'], '…/…/…'],
    ['the password p$&.*+ is wrong', ['p$&.*+'], 'the password … is wrong'],
    ['the password pässwört is wrong', ['pässwört'], 'the password … is wrong'],
    ['no account of 12345', ['12345'], 'no account of …'],
  ] as const)('%j are shown without what was sent: %j', ([message, secrets, shown]) => {
    expect(wordsOf(message, secrets)).toBe(shown);
  });

  test('hide the whole of a password that begins with the user name', () => {
    const words = wordsOf('ada has not the password ada-hunter2', ['ada', 'ada-hunter2']);
    expect(words).toBe('… has not the password …');
  });

  test('hide the whole of a token or a login key in which something that was sent occurs by chance', () => {
    expect(wordsOf(`token ${token} is old`, [token.slice(20, 24)])).toBe('token … is old');
    const key = '$1$1593908430$Wf7vDWWv1Ci5VrcUvtWuJh_jLgZIfectGUPkg6DbZws';
    expect(wordsOf(`key ${key} has expired`, ['1593', 'DWW'])).toBe('key … has expired');
  });

  test('hide a password that stands in them as it was sent, within JSON', () => {
    const password = 'say "friend"\\';
    const words = wordsOf(`no: ${JSON.stringify({ username: 'ada', password })}`, ['ada', password]);
    expect(words).not.toContain('friend');
  });

  test('hide what was sent however far back it stands', () => {
    const password = 'correct-horse-battery-staple';
    const begin = password.slice(0, 7);
    expect(wordsOf(`${'\n'.repeat(1_985)}${password}`, [password]) ?? '').not.toContain(begin);
    expect(wordsOf(password.repeat(1_000), [password]) ?? '').not.toContain(begin);
    expect(wordsOf(`no ${'.'.repeat(190)}${password}`, [password]) ?? '').not.toContain(begin);
  });

  test.for([
    [`token ${token} is old`, 'token … is old'],
    [`Bearer ${token}, ${token}`, 'Bearer …, …'],
    [`"${token.slice(0, 30)}" is cut`, '"…" is cut'],
    ['eyJhbGciOiJIUzI1NiJ9.e30', '…'],
    ['key $1$1593908430$Wf7vDWWv1Ci5VrcUvtWuJh_jLgZIfectGUPkg6DbZws has expired', 'key … has expired'],
    ['ada~$1$1593908430$Wf7vDWWv1Ci5VrcU.', 'ada~….'],
  ] as const)(
    '%j are shown without a token and a login key, whoever they belong to: %j',
    ([message, shown]) => {
      expect(wordsOf(message)).toBe(shown);
    },
  );

  test.for([
    ['of letters', 'aAzZ'],
    ['of digits', '0123456789'],
    ['of base64', 'aB3+/='],
    ['of base64 for addresses', 'aB3-_='],
    ['of what is percent-encoded', '%2F%3D'],
    ['of dots, hyphens and tildes', '.-~'],
  ] as const)(
    'hide what is too long for a word, whosever it is: 24 characters or more %s',
    ([, characters]) => {
      const run = (length: number) => characters.repeat(length).slice(0, length);
      expect(wordsOf(`no <${run(23)}>`)).toBe(`no <${run(23)}>`);
      for (const length of [24, 25, 100, 10_000]) expect(wordsOf(`no <${run(length)}>`)).toBe('no <…>');
      expect(wordsOf(`${run(24)}, ${run(23)}: ${run(24)}`)).toBe(`…, ${run(23)}: …`);
    },
  );

  test.for([
    'No such user in the group, or it has no Presence license',
    'Internationalization!Internationalization',
    'donaudampfschifffahrtsg@kapitaensmuetze',
  ])('are shown if no run is as long: %s', (message) => {
    expect(wordsOf(message)).toBe(message);
  });

  test('hide no less of a long run of which a part was sent', () => {
    expect(wordsOf(`key ${'k'.repeat(12)}SENT${'k'.repeat(12)} is old`, ['SENT'])).toBe('key … is old');
  });

  test.for([
    ['a\nb\r\n\tc\0d\u007fe', 'a b c d e'],
    ['a\u001b[31mb', 'a [31mb'],
    ['a\u2028b\u202ec\u0085d', 'a b c d'],
    ['Benutzer gesperrt, für immer 🔒', 'Benutzer gesperrt, f r immer'],
    ['  so  ', 'so'],
  ] as const)('%j are shown on one line, in ASCII: %j', ([message, shown]) => {
    expect(wordsOf(message)).toBe(shown);
  });

  test('that show nothing are not shown', () => {
    const { message } = errorOf({ status: 401, json: { message: '\n\t' } });
    expect(message).toBe('the Authorization API answered 401, and does not say why');
  });

  test('are cut after 200 characters', () => {
    const words = (length: number) => 'No, no! '.repeat(length / 8 + 1).slice(0, length);
    expect(wordsOf(`${words(199)}!`)).toBe(`${words(199)}!`);
    expect(wordsOf(`${words(200)}!`)).toBe(`${words(200)} …`);
    expect(wordsOf(`${words(250_000)}!`)).toBe(`${words(200)} …`);
  });

  test('hold nothing that was sent, no token and no login key, and are short and in ASCII, whatever they were', () => {
    const secret = fc.stringMatching(/^[A-Z0-9]{6,20}$/);
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[\n\0 ]{1,900}$/),
      fc.constantFrom(token, token.slice(0, 40), '$1$1593908430$Wf7vDWWv1Ci5VrcUvtWuJh_jLgZ'),
    );
    const indent = fc.oneof(fc.constant(0), fc.integer({ min: 1_900, max: 2_100 }));
    const said = fc
      .tuple(secret, secret, indent, fc.array(fc.oneof(piece, fc.constantFrom(0, 1)), { maxLength: 12 }))
      .map(([username, rest, indented, pieces]) => {
        const secrets = [username, `${username}${rest}`];
        const words = pieces.map((each) => (typeof each === 'number' ? secrets[each] : each));
        return { parts: [username, rest], secrets, message: `${'\n'.repeat(indented)}${words.join(' ')}` };
      });
    fc.assert(
      fc.property(said, fc.constantFrom(200, 400, 401, 403), ({ parts, secrets, message }, status) => {
        const shown = errorOf({ status, json: { message } }, { secrets }).message;
        for (const part of parts) expect(shown).not.toContain(part.slice(0, 6));
        expect(shown).not.toMatch(/eyJ|\$1\$\d|[\w+/=.~%-]{24}/);
        expect(shown).toMatch(/^[\x20-\x7e…]{1,300}$/);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('an API that is in trouble', () => {
  test.for([429, 500, 502, 503, 504, 599])('is unavailable: %d', (status) => {
    const error = errorOf({ status, json: token });
    expect(error).toMatchObject({ code: 'unavailable', message: `the Authorization API answered ${status}` });
    expect(error.retryAfterSeconds).toBeUndefined();
  });

  test.for([
    ['7', 7],
    ['0', 0],
    [' 120 ', 120],
    ['Thu, 12 Mar 2026 20:02:00 GMT', 120],
    ['Thu, 12 Mar 2026 19:58:00 GMT', 0],
    ['soon', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['', undefined],
  ] as const)(
    'says with Retry-After: %j that it wants to be left alone for %d seconds',
    ([after, seconds]) => {
      for (const status of [429, 503]) {
        const error = errorOf({ status, text: '', headers: { 'retry-after': after } });
        expect(error.retryAfterSeconds).toBe(seconds);
      }
    },
  );
});

describe('an answer that nobody explains', () => {
  test.for([201, 204, 301, 302, 307, 404, 405, 410, 418])(
    'is one of status %d, even with a token',
    (status) => {
      expect(errorOf({ status, json: token, headers: { location: 'https://evil.example/' } })).toMatchObject({
        code: 'invalid-answer',
        message: `the Authorization API answered ${status}; is its address right?`,
      });
    },
  );

  test.for(['<html>Please log in</html>', token, '"eyJhbGci', '{"authToken":', `"${token}" "${token}"`])(
    'is one that is not JSON: %j',
    (text) => {
      const error = errorOf({ text });
      expect(error).toMatchObject({
        code: 'invalid-answer',
        message: 'the Authorization API answered with something that is not JSON',
      });
    },
  );

  test('is nothing that could fail in another way, whatever it is', () => {
    const headerValue = fc.option(fc.oneof(fc.string(), fc.array(fc.string())), { nil: undefined });
    const answerKey = fc.constantFrom(
      'authToken',
      'authTokeExp',
      'authTokenExp',
      'message',
      'msg',
      '__proto__',
    );
    const object = fc.dictionary(answerKey, fc.oneof(fc.jsonValue(), fc.constant(token)));
    const answer = fc.record({
      status: fc.oneof(fc.constantFrom(200, 400, 401, 403, 404, 429, 503), fc.integer()),
      headers: fc.record({ date: headerValue, 'retry-after': headerValue }),
      text: fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.json(),
        object.map((content) => JSON.stringify(content)),
        fc.constantFrom('['.repeat(100_000), `${'['.repeat(50_000)}${']'.repeat(50_000)}`, `"${token}"`),
      ),
    });
    fc.assert(
      fc.property(answer, fc.array(fc.string({ minLength: 1 })), (response, secrets) => {
        try {
          expect(readAuthorization(response, { now, minutes: 60, secrets }).value).toBe(token);
        } catch (error) {
          expect(error).toBeInstanceOf(AuthorizationError);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
