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
/** A moment at which both a minute and five minutes begin. */
const start = Date.parse('2026-03-12T20:00:00Z');
const clock = testClock(start);
const minute = 60_000;
const minutesOf = (time: number) => Math.floor(time / minute);

beforeEach(async () => {
  secrets = await startGatedSecrets();
  secrets.put(tokenSecret, unset);
  version = (await secrets.version(tokenSecret)).id;
  queue = await startRefreshQueue(secrets);
  clock.time = start;
});
afterEach(async () => {
  await queue[Symbol.asyncDispose]();
  await secrets[Symbol.asyncDispose]();
});

/** The deduplication ids of what waits in the queue. */
const ids = async () => (await queue.take()).map(({ deduplication }) => deduplication);

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
    expect(await queue.instance(clock).ask('12345', version)).toBe('asked');
    expect(await queue.take()).toEqual([
      {
        body: { groupid: '12345', because: 'asked', version },
        group: '12345',
        deduplication: `12345.${version}.0.${minutesOf(start)}`,
      },
    ]);
  });

  test('is possible where there is no version yet', async () => {
    expect(await queue.instance(clock).ask('12345', undefined)).toBe('asked');
    expect(await queue.take()).toEqual([
      {
        body: { groupid: '12345', because: 'asked' },
        group: '12345',
        deduplication: `12345.none.0.${minutesOf(start)}`,
      },
    ]);
  });

  test('is answered with "nobody" for a group that none renews, and nothing is read or sent', async () => {
    expect(await queue.instance(clock).ask('72', version)).toBe('nobody');
    expect([sends(), secrets.gate.calls.length]).toEqual([0, 0]);
  });

  test('by a hundred instances within a minute makes one message', async () => {
    const instances = Array.from({ length: 100 }, () => queue.instance(clock));
    await Promise.all(instances.map((instance) => instance.ask('12345', version)));
    expect(await queue.take()).toHaveLength(1);
    clock.time = start + minute - 1;
    for (let asks = 0; asks < 10; asks++) await queue.instance(clock).ask('12345', version);
    expect(sends()).toBe(110);
    expect(await queue.take()).toEqual([]);
  });

  test('is done anew in the next minute, as the request may be lost, and makes one message then', async () => {
    const instances = Array.from({ length: 10 }, () => queue.instance(clock));
    const asked: unknown[] = [];
    for (clock.time of [start, start + minute - 1, start + minute, start + 2 * minute - 1]) {
      await Promise.all(instances.map((instance) => instance.ask('12345', version)));
      asked.push(await ids());
    }
    const [first, second] = [0, 1].map((later) => `12345.${version}.0.${minutesOf(start) + later}`);
    expect(asked).toEqual([[first], [], [second], []]);
  });

  test('by five hundred callers of one instance reads once and sends once', async () => {
    const instance = queue.instance(clock);
    await Promise.all(Array.from({ length: 500 }, () => instance.ask('12345', version)));
    expect([sends(), secrets.count('GetSecretValue')]).toEqual([1, 1]);
  });

  test('again for the same version sends once a minute, and is answered the same', async () => {
    const instance = queue.instance(clock);
    for (let second = 0; second < 180; second++) {
      expect(await instance.ask('12345', version)).toBe('asked');
      clock.time += 1_000;
    }
    expect([sends(), new Set(await ids()).size]).toEqual([3, 3]);
  });

  test('for another version is another message', async () => {
    const instance = queue.instance(clock);
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
    expect(await queue.instance(clock).ask('12345', version)).toBe('asked');
    expect(await queue.take()).toHaveLength(1);
  });

  test('goes on when what stands under the label is no note', async () => {
    const content = { SecretId: tokenSecret, SecretString: '{"failure":"of another time"}' };
    await secrets.client().send(new PutSecretValueCommand({ ...content, VersionStages: [noteLabel] }));
    expect(await queue.instance(clock).ask('12345', version)).toBe('asked');
    expect(await queue.take()).toHaveLength(1);
  });
});

describe('after a renewal that failed', () => {
  test('everybody hears what failed, why, when, and when it is tried again', async () => {
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
  });

  test.for([
    'no-credentials',
    'bad-credentials',
    'authorization-refused',
    'token-refused',
    'token-not-stored',
  ] as const)(
    '(%s), the renewal is told once in five minutes, as somebody may have mended it',
    async (failure) => {
      await leaveNote({ failure, until: start + 60 * minute });
      const instance = queue.instance(clock);
      const told: unknown[] = [];
      for (clock.time of [start, start + 5 * minute - 1, start + 5 * minute, start + 10 * minute - 1]) {
        await failureOf(instance.ask('12345', version));
        await failureOf(queue.instance(clock).ask('12345', version));
        told.push(await queue.take());
      }
      const message = (slot: number) => ({
        body: { groupid: '12345', because: 'asked', version },
        group: '12345',
        deduplication: `12345.${version}.mended.${start / (5 * minute) + slot}`,
      });
      expect(told).toEqual([[message(0)], [], [message(1)], []]);
      // One instance sends what it has sent already no second time.
      expect(sends()).toBe(6);
    },
  );

  test.for(['authorization-unavailable', 'authorization-invalid', 'token-untried'] as const)(
    '(%s), which passes by itself, nobody is asked before its time',
    async (failure) => {
      await leaveNote({ failure, until: start + 10 * minute });
      for (; clock.time < start + 10 * minute; clock.time += 30_000)
        await failureOf(queue.instance(clock).ask('12345', version));
      expect(sends()).toBe(0);
      expect(await queue.instance(clock).ask('12345', version)).toBe('asked');
    },
  );

  test('everybody hears it also while the queue cannot be reached', async () => {
    await leaveNote();
    queue.gate.fateOf = () => ({ error: 'AccessDenied' });
    const { message } = await failureOf(queue.instance(clock).ask('12345', version));
    expect(message).toContain('The password is wrong');
    expect(sends()).toBeGreaterThan(0);
  });

  test.for([
    ['no-credentials', 'authorization'],
    ['bad-credentials', 'authorization'],
    ['authorization-refused', 'authorization'],
    ['token-refused', 'authorization'],
    ['token-not-stored', 'authorization'],
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
    expect(await ids()).toEqual([`12345.${version}.0.${minutesOf(start)}`]);
    // Within the minute of the first.
    await leaveNote({ failure: 'authorization-unavailable', until: start + 15_000 });
    clock.time = start + 14_999;
    await failureOf(instance.ask('12345', version));
    expect(await ids()).toEqual([]);
    clock.time = start + 15_000;
    expect(await instance.ask('12345', version)).toBe('asked');
    expect(await queue.instance(clock).ask('12345', version)).toBe('asked');
    expect(await ids()).toEqual([`12345.${version}.${start}.${minutesOf(start)}`]);
  });

  test('a request that came too early is made anew in the next minute', async () => {
    const instance = queue.instance(clock);
    await leaveNote({ until: start + 30_000 });
    clock.time = start + 30_000;
    await instance.ask('12345', version);
    clock.time = start + minute;
    await instance.ask('12345', version);
    const [early, late] = [0, 1].map((later) => `12345.${version}.${start}.${minutesOf(start) + later}`);
    expect(await ids()).toEqual([early, late]);
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
    expect(await queue.instance(clock).ask('12345', version)).toBe('asked');
    expect(await ids()).toEqual([`12345.${version}.0.${minutesOf(start)}`]);
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
    ['a connection that breaks', 'unreached'],
    ['no access', { error: 'AccessDenied' }],
    ['no such queue', { error: 'QueueDoesNotExist' }],
    ['a service that fails', { error: 'InternalFailure', status: 500 }],
  ] as const)('(%s) has heard nothing, and is asked again at the next call', async ([, fate]) => {
    queue.gate.fateOf = () => fate;
    const instance = queue.instance(clock);
    expect(await instance.ask('12345', version)).toBe('unheard');
    const before = sends();
    expect(await instance.ask('12345', version)).toBe('unheard');
    expect(sends()).toBeGreaterThan(before);
    expect(await queue.take()).toEqual([]);
    queue.gate.fateOf = () => undefined;
    expect(await instance.ask('12345', version)).toBe('asked');
    expect(await ids()).toEqual([`12345.${version}.0.${minutesOf(start)}`]);
    const after = sends();
    expect(await instance.ask('12345', version)).toBe('asked');
    expect(sends()).toBe(after);
  });

  test('whose answer is lost has the message once', async () => {
    let lost = 0;
    queue.gate.fateOf = () => (lost++ === 0 ? 'unanswered' : undefined);
    expect(await queue.instance(clock).ask('12345', version)).toBe('asked');
    expect([sends(), (await queue.take()).length]).toEqual([2, 1]);
  });
});
