import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { loginKeySignature } from '../../../../infra/local/presence/authorization/login-key.ts';
import { type PresenceEmulator, startPresenceEmulator } from '../../../../infra/local/presence/emulator.ts';
import type { FaultRequest } from '../../../../infra/local/presence/faults.ts';
import { agentOf } from './agent.ts';

let emulator: PresenceEmulator;

beforeAll(async () => {
  emulator = await startPresenceEmulator();
});
afterEach(() => emulator.reset());
afterAll(() => emulator.close());

const password = { username: 'relay.agent', password: 'emulator-password' };
const salesforce = { username: 'relay.agent', g4scredentials: '0123456789abcdef0123456789abcdef' };
const partner = { partnerid: 12345, partneruserid: 'relay-agent' };

type Form = 'Authorize' | 'AuthorizeService';

interface Asking {
  credentials?: unknown;
  query?: string;
  form?: Form;
  from?: PresenceEmulator;
}

function ask({
  credentials = password,
  query = 'groupid=12345&service=presence&duration=5&site=production',
  form = 'Authorize',
  from = emulator,
}: Asking = {}): Promise<Response> {
  const url = from.authorizeUrl.replace(/Authorize$/, form);
  return fetch(`${url}?${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credentials),
  });
}

interface Outcome {
  status: number;
  body: unknown;
}

async function outcome(asking?: Asking): Promise<Outcome> {
  const response = await ask(asking);
  return { status: response.status, body: await response.json() };
}

async function granted(asking?: Asking): Promise<string> {
  const { status, body } = await outcome(asking);
  expect([status, body]).toEqual([200, expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/)]);
  return String(body);
}

function loginKey(signer: string, { ahead = 300, apikey = 'emulator-api-key', version = '1' } = {}): string {
  const expires = Math.floor(Date.now() / 1000) + ahead;
  return `$${version}$${expires}$${loginKeySignature(apikey, `${signer}${version}${expires}`)}`;
}

const partnerKey = (options?: Parameters<typeof loginKey>[1]) => ({
  ...partner,
  loginkey: loginKey('12345relay-agent', options),
});

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

const secondsFromNow = (time: string) => (Date.parse(time) - Date.now()) / 1000;
const lookup = async (token: string, from = emulator) => (await agentOf(from, token).lookup('ada')).status;

test('Authorize answers a token as text, with which Presence can be used', async () => {
  expect(emulator.authorizeUrl).toBe(`${emulator.url}/services/AuthorizationService.svc/rest/Authorize`);
  const token = await granted();
  expect(await lookup(token)).toBe(200);
  const { groupid, exp, iat } = claimsOf(token);
  expect([groupid, Number(exp) - Number(iat)]).toEqual([12345, 300]);
});

test('AuthorizeService answers it in an object, with its end to seven digits', async () => {
  const { status, body } = await outcome({ form: 'AuthorizeService' });
  expect([status, body]).toEqual([
    200,
    {
      VServer: null,
      applicationSettings: null,
      authTokeExp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/),
      authToken: expect.any(String),
      coloSelectUrl: null,
      glanceAddress: null,
      groupId: 12345,
      gssnId: expect.stringMatching(/^1\.\d+\.[\w-]{43}\.12345$/),
      isTrial: false,
      message: null,
      planTimeout: 0,
      planTitle: null,
      privilegeString: expect.stringMatching(/^gssnId:.*;personId:1;presence:on$/),
      service: 9,
    },
  ]);
  const { authToken, authTokeExp } = body as { authToken: string; authTokeExp: string };
  expect(secondsFromNow(authTokeExp)).toBeCloseTo(300, -1);
  expect(await lookup(authToken)).toBe(200);
});

test('with the switch authorizeAnswer, both forms answer alike', async () => {
  const keysOf = async (form: Form) => Object.keys((await outcome({ form })).body ?? {});
  for (const form of ['Authorize', 'AuthorizeService'] as const) {
    emulator.switch({ authorizeAnswer: 'string' });
    await granted({ form });
    emulator.switch({ authorizeAnswer: 'object' });
    expect(await keysOf(form)).toContain('authTokeExp');
    emulator.switch({ authorizeAnswer: 'object-token-exp' });
    expect(await keysOf(form)).toContain('authTokenExp');
    expect(await keysOf(form)).not.toContain('authTokeExp');
    emulator.switch({ authorizeAnswer: 'object-no-exp' });
    const keys = await keysOf(form);
    expect(keys).toContain('authToken');
    expect(keys.filter((key) => /Exp$/.test(key))).toEqual([]);
  }
});

test.for([
  ['username and password', () => password],
  ['username and loginkey', () => ({ username: 'relay.agent', loginkey: loginKey('12345relay.agent') })],
  ['partnerid, partneruserid and loginkey', () => partnerKey()],
  ['a partnerid as text', () => ({ ...partnerKey(), partnerid: '12345' })],
  ['username and g4scredentials', () => salesforce],
] as const)('%s are granted a token', async ([, credentials]) => {
  expect(await lookup(await granted({ credentials: credentials() }))).toBe(200);
});

test.for([
  [{ ...password, password: 'guessed' }, 'The password is wrong'],
  [{ ...password, username: 'somebody' }, 'no user of this username'],
  [{ ...salesforce, username: 'somebody' }, 'no user of this username'],
  [{ ...salesforce, g4scredentials: 'f'.repeat(32) }, 'The g4scredentials are wrong'],
  [{ ...partner, partnerid: 777, loginkey: '' }, 'another partnerid'],
  [{ ...partner, partneruserid: 'somebody', loginkey: '' }, 'no user of this partneruserid'],
  [{ ...partner, loginkey: 'guessed' }, 'malformed'],
  [{ username: 'relay.agent', loginkey: 'guessed' }, 'malformed'],
  [{ gssnid: 'x' }, 'gssnid is not supported'],
  [{ ...salesforce, g4scredentials: 'short' }, 'have to be one of'],
  [{ ...password, ...salesforce }, 'have to be one of'],
  [{ ...password, username: 5 }, 'have to be one of'],
  [{ username: 'relay.agent' }, 'have to be one of'],
  [{}, 'have to be one of'],
  [[], 'have to be one of'],
  [null, 'have to be one of'],
] as const)('%j are refused with their reason', async ([credentials, reason]) => {
  const body = { err: 'authorization', msg: expect.stringContaining(reason) };
  expect(await outcome({ credentials })).toEqual({ status: 401, body });
  expect(emulator.granted).toBe(0);
});

test.for([
  ['a day ahead', { ahead: 86_400 }, undefined],
  ['more than that', { ahead: 86_460 }, 'more than a day ahead'],
  ['expired', { ahead: 0 }, 'has expired'],
  ['of version 2', { version: '2' }, 'version of the login key is not 1'],
  ['signed by another', { apikey: 'another' }, 'signature of the login key is wrong'],
] as const)('a login key %s is granted a token, or told why not', async ([, options, reason]) => {
  const { status, body } = await outcome({ credentials: partnerKey(options) });
  if (reason === undefined) expect(status).toBe(200);
  else expect([status, body]).toMatchObject([401, { msg: expect.stringContaining(reason) }]);
});

test('a login key with a user name may be signed over that, or over the partner user id; one of a partner not', async () => {
  const [user, partner] = [loginKey('12345relay.agent'), loginKey('12345relay-agent')];
  for (const loginkey of [user, partner])
    expect(await outcome({ credentials: { username: 'relay.agent', loginkey } })).toMatchObject({
      status: 200,
    });
  const asPartner = { partnerid: 12_345, partneruserid: 'relay-agent', loginkey: user };
  expect(await outcome({ credentials: asPartner })).toMatchObject({
    status: 401,
    body: { msg: 'The signature of the login key is wrong' },
  });
});

test('no body at all makes Authorize fail', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (credentials) => {
      expect((await ask({ credentials })).status).toBe(401);
    }),
    { numRuns: 100 },
  );
});

test('a body that is no JSON is a bad request, a GET is not allowed', async () => {
  const url = `${emulator.authorizeUrl}?groupid=12345`;
  expect((await fetch(url, { method: 'POST', body: 'username=relay.agent' })).status).toBe(400);
  const response = await fetch(url);
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
});

test('an account is changed, for one group or for all, until the reset', async () => {
  await using other = await startPresenceEmulator({ groups: [12345, 777] });
  const statuses = async (secret: string) => {
    const credentials = { username: 'relay.agent', password: secret };
    const of = (groupid: number) =>
      ask({ credentials, query: `groupid=${groupid}&service=presence`, from: other });
    return [(await of(12345)).status, (await of(777)).status];
  };
  expect(await statuses('emulator-password')).toEqual([200, 200]);
  other.setAccount(777, { password: 'new' });
  expect(await statuses('emulator-password')).toEqual([200, 401]);
  other.setAccount('all', { password: 'newer' });
  expect(await statuses('newer')).toEqual([200, 200]);
  expect(other.accounts).toMatchObject([
    { groupid: 12345, partnerid: 12345, password: 'newer' },
    { groupid: 777, partnerid: 777, password: 'newer' },
  ]);
  await other.reset();
  expect(await statuses('emulator-password')).toEqual([200, 200]);
});

test('an account is changed to what it can be only, and of a group that there is', () => {
  expect(() => emulator.setAccount(12345, { g4scredentials: 'short', apikey: '' })).toThrow(
    /g4scredentials: .*; apikey: |apikey: .*; g4scredentials: /,
  );
  expect(() => emulator.setAccount(1, { apikey: 'x' })).toThrow('no such group');
});

test('a new API key makes the login keys of the old one worthless', async () => {
  emulator.setAccount(12345, { apikey: 'new' });
  expect((await ask({ credentials: partnerKey() })).status).toBe(401);
  expect((await ask({ credentials: partnerKey({ apikey: 'new' }) })).status).toBe(200);
});

test('a token is good for the group that it was asked for; one of several has to be named', async () => {
  await using other = await startPresenceEmulator({ groups: [12345, 777] });
  const of = (query: string) => outcome({ query: `${query}&service=presence`, from: other });
  expect(await lookup(String((await of('groupid=12345')).body), other)).toBe(200);
  expect(await lookup(String((await of('groupid=777')).body), other)).toBe(403);
  expect(await of('')).toMatchObject({ status: 400, body: { msg: 'groupid is missing or is no number' } });
  expect(await of('groupid=1')).toMatchObject({
    status: 400,
    body: { msg: expect.stringContaining('group') },
  });
});

test('the only group there is need not be named', async () => {
  expect(await lookup(await granted({ query: 'service=presence' }))).toBe(200);
  expect((await ask({ query: 'groupid=&service=presence' })).status).toBe(400);
});

test.for([
  ['duration=1', 60],
  ['duration=120', 7_200],
  ['', 3_600],
] as const)('with %j, a token lives for %i seconds', async ([duration, seconds]) => {
  const { exp, iat } = claimsOf(await granted({ query: `service=presence&${duration}` }));
  expect(Number(exp) - Number(iat)).toBe(seconds);
});

test.for([
  'duration=0',
  'duration=121',
  'duration=-5',
  'duration=1.5',
  'duration=',
  'duration=x',
  'site=moon',
])('%s is a bad request', async (query) => {
  expect(await outcome({ query })).toMatchObject({ status: 400, body: { err: 'badrequest' } });
});

test.for(['service=webservices', ''])('with the query %j, a token has no use for Presence', async (query) => {
  expect(await lookup(await granted({ query }))).toBe(403);
});

test('a token ends when tokenSeconds have passed, whatever was asked for', async () => {
  emulator.switch({ tokenSeconds: 1 });
  const token = await granted();
  expect(await lookup(token)).toBe(200);
  await sleep(1_100);
  expect(await lookup(token)).toBe(401);
});

test('tokenSeconds makes no token longer', async () => {
  emulator.switch({ tokenSeconds: 100 });
  const life = async (query: string) => {
    const { exp, iat } = claimsOf(await granted({ query }));
    return Number(exp) - Number(iat);
  };
  expect([await life('duration=1'), await life('duration=2')]).toEqual([60, 100]);
});

test.for([
  ['401', 'Authorize', 401, { err: 'authorization', msg: 'The password is wrong' }],
  ['403', 'AuthorizeService', 403, { err: 'authorization', msg: 'The password is wrong' }],
  ['200-empty', 'Authorize', 200, ''],
  ['200-empty', 'AuthorizeService', 200, ''],
  ['200', 'Authorize', 200, { authToken: null, message: 'The password is wrong', groupId: 12345 }],
  ['200', 'AuthorizeService', 200, { authToken: null, message: 'The password is wrong', groupId: 12345 }],
] as const)('authorizeRefusal=%s refuses as %s', async ([authorizeRefusal, form, status, body]) => {
  emulator.switch({ authorizeRefusal });
  const refusal = await outcome({ form, credentials: { ...password, password: 'guessed' } });
  if (body === '') expect(refusal).toEqual({ status, body });
  else expect(refusal).toMatchObject({ status, body });
  expect(emulator.granted).toBe(0);
});

test('a bad request stays one, however credentials are refused', async () => {
  emulator.switch({ authorizeRefusal: '200' });
  expect((await ask({ query: 'duration=0' })).status).toBe(400);
});

test.for([
  ['presence', 200],
  ['nothing', 403],
  ['revoked', 401],
] as const)(
  'tokens that are authorizedFor=%s are answered by Presence with %i',
  async ([authorizedFor, status]) => {
    emulator.switch({ authorizedFor });
    expect(await lookup(await granted())).toBe(status);
  },
);

test('with jwtExp=false, a token does not tell its end, and ends all the same', async () => {
  emulator.switch({ jwtExp: false, tokenSeconds: 1 });
  const token = await granted();
  expect(claimsOf(token)).not.toHaveProperty('exp');
  expect(await lookup(token)).toBe(200);
  await sleep(1_100);
  expect(await lookup(token)).toBe(401);
});

test.for([-40_000, 40_000])('a clock that is %i seconds ahead tells all its times so', async (clock) => {
  emulator.switch({ authorizeClockSeconds: clock, tokenSeconds: 1 });
  const response = await ask({ form: 'AuthorizeService' });
  const { authToken, authTokeExp } = (await response.json()) as { authToken: string; authTokeExp: string };
  const { iat, exp } = claimsOf(authToken);
  const told = [
    secondsFromNow(response.headers.get('date') ?? ''),
    secondsFromNow(authTokeExp),
    Number(iat) - Date.now() / 1000,
    Number(exp) - Date.now() / 1000,
  ];
  for (const seconds of told) expect(seconds).toBeCloseTo(clock, -1);
  expect(await lookup(authToken)).toBe(200);
  const presence = await agentOf(emulator).lookup('ada');
  expect(Math.abs(secondsFromNow(presence.headers.get('date') ?? ''))).toBeLessThan(10);
  await sleep(1_100);
  expect(await lookup(authToken)).toBe(401);
});

test('login keys are measured by the clock of Authorize', async () => {
  const status = async (ahead: number) => (await ask({ credentials: partnerKey({ ahead }) })).status;
  emulator.switch({ authorizeClockSeconds: 600 });
  expect([await status(300), await status(900), await status(86_900)]).toEqual([401, 200, 200]);
  emulator.switch({ authorizeClockSeconds: -600 });
  expect([await status(-300), await status(300), await status(86_100)]).toEqual([200, 200, 401]);
});

test('refusals and faults tell the time of Authorize too', async () => {
  emulator.switch({ authorizeClockSeconds: -40_000 });
  emulator.faults.add({ endpoint: 'authorize', fault: { kind: 'status', status: 503 } });
  for (const status of [503, 401]) {
    const response = await ask({ credentials: {} });
    expect(response.status).toBe(status);
    expect(secondsFromNow(response.headers.get('date') ?? '')).toBeCloseTo(-40_000, -2);
  }
});

test('both forms are counted under their names, and granted tokens for themselves', async () => {
  await ask();
  await ask({ form: 'AuthorizeService' });
  emulator.switch({ authorizeRefusal: '200' });
  await ask({ credentials: {} });
  expect(emulator.requests.counts()).toEqual({ Authorize: { 200: 2 }, AuthorizeService: { 200: 1 } });
  expect(emulator.granted).toBe(2);
  await emulator.reset();
  expect([emulator.granted, emulator.requests.count('Authorize')]).toEqual([0, 0]);
});

test('a status fault comes with Retry-After, on either form, and nothing is granted', async () => {
  const fault = { kind: 'status', status: 429, retryAfter: 7 } as const;
  emulator.faults.add({ endpoint: 'authorize', times: 2, fault });
  for (const form of ['Authorize', 'AuthorizeService'] as const) {
    const response = await ask({ form });
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
  }
  expect(emulator.granted).toBe(0);
  await granted();
});

test('a body, a malformed one and latency happen to Authorize', async () => {
  emulator.faults.add({ endpoint: 'authorize', fault: { kind: 'body', body: { authToken: '' } } });
  emulator.faults.add({ endpoint: 'authorize', fault: { kind: 'malformed' } });
  emulator.faults.add({ endpoint: 'authorize', fault: { kind: 'latency', ms: 120 } });
  expect(await outcome()).toEqual({ status: 200, body: { authToken: '' } });
  await expect(outcome()).rejects.toThrow();
  const start = performance.now();
  await granted();
  expect(performance.now() - start).toBeGreaterThan(110);
});

const unanswered: { fault: FaultRequest['fault']; tokens: number }[] = [
  { fault: { kind: 'hang' }, tokens: 0 },
  { fault: { kind: 'hang', deliver: true }, tokens: 1 },
  { fault: { kind: 'reset' }, tokens: 0 },
  { fault: { kind: 'reset', deliver: true }, tokens: 1 },
  { fault: { kind: 'cut' }, tokens: 1 },
  { fault: { kind: 'cut', framing: 'chunked', deliver: false }, tokens: 0 },
];

test.for(unanswered)('after $fault, $tokens tokens are granted', async ({ fault, tokens }) => {
  emulator.faults.add({ endpoint: 'authorize', fault });
  const asked = fetch(`${emulator.authorizeUrl}?service=presence`, {
    method: 'POST',
    body: JSON.stringify(password),
    signal: AbortSignal.timeout(300),
  });
  await expect(asked.then((response) => response.text())).rejects.toThrow();
  expect(emulator.granted).toBe(tokens);
});

test('a fault of every endpoint leaves Authorize alone, as one of Authorize does the others', async () => {
  emulator.faults.add({ endpoint: '*', times: 0, fault: { kind: 'status', status: 500 } });
  const token = await granted();
  expect(await lookup(token)).toBe(500);
  emulator.faults.clear();
  emulator.faults.add({ endpoint: 'authorize', times: 0, fault: { kind: 'status', status: 500 } });
  expect(await lookup(token)).toBe(200);
});

test('pages of trusted origins alone may call Authorize', async () => {
  const preflight = (origin: string) =>
    fetch(emulator.authorizeUrl, { method: 'OPTIONS', headers: { origin } });
  emulator.switch({ agentOrigins: ['https://desk.example'] });
  const trusted = await preflight('https://desk.example');
  expect([trusted.status, trusted.headers.get('access-control-allow-methods')]).toEqual([200, 'POST']);
  expect((await preflight('https://evil.example')).status).toBe(405);
});
