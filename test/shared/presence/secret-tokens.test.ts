import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { PresenceError } from '../../../shared/presence/errors.ts';
import { SecretTokens } from '../../../shared/presence/secret-tokens.ts';
import { deadlineIn } from '../../../shared/runtime/deadline.ts';
import { type Secret, startSecrets } from '../../support/secrets-server.ts';
import { jwt } from '../../support/tokens.ts';

const start = Date.parse('2026-03-12T20:00:00Z');
const minutes = 60_000;
const soon = () => deadlineIn(5_000);

/** Tokens of group 12345 from a secret of its own, and a clock to turn. */
async function startTokens(secret: Secret, answerMs = 0) {
  const server = await startSecrets({ 'glance-12345': secret }, answerMs);
  const clock = { time: start, now: () => clock.time, sleep };
  const tokens = new SecretTokens({
    secretOf: (groupid) => `glance-${groupid}`,
    client: server.client(),
    clock,
  });
  return {
    clock,
    get: () => tokens.get('12345', soon()),
    instead: (refused: string) => tokens.instead('12345', refused, soon()),
    reads: server.reads,
    store: (text: Secret) => server.secrets.set('glance-12345', text),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function failureFor(secret: Secret): Promise<PresenceError> {
  await using fixture = await startTokens(secret);
  return await failureOf(fixture.get());
}

async function failureOf(getting: Promise<unknown>): Promise<PresenceError> {
  const error = await getting.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof PresenceError) return error;
  throw new Error('no PresenceError', { cause: error });
}

describe('a token', () => {
  const first = jwt({ n: 1 });
  const second = jwt({ n: 2 });

  test('is read from the secret of its group', async () => {
    await using server = await startSecrets({ 'glance-1': first, 'glance-2': second });
    const tokens = new SecretTokens({ secretOf: (id) => `glance-${id}`, client: server.client() });
    expect([await tokens.get('1', soon()), await tokens.get('2', soon())]).toEqual([first, second]);
    expect(server.reads).toEqual(['glance-1', 'glance-2']);
  });

  test('is read once, however many ask for it at the same time', async () => {
    await using fixture = await startTokens(first, 20);
    const got = await Promise.all(Array.from({ length: 50 }, () => fixture.get()));
    expect(new Set(got)).toEqual(new Set([first]));
    expect(fixture.reads).toHaveLength(1);
  });

  test('is kept for five minutes, and then read anew', async () => {
    await using fixture = await startTokens(first);
    await fixture.get();
    fixture.store(second);
    fixture.clock.time = start + 5 * minutes - 1;
    expect(await fixture.get()).toBe(first);
    fixture.clock.time = start + 5 * minutes;
    expect(await fixture.get()).toBe(second);
    expect(fixture.reads).toHaveLength(2);
  });

  test('is read once when its five minutes are over for fifty callers at once', async () => {
    await using fixture = await startTokens(first, 20);
    await fixture.get();
    fixture.clock.time = start + 5 * minutes;
    await Promise.all(Array.from({ length: 50 }, () => fixture.get()));
    expect(fixture.reads).toHaveLength(2);
  });

  test('that ends sooner is kept until a minute before its end', async () => {
    const ending = jwt({ exp: (start + 3 * minutes) / 1_000 });
    await using fixture = await startTokens(ending);
    await fixture.get();
    fixture.clock.time = start + 2 * minutes - 1;
    await fixture.get();
    expect(fixture.reads).toHaveLength(1);
    fixture.clock.time = start + 2 * minutes;
    await fixture.get();
    expect(fixture.reads).toHaveLength(2);
  });

  test('in its last minute is used, and looked at anew every few seconds', async () => {
    const ending = jwt({ exp: (start + minutes / 2) / 1_000 });
    await using fixture = await startTokens(ending);
    expect(await fixture.get()).toBe(ending);
    fixture.clock.time = start + 5_999;
    expect(await fixture.get()).toBe(ending);
    expect(fixture.reads).toHaveLength(1);
    fixture.store(first);
    fixture.clock.time = start + 6_000;
    expect(await fixture.get()).toBe(first);
  });

  test('of two hours is looked at anew every ten seconds in its last quarter of an hour', async () => {
    const secret = JSON.stringify({ token: first, issued: start / 1_000, expires: start / 1_000 + 7_200 });
    await using fixture = await startTokens(secret);
    fixture.clock.time = start + 104 * minutes;
    await fixture.get();
    fixture.clock.time = start + 105 * minutes - 1;
    await fixture.get();
    expect(fixture.reads).toHaveLength(1);
    for (let seconds = 0; seconds < 60; seconds++) {
      fixture.clock.time = start + 105 * minutes + 1_000 * seconds;
      await fixture.get();
    }
    expect(fixture.reads).toHaveLength(7);
  });

  test('is not handed out any more when it has ended in memory', async () => {
    await using fixture = await startTokens(jwt({ exp: (start + minutes / 2) / 1_000 }));
    fixture.clock.time = start + minutes / 2 - 1;
    await fixture.get();
    fixture.clock.time = start + minutes / 2;
    expect((await failureOf(fixture.get())).message).toContain('holds a token that expired');
  });
});

describe('in place of a token that was refused', () => {
  const first = jwt({ n: 1 });
  const second = jwt({ n: 2 });

  test('the secret is read anew', async () => {
    await using fixture = await startTokens(first);
    await fixture.get();
    fixture.store(second);
    expect(await fixture.instead(first)).toBe(second);
    expect(await fixture.get()).toBe(second);
    expect(fixture.reads).toHaveLength(2);
  });

  test('there is no other as long as the secret still holds it', async () => {
    await using fixture = await startTokens(first);
    await fixture.get();
    expect(await fixture.instead(first)).toBeUndefined();
    expect(fixture.reads).toHaveLength(2);
  });

  test('there is the one in memory, if it was an older one', async () => {
    await using fixture = await startTokens(second);
    await fixture.get();
    expect(await fixture.instead(first)).toBe(second);
    expect(fixture.reads).toHaveLength(1);
  });

  test('nothing changes for the other groups', async () => {
    await using server = await startSecrets({ 'glance-1': first, 'glance-2': first });
    const tokens = new SecretTokens({ secretOf: (id) => `glance-${id}`, client: server.client() });
    await tokens.get('1', soon());
    await tokens.get('2', soon());
    server.secrets.set('glance-2', second);
    expect(await tokens.instead('2', first, soon())).toBe(second);
    expect(await tokens.get('1', soon())).toBe(first);
    expect(server.reads).toEqual(['glance-1', 'glance-2', 'glance-2']);
  });

  test('fifty callers get another from one read', async () => {
    await using fixture = await startTokens(first, 20);
    await fixture.get();
    fixture.store(second);
    const others = await Promise.all(Array.from({ length: 50 }, () => fixture.instead(first)));
    expect(new Set(others)).toEqual(new Set([second]));
    expect(fixture.reads).toHaveLength(2);
  });

  test('a secret that has become unreadable is told', async () => {
    await using fixture = await startTokens(first);
    await fixture.get();
    fixture.store({ error: 'AccessDeniedException' });
    const failure = await failureOf(fixture.instead(first));
    expect(failure).toMatchObject({
      code: 'authorization',
      message: expect.stringContaining('glance-12345'),
    });
  });
});

describe('a failure', () => {
  test('reaches everybody who waited, and is not kept', async () => {
    await using fixture = await startTokens({ error: 'InternalServiceError', status: 500 }, 20);
    const [one, other] = await Promise.all([failureOf(fixture.get()), failureOf(fixture.get())]);
    expect([one.code, other.code]).toEqual(['unavailable', 'unavailable']);
    expect(fixture.reads).toHaveLength(1);
    fixture.store(jwt());
    expect(await fixture.get()).toBe(jwt());
  });

  test.for<[Secret, string]>([
    [{ error: 'ResourceNotFoundException' }, 'secret glance-12345 does not exist'],
    ['', 'secret glance-12345 is empty'],
    [{ binary: 'ZXlK' }, 'secret glance-12345 is binary, not text'],
    ['{"state":"unset"}', 'secret glance-12345 holds no token yet'],
    ['hunter2', 'secret glance-12345 is malformed: it is not a JWT'],
    ['{"token":', 'secret glance-12345 is malformed: it is not JSON'],
    [{ error: 'AccessDeniedException' }, 'secret glance-12345 cannot be read: AccessDeniedException'],
    [{ error: 'DecryptionFailure' }, 'secret glance-12345 cannot be read: DecryptionFailure'],
    [
      jwt({ exp: start / 1_000 - 1 }),
      'secret glance-12345 holds a token that expired at 2026-03-12T19:59:59.000Z',
    ],
  ])('with %j says which secret and what is wrong with it', async ([secret, message]) => {
    expect(await failureFor(secret)).toMatchObject({ code: 'authorization', message });
  });

  test('never shows the value of the secret', async () => {
    for (const secret of ['hunter2hunter2', '{"token":"hunter2hunter2"}', '{"hunter2hunter2']) {
      const error = await failureFor(secret);
      expect(`${error.message} ${error.stack}`).not.toContain('hunter2');
    }
  });

  test.for<[Secret]>([
    [{ error: 'InternalServiceError', status: 500 }],
    [{ error: 'ServiceUnavailable', status: 503 }],
    [{ error: 'ThrottlingException' }],
    [{ error: 'TooManyRequestsException', status: 429 }],
  ])('that passes by itself is no fault of the secret: %j', async ([secret]) => {
    expect((await failureFor(secret)).code).toBe('unavailable');
  });

  test('to reach Secrets Manager is no fault of the secret', async () => {
    const fixture = await startTokens(jwt());
    await fixture[Symbol.asyncDispose]();
    expect((await failureOf(fixture.get())).code).toBe('unavailable');
  });
});

test('a read that takes long holds no call beyond its deadline, and serves the next', async () => {
  await using server = await startSecrets({ 'glance-12345': jwt() }, 300);
  const tokens = new SecretTokens({ secretOf: (id) => `glance-${id}`, client: server.client() });
  const hasty = await failureOf(tokens.get('12345', deadlineIn(50)));
  expect([hasty.code, hasty.message]).toEqual(['timeout', 'no token came in time']);
  expect(await tokens.get('12345', soon())).toBe(jwt());
  expect(server.reads).toHaveLength(1);
});

test('by itself, the client gives up on a Secrets Manager that stays silent', {
  timeout: 40_000,
}, async () => {
  await using server = await startSecrets({ 'glance-12345': 'silent' });
  vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', server.url);
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'none');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'none');
  const tokens = new SecretTokens({ secretOf: (groupid) => `glance-${groupid}` });
  const getting = failureOf(tokens.get('12345', deadlineIn(60_000))).then(({ code }) => code);
  expect(await Promise.race([getting, sleep(15_000, 'still waiting after 15 s')])).toBe('unavailable');
  vi.unstubAllEnvs();
});
