import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FailureNote, noteLabel } from '../../../shared/authorization/note.ts';
import { Vault } from '../../../shared/authorization/vault.ts';
import { testClock } from '../../support/clock.ts';
import { type GatedSecrets, startGatedSecrets } from '../../support/gated-secrets.ts';
import { failureOf } from '../../support/presence-pair.ts';
import { startRefreshQueue, type TestRefreshQueue } from '../../support/refresh-queue.ts';
import { tokenSecret, unset } from '../../support/renewing.ts';

let secrets: GatedSecrets;
let queue: TestRefreshQueue;
/** Of the token secret. */
let version: string;
const clock = testClock(Date.parse('2026-03-12T20:00:00Z'));

beforeEach(async () => {
  secrets = await startGatedSecrets();
  secrets.put(tokenSecret, unset);
  version = (await secrets.version(tokenSecret)).id;
  queue = await startRefreshQueue(secrets);
  clock.time = Date.parse('2026-03-12T20:00:00Z');
});
afterEach(async () => {
  await queue[Symbol.asyncDispose]();
  await secrets[Symbol.asyncDispose]();
});

const sends = () => queue.gate.calls.filter(({ operation }) => operation === 'SendMessage').length;

/** What a renewal of the current version leaves that failed now and is to be tried again in a minute. */
function leaveNote(note: Partial<FailureNote> = {}): Promise<void> {
  return new Vault(secrets.client()).putNote(tokenSecret, {
    version,
    credentials: undefined,
    failure: 'authorization-refused',
    reason: 'the Authorization API answered 401: "The password is wrong"',
    failures: 1,
    at: clock.time,
    until: clock.time + 60_000,
    ...note,
  });
}

describe('asking for a token', () => {
  test('puts one message into the queue, in the order of its group, that names the version', async () => {
    expect(await queue.instance().ask('12345', version)).toBe(true);
    expect(await queue.take()).toEqual([
      {
        body: { groupid: '12345', because: 'asked', version },
        group: '12345',
        deduplication: `12345.${version}.0`,
      },
    ]);
  });

  test('is possible where there is no version yet', async () => {
    expect(await queue.instance().ask('12345', undefined)).toBe(true);
    expect((await queue.take()).map(({ body }) => body)).toEqual([{ groupid: '12345', because: 'asked' }]);
  });

  test('is answered with no for a group that nobody renews, and nothing is read or sent', async () => {
    expect(await queue.instance().ask('72', version)).toBe(false);
    expect([sends(), secrets.gate.calls.length]).toEqual([0, 0]);
  });

  test('by a hundred instances makes one message', async () => {
    const instances = Array.from({ length: 100 }, () => queue.instance());
    await Promise.all(instances.map((instance) => instance.ask('12345', version)));
    expect(await queue.take()).toHaveLength(1);
    for (const instance of instances.slice(0, 10)) await instance.ask('12345', version);
    expect(await queue.take()).toEqual([]);
  });

  test('by five hundred callers of one instance reads once and sends once', async () => {
    const instance = queue.instance();
    await Promise.all(Array.from({ length: 500 }, () => instance.ask('12345', version)));
    expect([sends(), secrets.count('GetSecretValue')]).toEqual([1, 1]);
  });

  test('again for the same version sends again after half a minute at the earliest', async () => {
    const instance = queue.instance(clock);
    for (let second = 0; second < 60; second++) {
      await instance.ask('12345', version);
      clock.time += 1_000;
    }
    expect(sends()).toBe(2);
  });

  test('for another version is another message', async () => {
    const instance = queue.instance();
    await instance.ask('12345', version);
    secrets.put(tokenSecret, 'another');
    const another = (await secrets.version(tokenSecret)).id;
    await instance.ask('12345', another);
    expect((await queue.take()).map(({ body }) => body)).toEqual([
      { groupid: '12345', because: 'asked', version },
      { groupid: '12345', because: 'asked', version: another },
    ]);
  });

  test('goes on when the note of a failure cannot be read', async () => {
    secrets.gate.fateOf = () => ({ error: 'AccessDeniedException' });
    expect(await queue.instance().ask('12345', version)).toBe(true);
    expect(await queue.take()).toHaveLength(1);
  });

  test('goes on when what stands under the label is no note', async () => {
    const content = { SecretId: tokenSecret, SecretString: '{"failure":"of another time"}' };
    await secrets.client().send(new PutSecretValueCommand({ ...content, VersionStages: [noteLabel] }));
    expect(await queue.instance().ask('12345', version)).toBe(true);
    expect(await queue.take()).toHaveLength(1);
  });
});

describe('after a renewal that failed', () => {
  test('nobody asks, and everybody hears what failed, why, when, and when it is tried again', async () => {
    await leaveNote();
    clock.time += 1_500;
    const failure = await failureOf(queue.instance(clock).ask('12345', version));
    expect(failure).toMatchObject({
      code: 'authorization',
      message:
        'group 12345 gets no token (authorization-refused): the Authorization API answered 401: "The password is ' +
        'wrong"; tried at 2026-03-12T20:00:00.000Z, to be tried again from 2026-03-12T20:01:00.000Z',
      retryAfterSeconds: 59,
    });
    expect(sends()).toBe(0);
  });

  test.for([
    ['no-credentials', 'authorization'],
    ['bad-credentials', 'authorization'],
    ['authorization-refused', 'authorization'],
    ['token-refused', 'authorization'],
    ['authorization-unavailable', 'unavailable'],
    ['authorization-invalid', 'unavailable'],
    ['token-untried', 'unavailable'],
  ] as const)('(%s), the calls fail as %s', async ([failure, code]) => {
    await leaveNote({ failure });
    expect((await failureOf(queue.instance(clock).ask('12345', version))).code).toBe(code);
  });

  test('one message asks again as soon as it is time, which is not taken for the first', async () => {
    const instance = queue.instance(clock);
    await instance.ask('12345', version);
    await leaveNote();
    clock.time += 59_999;
    await failureOf(instance.ask('12345', version));
    clock.time += 1;
    await instance.ask('12345', version);
    await queue.instance(clock).ask('12345', version);
    const messages = await queue.take();
    expect(messages.map(({ body }) => body)).toEqual(
      Array(2).fill({ groupid: '12345', because: 'asked', version }),
    );
    expect(new Set(messages.map(({ deduplication }) => deduplication)).size).toBe(2);
  });

  test('with new credentials as often as with the old ones, it is asked again all the same', async () => {
    const instance = queue.instance(clock);
    await leaveNote({ credentials: 'old' });
    clock.time += 60_000;
    await instance.ask('12345', version);
    await leaveNote({ credentials: 'new' });
    clock.time += 60_000;
    await instance.ask('12345', version);
    expect(await queue.take()).toHaveLength(2);
  });

  test('of another version, it is asked at once', async () => {
    await leaveNote({ version: 'another' });
    expect(await queue.instance(clock).ask('12345', version)).toBe(true);
    expect(await queue.take()).toHaveLength(1);
  });

  test('the current version stays as it was', async () => {
    await leaveNote();
    expect(await secrets.version(tokenSecret)).toEqual({ id: version, text: unset });
    await leaveNote({ failures: 2 });
    const labels = await secrets.labels(tokenSecret);
    expect(labels[version]).toEqual(['AWSCURRENT']);
    expect(Object.keys(labels)).toHaveLength(2);
  });
});

describe('a queue that cannot be reached', () => {
  test.for([
    ['a connection that breaks', 'unreached', 'a new token could not be asked for: '],
    ['no access', { error: 'AccessDenied' }, 'a new token could not be asked for: AccessDenied'],
    [
      'no such queue',
      { error: 'QueueDoesNotExist' },
      'a new token could not be asked for: QueueDoesNotExist',
    ],
  ] as const)('(%s) is told, and asked again at the next call', async ([, fate, message]) => {
    queue.gate.fateOf = () => fate;
    const instance = queue.instance(clock);
    const failure = await failureOf(instance.ask('12345', version));
    expect(failure).toMatchObject({ code: 'unavailable', message: expect.stringContaining(message) });
    queue.gate.fateOf = () => undefined;
    expect(await instance.ask('12345', version)).toBe(true);
    expect(await queue.take()).toHaveLength(1);
  });

  test('whose answer is lost has the message once', async () => {
    let lost = 0;
    queue.gate.fateOf = () => (lost++ === 0 ? 'unanswered' : undefined);
    expect(await queue.instance().ask('12345', version)).toBe(true);
    expect([sends(), (await queue.take()).length]).toEqual([2, 1]);
  });
});
