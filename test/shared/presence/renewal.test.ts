import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { PresenceError } from '../../../shared/presence/errors.ts';
import { type Renewal, SecretTokens } from '../../../shared/presence/secret-tokens.ts';
import { writeToken } from '../../../shared/presence/token.ts';
import { deadlineIn } from '../../../shared/runtime/deadline.ts';
import { testClock } from '../../support/clock.ts';
import { startGatedSecrets } from '../../support/gated-secrets.ts';
import { failureOf } from '../../support/presence-pair.ts';
import { jwt } from '../../support/tokens.ts';

const start = Date.parse('2026-03-12T20:00:00Z');
const minutes = 60_000;
const unset = '{"state":"unset"}';
const [first, second] = [jwt({ n: 1 }), jwt({ n: 2 })];

/** A token as a renewal writes it at the start. */
const living = (life: number) => writeToken({ value: first, issuedAt: start, expiresAt: start + life });

interface Options {
  secret?: string;
  /** What becomes of a question for a new token; by default it is asked for, and nothing comes of it. */
  answer?: (count: number) => unknown;
}

/** The token of group 12345 in a secret, whoever is asked to renew it, and time that passes while one waits. */
async function startRenewed({ secret = unset, answer = () => 'asked' }: Options = {}) {
  const secrets = await startGatedSecrets();
  secrets.put('token', secret);
  const clock = testClock(start);
  const asked: (string | undefined)[] = [];
  const renewal: Renewal = {
    async ask(groupid, version) {
      expect(groupid).toBe('12345');
      asked.push(version);
      const heard = await answer(asked.length);
      return heard === 'nobody' || heard === 'unheard' ? heard : 'asked';
    },
  };
  const tokens = new SecretTokens({ secretOf: () => 'token', client: secrets.client(), clock, renewal });
  return {
    clock,
    asked,
    secrets,
    get: (ms = 10_000) => tokens.get('12345', deadlineIn(ms, clock)),
    instead: (refused: string, ms = 10_000) => tokens.instead('12345', refused, deadlineIn(ms, clock)),
    store: (text: string) => secrets.put('token', text),
    version: async () => (await secrets.version('token')).id,
    reads: () => secrets.count('GetSecretValue'),
    waited: () => clock.time - start,
    [Symbol.asyncDispose]: () => secrets[Symbol.asyncDispose](),
  };
}
type Renewed = Awaited<ReturnType<typeof startRenewed>>;

describe('whoever meets no token', () => {
  test.for([
    ['a secret in its first state', unset],
    ['an empty one', ' '],
    ['a malformed one', 'hunter2'],
    ['one whose JSON is broken', '{"token":'],
    ['a token that has expired', jwt({ exp: start / 1_000 })],
  ] as const)('asks for one, and gets it: %s', async ([, secret]) => {
    const fixture: Renewed = await startRenewed({ secret, answer: () => fixture.store(second) });
    await using _ = fixture;
    const version = await fixture.version();
    expect(await fixture.get()).toBe(second);
    expect(fixture.asked).toEqual([version]);
    expect(fixture.waited()).toBeLessThanOrEqual(200);
  });

  test.for([
    ['a binary secret', { SecretBinary: Buffer.from(first) }],
    ['a secret that exists and holds no version at all', {}],
  ] as const)('asks for one in place of %s', async ([, content]) => {
    await using secrets = await startGatedSecrets();
    await secrets.create('other', content);
    const asked: unknown[] = [];
    const tokens = new SecretTokens({
      secretOf: () => 'other',
      client: secrets.client(),
      renewal: {
        ask(_groupid, version) {
          asked.push(version);
          secrets.put('other', second);
          return Promise.resolve('asked' as const);
        },
      },
    });
    expect(await tokens.get('12345', deadlineIn(5_000))).toBe(second);
    expect(asked).toHaveLength(1);
  });

  test('gets the new one as soon as it is there, and not a second later', async () => {
    await using fixture = await startRenewed();
    const appearing = [600, 1_500].map(async (ms) => {
      const secret = `after-${ms}`;
      fixture.secrets.put(secret, unset);
      const tokens = new SecretTokens({
        secretOf: () => secret,
        client: fixture.secrets.client(),
        renewal: { ask: () => Promise.resolve('asked' as const) },
      });
      const began = performance.now();
      const getting = tokens.get('12345', deadlineIn(10_000));
      await sleep(ms);
      fixture.secrets.put(secret, second);
      expect(await getting).toBe(second);
      return performance.now() - began - ms;
    });
    for (const late of await Promise.all(appearing)) expect(late).toBeLessThan(1_000);
  });

  test('asks again and again while it waits, for the version that it sees', async () => {
    const fixture: Renewed = await startRenewed({
      answer: (count) => {
        if (count === 3) fixture.store('still no token');
        if (count === 6) fixture.store(second);
      },
    });
    await using _ = fixture;
    expect(await fixture.get()).toBe(second);
    expect(fixture.asked).toHaveLength(6);
    expect(new Set(fixture.asked).size).toBe(2);
  });

  test.for([800, 1_000, 2_500, 5_000, 15_000])(
    'gives up half a second before its deadline: %d ms',
    async (ms) => {
      await using fixture = await startRenewed();
      const failure = await failureOf(fixture.get(ms));
      expect([failure.code, failure.message]).toEqual([
        'unavailable',
        'secret token holds no token yet; a new one was asked for, and has not come in time',
      ]);
      expect(fixture.waited()).toBeLessThan(ms - 500);
      // Its pauses grow to a second.
      expect(fixture.waited()).toBeGreaterThanOrEqual(ms - 500 - 1_000);
      expect(fixture.waited()).toBeGreaterThan(0);
    },
  );

  test('gives up after a quarter of a minute, however far its deadline', async () => {
    await using fixture = await startRenewed();
    expect((await failureOf(fixture.get(900_000))).code).toBe('unavailable');
    expect(fixture.waited()).toBeGreaterThanOrEqual(14_000);
    expect(fixture.waited()).toBeLessThan(15_000);
  });

  test('does not wait at all when there is no time', async () => {
    await using fixture = await startRenewed();
    expect((await failureOf(fixture.get(100))).code).toBe('unavailable');
    expect(fixture.waited()).toBe(0);
  });

  test('goes on waiting where nobody has heard it, and gets what comes all the same', async () => {
    const fixture: Renewed = await startRenewed({
      answer: (count) => {
        if (count === 6) fixture.store(second);
        return 'unheard';
      },
    });
    await using _ = fixture;
    expect(await fixture.get()).toBe(second);
    expect(fixture.asked).toHaveLength(6);
  });

  test('is told in the end that nobody has heard it', async () => {
    await using fixture = await startRenewed({ answer: () => 'unheard' });
    const failure = await failureOf(fixture.get(5_000));
    expect([failure.code, failure.message]).toEqual([
      'unavailable',
      'secret token holds no token yet; a new one could not be asked for',
    ]);
    expect(fixture.waited()).toBeGreaterThanOrEqual(3_500);
    expect(fixture.waited()).toBeLessThan(4_500);
  });

  test('hears at once why there will be none', async () => {
    const hopeless = new PresenceError('authorization', 'group 12345 gets no token');
    await using fixture = await startRenewed({ answer: () => Promise.reject(hopeless) });
    expect(await failureOf(fixture.get())).toBe(hopeless);
    expect(fixture.waited()).toBe(0);
  });

  test('hears while it waits that there will be none', async () => {
    const hopeless = new PresenceError('authorization', 'group 12345 gets no token');
    const answer = (count: number) => (count === 3 ? Promise.reject(hopeless) : 'asked');
    await using fixture = await startRenewed({ answer });
    expect(await failureOf(fixture.get())).toBe(hopeless);
    expect(fixture.waited()).toBeLessThan(1_000);
  });

  test('does not wait where nobody renews', async () => {
    await using fixture = await startRenewed({ answer: () => 'nobody' });
    const failure = await failureOf(fixture.get());
    expect([failure.code, failure.message]).toEqual(['authorization', 'secret token holds no token yet']);
    expect([fixture.waited(), fixture.reads()]).toEqual([0, 1]);
  });

  test('is not told to come later by a secret that does not exist', async () => {
    await using secrets = await startGatedSecrets();
    const tokens = new SecretTokens({
      secretOf: () => 'nowhere',
      client: secrets.client(),
      renewal: { ask: () => Promise.resolve('asked' as const) },
    });
    expect(await failureOf(tokens.get('12345', deadlineIn(2_000)))).toMatchObject({
      code: 'authorization',
      message: 'secret nowhere does not exist',
    });
  });

  test('goes on waiting when Secrets Manager is busy for a moment', async () => {
    const fixture: Renewed = await startRenewed({
      answer: (count) => {
        // So often the client itself tries.
        let refusals = count === 2 ? 3 : 0;
        fixture.secrets.gate.fateOf = () => (refusals-- > 0 ? { error: 'ThrottlingException' } : undefined);
        if (count === 3) fixture.store(second);
      },
    });
    await using _ = fixture;
    expect(await fixture.get()).toBe(second);
  });
});

describe('after a wait in vain', () => {
  /** How long a call with all the time in the world waits for nothing. */
  async function vain(fixture: Renewed): Promise<number> {
    const began = fixture.clock.time;
    expect((await failureOf(fixture.get(900_000))).code).toBe('unavailable');
    return fixture.clock.time - began;
  }

  test.for(['asked', 'unheard'])('(%s), the next ones take two seconds at most', async (heard) => {
    await using fixture = await startRenewed({ answer: () => heard });
    expect(await vain(fixture)).toBeGreaterThanOrEqual(14_000);
    for (let calls = 0; calls < 50; calls++) {
      const waited = await vain(fixture);
      expect(waited).toBeLessThan(2_000);
      expect(waited).toBeGreaterThanOrEqual(1_000);
    }
  });

  test('of a call that came with little time, the next ones wait as long as before', async () => {
    await using fixture = await startRenewed();
    await failureOf(fixture.get(600));
    expect(await vain(fixture)).toBeGreaterThanOrEqual(14_000);
  });

  test('and then a token, the next ones wait as long as before', async () => {
    await using fixture = await startRenewed();
    await vain(fixture);
    let calls = 0;
    fixture.secrets.gate.fateOf = () => {
      if (++calls === 2) fixture.store(second);
      return undefined;
    };
    expect(await fixture.get()).toBe(second);
    const began = fixture.clock.time;
    await failureOf(fixture.instead(second, 900_000).then(String));
    expect(fixture.clock.time - began).toBeGreaterThanOrEqual(14_000);
  });

  test('the waits are short for a minute, and then as long as before', async () => {
    await using fixture = await startRenewed();
    await vain(fixture);
    const over = fixture.clock.time + minutes;
    fixture.clock.time = over - 1;
    expect(await vain(fixture)).toBeLessThan(2_000);
    fixture.clock.time += minutes;
    expect(await vain(fixture)).toBeGreaterThanOrEqual(14_000);
  });

  test('a short wait is no shorter for a token that comes within it', async () => {
    const fixture: Renewed = await startRenewed({
      answer: () => {
        if (fixture.asked.length === vainly + 3) fixture.store(second);
      },
    });
    await using _ = fixture;
    let vainly = Number.NaN;
    await vain(fixture);
    vainly = fixture.asked.length;
    expect(await fixture.get()).toBe(second);
  });

  test('of one group, those of another take their time', async () => {
    await using secrets = await startGatedSecrets();
    for (const groupid of ['1', '2']) secrets.put(groupid, unset);
    const clock = testClock(start);
    const tokens = new SecretTokens({
      secretOf: (groupid) => groupid,
      client: secrets.client(),
      clock,
      renewal: { ask: () => Promise.resolve('asked' as const) },
    });
    const waited: number[] = [];
    for (const groupid of ['1', '1', '2']) {
      const began = clock.time;
      await failureOf(tokens.get(groupid, deadlineIn(900_000, clock)));
      waited.push(clock.time - began);
    }
    const [, again = Number.NaN, other = Number.NaN] = waited;
    expect(again).toBeLessThan(2_000);
    expect(other).toBeGreaterThanOrEqual(14_000);
  });

  test('of a refused token, the next ones are short as well', async () => {
    await using fixture = await startRenewed({ secret: first });
    await failureOf(fixture.instead(first, 900_000));
    const long = fixture.waited();
    await failureOf(fixture.instead(first, 900_000));
    expect(long).toBeGreaterThanOrEqual(14_000);
    expect(fixture.waited() - long).toBeLessThan(2_000);
  });
});

describe('whoever was refused a token', () => {
  test('gets what the secret holds by now, and asks for nothing', async () => {
    await using fixture = await startRenewed({ secret: first });
    await fixture.get();
    fixture.store(second);
    expect(await fixture.instead(first)).toBe(second);
    expect(fixture.asked).toEqual([]);
  });

  test('asks for another one when the secret still holds it', async () => {
    const fixture: Renewed = await startRenewed({ secret: first, answer: () => fixture.store(second) });
    await using _ = fixture;
    await fixture.get();
    const version = await fixture.version();
    expect(await fixture.instead(first)).toBe(second);
    expect(fixture.asked).toEqual([version]);
    expect(await fixture.get()).toBe(second);
  });

  test('asks for another one when the secret has become unusable', async () => {
    const fixture: Renewed = await startRenewed({ secret: first, answer: () => fixture.store(second) });
    await using _ = fixture;
    await fixture.get();
    fixture.store('hunter2');
    expect(await fixture.instead(first)).toBe(second);
    expect(fixture.asked).toHaveLength(1);
  });

  test('is told what is wrong when none comes in time', async () => {
    await using fixture = await startRenewed({ secret: first });
    const failure = await failureOf(fixture.instead(first, 3_000));
    expect([failure.code, failure.message]).toEqual([
      'unavailable',
      'secret token holds a token that Glance refuses; a new one was asked for, and has not come in time',
    ]);
    expect(fixture.waited()).toBeLessThan(3_000);
  });

  test('has no other where nobody renews', async () => {
    await using fixture = await startRenewed({ secret: first, answer: () => 'nobody' });
    expect(await fixture.instead(first)).toBeUndefined();
    expect(fixture.waited()).toBe(0);
  });

  test('hears at once why there will be no other', async () => {
    const hopeless = new PresenceError('unavailable', 'not before eight', { retryAfterSeconds: 60 });
    await using fixture = await startRenewed({ secret: first, answer: () => Promise.reject(hopeless) });
    expect(await failureOf(fixture.instead(first))).toBe(hopeless);
  });

  test('does not spoil it for those whom it serves', async () => {
    await using fixture = await startRenewed({ secret: first });
    await failureOf(fixture.instead(first, 1_000));
    expect(await fixture.get()).toBe(first);
  });
});

describe('in the last part of its life', () => {
  /** Calls once a second from the first to the last, in milliseconds of the token's life; gives when it was asked. */
  async function askedAt(fixture: Renewed, from: number, to: number): Promise<number[]> {
    const times: number[] = [];
    for (let at = from; at < to; at += 1_000) {
      fixture.clock.time = start + at;
      const before = fixture.asked.length;
      expect(await fixture.get()).toBe(first);
      if (fixture.asked.length > before) times.push(at);
    }
    return times;
  }

  test('a token of two hours is asked for ahead, from its last quarter of an hour on', async () => {
    await using fixture = await startRenewed({ secret: living(120 * minutes) });
    const times = await askedAt(fixture, 104 * minutes, 120 * minutes);
    expect(times[0]).toBe(105 * minutes);
    expect(times).toEqual([105, 108.75, 112.5, 116.25].map((at) => at * minutes));
    expect(new Set(fixture.asked)).toEqual(new Set([await fixture.version()]));
  });

  test('a token of twenty minutes is asked for ahead, from its last third on', async () => {
    await using fixture = await startRenewed({ secret: living(20 * minutes) });
    const times = await askedAt(fixture, 13 * minutes, 20 * minutes);
    expect(times).toEqual([800_000, 900_000, 1_000_000, 1_100_000]);
  });

  test('a token that somebody put by hand is asked for ahead in its last minute', async () => {
    const raw = jwt({ exp: (start + 10 * minutes) / 1_000 });
    await using fixture = await startRenewed({ secret: raw });
    fixture.clock.time = start + 9 * minutes - 1;
    expect(await fixture.get()).toBe(raw);
    expect(fixture.asked).toHaveLength(0);
    fixture.clock.time = start + 9 * minutes;
    expect(await fixture.get()).toBe(raw);
    expect(fixture.asked).toHaveLength(1);
  });

  test('a token whose end is not known is never asked for ahead', async () => {
    await using fixture = await startRenewed({ secret: first });
    await askedAt(fixture, 600 * minutes, 601 * minutes);
    expect(fixture.asked).toEqual([]);
  });

  test('the next one is used as soon as it is seen, and asked for no more', async () => {
    await using fixture = await startRenewed({ secret: living(120 * minutes) });
    fixture.clock.time = start + 105 * minutes;
    await fixture.get();
    fixture.store(second);
    fixture.clock.time += 10_000;
    expect(await fixture.get()).toBe(second);
    fixture.clock.time += 10 * minutes;
    expect(await fixture.get()).toBe(second);
    expect(fixture.asked).toHaveLength(1);
  });

  test('asking that fails spoils no call, and is not repeated at once', async () => {
    const hopeless = new PresenceError('authorization', 'group 12345 gets no token');
    await using fixture = await startRenewed({
      secret: living(120 * minutes),
      answer: () => Promise.reject(hopeless),
    });
    expect(await askedAt(fixture, 105 * minutes, 107 * minutes)).toEqual([105 * minutes]);
  });

  test.for([
    ['one that never answers', 20_000],
    ['a hasty call', 700],
  ] as const)('asking that takes long holds no call: %s', async ([, deadlineMs]) => {
    await using fixture = await startRenewed({
      secret: living(120 * minutes),
      answer: () => new Promise(() => undefined),
    });
    fixture.clock.time = start + 110 * minutes;
    const began = performance.now();
    expect(await Promise.race([fixture.get(deadlineMs), sleep(2_000, 'still held after 2 s')])).toBe(first);
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  test('five hundred callers at once ask once', async () => {
    await using fixture = await startRenewed({ secret: living(120 * minutes) });
    fixture.clock.time = start + 110 * minutes;
    const got = await Promise.all(Array.from({ length: 500 }, () => fixture.get()));
    expect(new Set(got)).toEqual(new Set([first]));
    expect([fixture.asked.length, fixture.reads()]).toEqual([1, 1]);
  });
});

describe('while Secrets Manager is away', () => {
  const away = { error: 'InternalServiceError', status: 500 } as const;

  test('a token that is still good serves, again and again', async () => {
    await using fixture = await startRenewed({ secret: living(120 * minutes) });
    expect(await fixture.get()).toBe(first);
    fixture.clock.time += 6 * minutes;
    fixture.secrets.gate.fateOf = () => away;
    for (let calls = 0; calls < 3; calls++) expect(await fixture.get()).toBe(first);
    fixture.secrets.gate.fateOf = () => undefined;
    fixture.store(second);
    expect(await fixture.get()).toBe(second);
  });

  test('one that has ended does not', async () => {
    await using fixture = await startRenewed({ secret: living(120 * minutes) });
    await fixture.get();
    fixture.clock.time += 121 * minutes;
    fixture.secrets.gate.fateOf = () => away;
    expect(await failureOf(fixture.get())).toMatchObject({ code: 'unavailable' });
  });

  test('is another thing than a secret that is gone', async () => {
    await using fixture = await startRenewed({ secret: living(120 * minutes) });
    await fixture.get();
    fixture.clock.time += 6 * minutes;
    fixture.secrets.gate.fateOf = () => ({ error: 'ResourceNotFoundException' });
    expect(await failureOf(fixture.get())).toMatchObject({ code: 'authorization' });
  });
});

test('without a renewal, a token that has ended in memory gives way to one that somebody has put', async () => {
  const ending = writeToken({ value: first, issuedAt: start, expiresAt: start + 2 * minutes });
  await using fixture = await startRenewed({ secret: ending, answer: () => 'nobody' });
  expect(await fixture.get()).toBe(first);
  fixture.store(second);
  fixture.clock.time += 2 * minutes;
  expect(await fixture.get()).toBe(second);
});
