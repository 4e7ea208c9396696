import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type PresenceEmulator, startPresenceEmulator } from '../../../infra/local/presence/emulator.ts';
import type { FaultRequest } from '../../../infra/local/presence/faults.ts';
import {
  type AuthorizationAddress,
  readAuthorizationAddress,
} from '../../../shared/authorization/address.ts';
import { AuthorizationClient, type TokenWish } from '../../../shared/authorization/client.ts';
import type { Credentials } from '../../../shared/authorization/credentials.ts';
import { AuthorizationError } from '../../../shared/authorization/errors.ts';
import { isToken, type Token } from '../../../shared/presence/token.ts';
import { Transport } from '../../../shared/presence/transport.ts';
import { deadlineIn } from '../../../shared/runtime/deadline.ts';
import { agentOf } from '../../infra/local/presence/agent.ts';
import {
  closedPort,
  cutBody,
  cutChunks,
  json,
  type PresenceServer,
  type Reply,
  reset,
  type Script,
  silence,
  startPresenceServer,
  status,
  text,
} from '../../support/presence-server.ts';
import { jwt } from '../../support/tokens.ts';

const password = { username: 'relay.agent', password: 'emulator-password' };
const apikey = 'emulator-api-key';

let client: AuthorizationClient;
beforeAll(() => {
  client = new AuthorizationClient();
});
afterAll(() => client.close());

function addressOf(url: string): AuthorizationAddress {
  const address = readAuthorizationAddress(url);
  if (!address.checked) throw new Error(address.reason);
  return address;
}

function wishFor(url: string, wish: Partial<Omit<TokenWish, 'address'>> = {}): TokenWish {
  const usual = { groupid: '12345', site: 'production', minutes: 60, credentials: password };
  return { ...usual, ...wish, address: addressOf(url) };
}

async function failureOf(asked: Promise<unknown>): Promise<AuthorizationError> {
  const error = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AuthorizationError) return error;
  throw new Error('no AuthorizationError', { cause: error });
}

describe('with a service that behaves like Glance', () => {
  let emulator: PresenceEmulator;
  beforeAll(async () => {
    emulator = await startPresenceEmulator();
  });
  afterEach(() => emulator.reset());
  afterAll(() => emulator.close());

  interface Asking extends Partial<Omit<TokenWish, 'address'>> {
    /** How long it may take. */
    ms?: number;
    form?: 'Authorize' | 'AuthorizeService';
  }

  function ask({ ms = 5_000, form = 'Authorize', ...wish }: Asking = {}): Promise<Token> {
    const url = emulator.authorizeUrl.replace(/Authorize$/, form);
    return client.authorize(wishFor(url, wish), deadlineIn(ms));
  }

  async function lookup({ value }: Token): Promise<number> {
    return (await agentOf(emulator, value).lookup('ada')).status;
  }

  function minutesLeft({ expiresAt = Number.NaN }: Token): number {
    return (expiresAt - Date.now()) / 60_000;
  }

  const sets: Credentials[] = [
    password,
    { username: 'relay.agent', g4scredentials: '0123456789abcdef0123456789abcdef' },
    { username: 'relay.agent', apikey },
    { username: 'relay.agent', apikey, partnerid: '12345' },
    { partneruserid: 'relay-agent', apikey },
    { partneruserid: 'relay-agent', apikey, partnerid: '12345' },
  ];

  test.for(sets)('%j get a token with which Presence can be used', async (credentials) => {
    expect(await lookup(await ask({ credentials }))).toBe(200);
    expect(emulator.requests.counts()).toMatchObject({ Authorize: { 200: 1 } });
  });

  test('a partner who is not the group gets one, with the partner id', async () => {
    emulator.setAccount(12345, { partnerid: 777 });
    const partner = { partneruserid: 'relay-agent', apikey };
    expect(await failureOf(ask({ credentials: partner }))).toMatchObject({ code: 'refused' });
    expect(await lookup(await ask({ credentials: { ...partner, partnerid: '777' } }))).toBe(200);
    expect(
      await lookup(await ask({ credentials: { username: 'relay.agent', apikey, partnerid: '777' } })),
    ).toBe(200);
  });

  test('names and secrets may hold any characters', async () => {
    const odd = { username: 'Zoë "Z" O\'Neil & co', password: 'pä$$\\w&=ört 🔑\n', partneruserid: '{}%20+é' };
    emulator.setAccount(12345, { ...odd, apikey: 'ключ' });
    const { username, partneruserid } = odd;
    for (const credentials of [
      { username, password: odd.password },
      { username, apikey: 'ключ' },
      { partneruserid, apikey: 'ключ' },
    ]) {
      expect(await lookup(await ask({ credentials }))).toBe(200);
    }
  });

  test('a token is for the group that was asked for, and for no other', async () => {
    await using other = await startPresenceEmulator({ groups: [12345, 777] });
    const of = (groupid: string) =>
      client.authorize(wishFor(other.authorizeUrl, { groupid }), deadlineIn(5_000));
    const statusOf = async ({ value }: Token) => (await agentOf(other, value).lookup('ada')).status;
    expect([await statusOf(await of('12345')), await statusOf(await of('777'))]).toEqual([200, 403]);
    expect(await failureOf(of('1'))).toMatchObject({ code: 'refused' });
  });

  test.for(['string', 'object', 'object-token-exp', 'object-no-exp'] as const)(
    'a token is taken from an answer in the form %s, with its end',
    async (authorizeAnswer) => {
      emulator.switch({ authorizeAnswer });
      for (const form of ['Authorize', 'AuthorizeService'] as const) {
        const token = await ask({ form, minutes: 30 });
        expect(isToken(token.value)).toBe(true);
        expect(await lookup(token)).toBe(200);
        expect(minutesLeft(token)).toBeCloseTo(30, 0);
      }
    },
  );

  test.for([
    ['string', true, 10],
    ['object', true, 10],
    ['object', false, 10],
    ['object-token-exp', false, 10],
    ['object-no-exp', true, 10],
    // Nobody tells that it is shorter than it was asked for.
    ['string', false, 60],
  ] as const)('the true end is known from %s with jwtExp=%s', async ([authorizeAnswer, jwtExp, minutes]) => {
    emulator.switch({ authorizeAnswer, jwtExp, tokenSeconds: 600 });
    expect(minutesLeft(await ask())).toBeCloseTo(minutes, 0);
  });

  test.for([-40_000, -600, 600, 40_000])(
    'its end is right by our clock if theirs is %d seconds ahead',
    async (ahead) => {
      emulator.switch({ authorizeClockSeconds: ahead, tokenSeconds: 600 });
      for (const form of ['Authorize', 'AuthorizeService'] as const) {
        expect(minutesLeft(await ask({ form }))).toBeCloseTo(10, 0);
      }
    },
  );

  test.for([-3_000, 3_000])('a login key is taken if their clock is %d seconds ahead', async (ahead) => {
    emulator.switch({ authorizeClockSeconds: ahead });
    expect(await lookup(await ask({ credentials: { partneruserid: 'relay-agent', apikey } }))).toBe(200);
  });

  test.for([
    ['401', 'answered 401: "The password is wrong"'],
    ['403', 'answered 403: "The password is wrong"'],
    ['200', 'granted no token: "The password is wrong"'],
    ['200-empty', 'granted no token, and does not say why'],
  ] as const)('wrong credentials that are refused with %s: it %s', async ([authorizeRefusal, message]) => {
    emulator.switch({ authorizeRefusal });
    for (const form of ['Authorize', 'AuthorizeService'] as const) {
      const error = await failureOf(ask({ form, credentials: { ...password, password: 'hunter2' } }));
      expect(error).toMatchObject({ code: 'refused', message: `the Authorization API ${message}` });
    }
    expect(emulator.granted).toBe(0);
    expect(emulator.requests.count('Authorize') + emulator.requests.count('AuthorizeService')).toBe(2);
  });

  test.for([
    { username: 'somebody', password: 'emulator-password' },
    { username: 'relay.agent', g4scredentials: 'f'.repeat(32) },
    { username: 'relay.agent', apikey: 'guessed' },
    { partneruserid: 'somebody', apikey },
    { partneruserid: 'relay-agent', apikey, partnerid: '777' },
  ] as Credentials[])('%j are refused, and the error holds nothing of them', async (credentials) => {
    const error = await failureOf(ask({ credentials }));
    expect(error.code).toBe('refused');
    const secrets = Object.values(credentials).map(String);
    for (const secret of secrets) expect(error.message).not.toContain(secret);
  });

  test('a token is granted that Presence will not take: that is not for the Authorization API to say', async () => {
    emulator.switch({ authorizedFor: 'nothing' });
    expect(await lookup(await ask())).toBe(403);
    emulator.switch({ authorizedFor: 'revoked' });
    expect(await lookup(await ask())).toBe(401);
  });

  test('an answer that takes its time is waited for within the deadline', async () => {
    const fault = { kind: 'latency', ms: 300 } as const;
    emulator.faults.add({ endpoint: 'authorize', fault });
    expect(await lookup(await ask())).toBe(200);
  });

  interface Broken {
    readonly fault: FaultRequest['fault'];
    readonly code: AuthorizationError['code'];
    readonly message: string;
    readonly retryAfterSeconds?: number;
  }

  const noWhole = { code: 'unavailable', message: 'gave no whole answer' } as const;
  const broken: Broken[] = [
    { fault: { kind: 'latency', ms: 5_000 }, ...noWhole },
    { fault: { kind: 'hang' }, ...noWhole },
    { fault: { kind: 'hang', deliver: true }, ...noWhole },
    { fault: { kind: 'reset' }, ...noWhole },
    { fault: { kind: 'reset', deliver: true }, ...noWhole },
    { fault: { kind: 'cut' }, ...noWhole },
    { fault: { kind: 'cut', framing: 'chunked' }, ...noWhole },
    {
      fault: { kind: 'malformed' },
      code: 'invalid-answer',
      message: 'answered with something that is not JSON',
    },
    { fault: { kind: 'status', status: 503 }, code: 'unavailable', message: 'answered 503' },
    {
      fault: { kind: 'status', status: 429, retryAfter: 7 },
      code: 'unavailable',
      message: 'answered 429',
      retryAfterSeconds: 7,
    },
    {
      fault: { kind: 'status', status: 404 },
      code: 'invalid-answer',
      message: 'answered 404; is its address right?',
    },
    {
      fault: { kind: 'status', status: 302 },
      code: 'invalid-answer',
      message: 'answered 302; is its address right?',
    },
    {
      fault: { kind: 'body', body: '<html>Glance is being mended</html>' },
      code: 'invalid-answer',
      message: 'answered with something that is not JSON',
    },
  ];

  test.for(broken)('after $fault it is $code, asked once, and the next is granted', async (each) => {
    const { fault, code, message, retryAfterSeconds } = each;
    emulator.faults.add({ endpoint: 'authorize', fault });
    const start = performance.now();
    const error = await failureOf(ask({ ms: 500 }));
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(error).toMatchObject({ code, message: `the Authorization API ${message}` });
    expect(error.retryAfterSeconds).toBe(retryAfterSeconds);
    expect(emulator.faults.list()).toEqual([]);
    expect(await lookup(await ask())).toBe(200);
  });

  test('a path that is not the operation is told as such', async () => {
    const url = emulator.authorizeUrl.replace(/Authorize$/, 'Authorise');
    const error = await failureOf(client.authorize(wishFor(url), deadlineIn(5_000)));
    expect(error).toMatchObject({
      code: 'invalid-answer',
      message: 'the Authorization API answered 404; is its address right?',
    });
  });
});

describe('on the wire', () => {
  const path = '/services/AuthorizationService.svc/rest/Authorize';

  async function serve(reply: Reply, more: Script = {}): Promise<PresenceServer & { readonly url: string }> {
    const server = await startPresenceServer({ [path]: reply, ...more });
    return Object.assign(server, { url: `${server.address.origin}${path}` });
  }

  test('the question is that of Glance\u2019s own scripts, and holds no API key', async () => {
    await using server = await serve(json(jwt()));
    const wish = {
      site: 'staging',
      minutes: 45,
      credentials: { partneruserid: 'ada-7', apikey: 'top-secret' },
    };
    await client.authorize(wishFor(server.url, wish), deadlineIn(5_000));
    const [request, ...others] = server.arrived;
    expect(others).toEqual([]);
    expect(request?.method).toBe('POST');
    expect(request?.url).toBe(`${path}?groupid=12345&service=presence&duration=45&site=staging`);
    expect(request?.headers).toEqual({
      host: `127.0.0.1:${server.port}`,
      connection: 'keep-alive',
      accept: 'application/json',
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(request?.body.length),
    });
    expect(JSON.parse(request?.body ?? '')).toEqual({
      partnerid: 12345,
      partneruserid: 'ada-7',
      loginkey: expect.stringMatching(/^\$1\$\d{10}\$[\w-]{43}$/),
    });
    expect(JSON.stringify(server.arrived)).not.toContain('top-secret');
  });

  test('a login key ends an hour from now, by the clock that was handed in', async () => {
    await using server = await serve(json(jwt()));
    const now = Date.parse('2026-03-12T20:00:00Z');
    const wish = wishFor(server.url, { credentials: { username: 'ada', apikey: 'k' } });
    const ours = new AuthorizationClient({ clock: { now: () => now } });
    const token = await ours.authorize(wish, deadlineIn(5_000));
    await ours.close();
    expect(JSON.parse(server.arrived[0]?.body ?? '').loginkey).toMatch(/^\$1\$1773349200\$/);
    expect(token.issuedAt).toBe(now);
  });

  test.for([301, 302, 303, 307, 308])('credentials do not follow a redirect (%d)', async (code) => {
    await using elsewhere = await startPresenceServer({ '/Authorize': json(jwt()) });
    const headers = { location: `${elsewhere.address.origin}/Authorize` };
    await using server = await serve(status(code, headers));
    expect(await failureOf(client.authorize(wishFor(server.url), deadlineIn(5_000)))).toMatchObject({
      code: 'invalid-answer',
      message: `the Authorization API answered ${code}; is its address right?`,
    });
    expect([server.arrived.length, elsewhere.connections]).toEqual([1, 0]);
  });

  test.for([
    ['answers 503', status(503)],
    ['answers 503 with Retry-After: 0', status(503, { 'retry-after': '0' })],
    ['answers 429', status(429)],
    ['answers 401', status(401)],
    ['answers 500', status(500)],
    ['breaks the connection', reset],
    ['cuts its answer', cutBody],
    ['cuts a chunked answer', cutChunks],
    ['says nothing', silence],
    ['says that it is no JSON', text('<html>')],
  ] as const)('a service that %s is not asked again', async ([, reply]) => {
    await using server = await serve(reply);
    await failureOf(client.authorize(wishFor(server.url), deadlineIn(400)));
    expect(server.arrived).toHaveLength(1);
  });

  test('an answer without end is not read to its end, and asking again would not make it shorter', async () => {
    await using server = await serve((response) => response.end(`"${'x'.repeat(1_000_000)}"`));
    const error = await failureOf(client.authorize(wishFor(server.url), deadlineIn(5_000)));
    expect(error.code).toBe('invalid-answer');
  });

  test('a service that is not there is unavailable, and the error tells why', async () => {
    const url = `http://127.0.0.1:${await closedPort()}/Authorize`;
    const error = await failureOf(client.authorize(wishFor(url), deadlineIn(5_000)));
    expect(error).toMatchObject({
      code: 'unavailable',
      message: 'the Authorization API could not be reached',
      cause: { name: 'TransportError', sent: false },
    });
  });

  test('a deadline that has passed is a service that is unavailable', async () => {
    await using server = await serve(silence);
    const error = await failureOf(client.authorize(wishFor(server.url), deadlineIn(-1)));
    expect(error.code).toBe('unavailable');
  });

  test('a service that repeats what it was sent, and more, is repeated without that', async () => {
    await using server = await serve((response, request) => {
      const message = `bad: ${request.body} of top-secret`;
      response.writeHead(401).end(JSON.stringify({ message }));
    });
    const credentials = { partneruserid: 'ada-7', apikey: 'top-secret', partnerid: '777' };
    const error = await failureOf(client.authorize(wishFor(server.url, { credentials }), deadlineIn(5_000)));
    expect(error.message).toContain('bad: {"partnerid":');
    expect(error.message).not.toMatch(/ada-7|\$1\$|top-secret/);
  });

  test('no error, with all its causes, holds what was sent', async () => {
    const replies = [
      reset,
      cutBody,
      silence,
      status(503),
      text('<html>'),
      json({ message: 'not hunter2' }),
      json('ada'),
    ];
    for (const reply of replies) {
      await using server = await serve(reply);
      const wish = wishFor(server.url, { credentials: { username: 'ada', password: 'hunter2' } });
      const error = await failureOf(client.authorize(wish, deadlineIn(300)));
      for (let at: unknown = error; at instanceof Error; at = at.cause) {
        expect(`${at.message}${at.stack}`).not.toContain('hunter2');
      }
    }
  });

  test('a client that is closed gives up what is under way', async () => {
    await using server = await serve(silence);
    const closing = new AuthorizationClient({ transport: new Transport() });
    const asked = failureOf(closing.authorize(wishFor(server.url), deadlineIn(60_000)));
    while (server.arrived.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await closing.close();
    expect((await asked).code).toBe('unavailable');
  });
});
