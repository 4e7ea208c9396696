import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { PresenceError } from '../../../shared/presence/errors.ts';
import { SecretTokens } from '../../../shared/presence/secret-tokens.ts';
import { type Secret, startSecrets } from '../../support/secrets-server.ts';
import { jwt } from '../../support/tokens.ts';

const start = Date.parse('2026-03-12T20:00:00Z');
const minutes = 60_000;

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
    tokens,
    clock,
    reads: server.reads,
    store: (text: Secret) => server.secrets.set('glance-12345', text),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function failureFor(secret: Secret): Promise<PresenceError> {
  await using fixture = await startTokens(secret);
  return await failureOf(fixture.tokens.get('12345'));
}

async function failureOf(getting: Promise<string>): Promise<PresenceError> {
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
    expect([await tokens.get('1'), await tokens.get('2')]).toEqual([first, second]);
    expect(server.reads).toEqual(['glance-1', 'glance-2']);
  });

  test('is read once, however many ask for it at the same time', async () => {
    await using fixture = await startTokens(first, 20);
    const got = await Promise.all(Array.from({ length: 50 }, () => fixture.tokens.get('12345')));
    expect(new Set(got)).toEqual(new Set([first]));
    expect(fixture.reads).toHaveLength(1);
  });

  test('is kept for five minutes, and then read anew', async () => {
    await using fixture = await startTokens(first);
    await fixture.tokens.get('12345');
    fixture.store(second);
    fixture.clock.time = start + 5 * minutes - 1;
    expect(await fixture.tokens.get('12345')).toBe(first);
    fixture.clock.time = start + 5 * minutes;
    expect(await fixture.tokens.get('12345')).toBe(second);
    expect(fixture.reads).toHaveLength(2);
  });

  test('is read once when its five minutes are over for fifty callers at once', async () => {
    await using fixture = await startTokens(first, 20);
    await fixture.tokens.get('12345');
    fixture.clock.time = start + 5 * minutes;
    await Promise.all(Array.from({ length: 50 }, () => fixture.tokens.get('12345')));
    expect(fixture.reads).toHaveLength(2);
  });

  test('that ends sooner is kept until a minute before its end', async () => {
    const ending = jwt({ exp: (start + 3 * minutes) / 1_000 });
    await using fixture = await startTokens(ending);
    await fixture.tokens.get('12345');
    fixture.clock.time = start + 2 * minutes - 1;
    await fixture.tokens.get('12345');
    expect(fixture.reads).toHaveLength(1);
    fixture.clock.time = start + 2 * minutes;
    await fixture.tokens.get('12345');
    expect(fixture.reads).toHaveLength(2);
  });

  test('in its last minute is used and not kept', async () => {
    const ending = jwt({ exp: (start + minutes / 2) / 1_000 });
    await using fixture = await startTokens(ending);
    expect(await fixture.tokens.get('12345')).toBe(ending);
    expect(await fixture.tokens.get('12345')).toBe(ending);
    expect(fixture.reads).toHaveLength(2);
  });

  test('that was refused is forgotten and read anew', async () => {
    await using fixture = await startTokens(first);
    await fixture.tokens.get('12345');
    fixture.store(second);
    fixture.tokens.refused('12345', first);
    expect(await fixture.tokens.get('12345')).toBe(second);
  });

  test('stays when it was an older one that was refused, or one of another group', async () => {
    await using fixture = await startTokens(first);
    await fixture.tokens.get('12345');
    fixture.tokens.refused('12345', second);
    fixture.tokens.refused('72', first);
    expect(await fixture.tokens.get('12345')).toBe(first);
    expect(fixture.reads).toHaveLength(1);
  });

  test('is read once after fifty callers have found it refused', async () => {
    await using fixture = await startTokens(first, 20);
    await fixture.tokens.get('12345');
    fixture.store(second);
    const again = Array.from({ length: 50 }, () => {
      fixture.tokens.refused('12345', first);
      return fixture.tokens.get('12345');
    });
    expect(new Set(await Promise.all(again))).toEqual(new Set([second]));
    expect(fixture.reads).toHaveLength(2);
  });
});

describe('a failure', () => {
  test('reaches everybody who waited, and is not kept', async () => {
    await using fixture = await startTokens({ error: 'InternalServiceError', status: 500 }, 20);
    const [one, other] = await Promise.all([
      failureOf(fixture.tokens.get('12345')),
      failureOf(fixture.tokens.get('12345')),
    ]);
    expect([one.code, other.code]).toEqual(['unavailable', 'unavailable']);
    expect(fixture.reads).toHaveLength(1);
    fixture.store(jwt());
    expect(await fixture.tokens.get('12345')).toBe(jwt());
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
    expect((await failureOf(fixture.tokens.get('12345'))).code).toBe('unavailable');
  });
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
  const getting = failureOf(tokens.get('12345')).then(({ code }) => code);
  expect(await Promise.race([getting, sleep(15_000, 'still waiting after 15 s')])).toBe('unavailable');
  vi.unstubAllEnvs();
});
