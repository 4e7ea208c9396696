import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PresenceClient } from '../../../shared/presence/client.ts';
import { SecretTokens } from '../../../shared/presence/secret-tokens.ts';
import { deadlineIn } from '../../../shared/runtime/deadline.ts';
import { testClock } from '../../support/clock.ts';
import { failureOf, group, visitor } from '../../support/presence-pair.ts';
import { startRefreshQueue, type TestRefreshQueue } from '../../support/refresh-queue.ts';
import {
  password,
  type Renewing,
  startRenewing,
  tokenSecret,
  unset,
  wrongPassword,
} from '../../support/renewing.ts';

let renewing: Renewing;
let queue: TestRefreshQueue;

beforeEach(async () => {
  renewing = await startRenewing();
  queue = await startRefreshQueue(renewing.secrets);
});
afterEach(async () => {
  await queue[Symbol.asyncDispose]();
  await renewing[Symbol.asyncDispose]();
});

/** The tokens of one instance of a function. What it asks it asks within the same minute. */
function instance(): SecretTokens {
  const client = renewing.secrets.client();
  return new SecretTokens({ secretOf: () => tokenSecret, client, renewal: queue.instance(renewing.clock) });
}

const get = (tokens: SecretTokens, ms = 10_000) => tokens.get(group, deadlineIn(ms));

/** What it took: reads of the token, reads of the note, messages sent, requests to the Authorization API. */
function effort() {
  const reads = renewing.secrets.gate.calls.filter(({ operation }) => operation === 'GetSecretValue');
  const tokens = reads.filter(({ secret, labels }) => secret === tokenSecret && labels[0] === 'AWSCURRENT');
  const notes = reads.filter(({ labels }) => labels[0] !== 'AWSCURRENT');
  const sends = queue.gate.calls.filter(({ operation }) => operation === 'SendMessage');
  return {
    tokens: tokens.length,
    notes: notes.length,
    sends: sends.length,
    authorizations: renewing.authorizations,
  };
}

describe('from no token to the first', () => {
  test('five hundred callers of one instance get the same one, for little', async () => {
    using _ = queue.consume(renewing);
    const tokens = instance();
    const got = await Promise.all(Array.from({ length: 500 }, () => get(tokens)));
    expect(new Set(got)).toEqual(new Set([(await renewing.token()).value]));
    const { authorizations, sends, ...reads } = effort();
    expect([authorizations, sends]).toEqual([1, 1]);
    expect(reads.tokens).toBeLessThanOrEqual(12);
    expect(reads.notes).toBeLessThanOrEqual(12);
  });

  test('fifty instances with ten callers each get the same one from one renewal', async () => {
    using _ = queue.consume(renewing);
    const instances = Array.from({ length: 50 }, instance);
    const got = await Promise.all(
      instances.flatMap((tokens) => Array.from({ length: 10 }, () => get(tokens))),
    );
    expect(new Set(got)).toEqual(new Set([(await renewing.token()).value]));
    expect(renewing.authorizations).toBe(1);
  });
});

describe('from a token that is refused to the next', () => {
  test('five hundred look-ups of one instance go on with one renewal', async () => {
    await renewing.refresh();
    using _ = queue.consume(renewing);
    const tokens = instance();
    await using dependencies = renewing.dependencies();
    const { groups, transport } = dependencies;
    const rules = groups.get(group)?.rules;
    const client = new PresenceClient({ groups: new Map(rules && [[group, rules]]), tokens, transport });
    const lookup = () => client.lookup(group, visitor, deadlineIn(20_000));
    await lookup();
    renewing.emulator.revoke();
    const answers = await Promise.all(Array.from({ length: 500 }, lookup));
    expect(new Set(answers.map(({ presence }) => presence))).toEqual(new Set(['absent']));
    expect(renewing.authorizations).toBe(2);
    expect(renewing.emulator.requests.counts().lookupvisitor?.[401]).toBeLessThanOrEqual(500);
    expect(effort().sends).toBe(1);
    expect(effort().tokens).toBeLessThanOrEqual(60);
  });

  test('a new version is there, and nothing asks for the old one any more', async () => {
    await renewing.refresh();
    const old = (await renewing.current()).id;
    using _ = queue.consume(renewing);
    const first = (await renewing.token()).value;
    renewing.emulator.revoke();
    const second = await instance().instead(group, first, deadlineIn(10_000));
    expect(second).toBe((await renewing.token()).value);
    expect(second).not.toBe(first);
    expect(await queue.instance(renewing.clock).ask(group, old)).toBe('asked');
    await sleep(500);
    expect(renewing.authorizations).toBe(2);
  });
});

describe('where it cannot be renewed', () => {
  test('the callers hear within a moment why, and the next ones at once', async () => {
    renewing.putCredentials(wrongPassword);
    using _ = queue.consume(renewing);
    const began = performance.now();
    const failures = await Promise.all(Array.from({ length: 100 }, () => failureOf(get(instance()))));
    expect(performance.now() - began).toBeLessThan(5_000);
    for (const { code, message } of failures) {
      expect([code, message]).toEqual(['authorization', expect.stringContaining('The password is wrong')]);
    }
    expect((await failureOf(get(instance()))).message).toContain('The password is wrong');
    expect(renewing.authorizations).toBe(1);
  });

  test('the next callers get a token once somebody has put the right credentials, however long the pause', async () => {
    renewing.putCredentials(wrongPassword);
    for (let failures = 1; failures <= 8; failures++) await renewing.refresh({ because: 'operator' });
    const { authorizations } = renewing;
    using _ = queue.consume(renewing);
    await failureOf(get(instance()));
    await sleep(500);
    expect(renewing.authorizations).toBe(authorizations);
    renewing.putCredentials(password);
    renewing.clock.time += 5 * 60_000;
    expect((await failureOf(get(instance()))).retryAfterSeconds).toBeGreaterThan(3_000);
    await expect.poll(async () => (await renewing.current()).text, { timeout: 5_000 }).not.toBe(unset);
    expect(await get(instance())).toBe((await renewing.token()).value);
    expect(renewing.authorizations).toBe(authorizations + 1);
  });

  test('and the clock of who asks is a little ahead of the one of who renews, it is tried again in time', async () => {
    renewing.emulator.faults.add({ endpoint: 'authorize', fault: { kind: 'status', status: 503 } });
    await renewing.asked();
    const theirs = testClock(renewing.clock.now() + 15_000);
    renewing.clock.time = theirs.time - 500;
    const asking = queue.instance(theirs);
    using _ = queue.consume(renewing);
    for (let asks = 0; asks < 4 && renewing.authorizations < 2; asks++) {
      await asking.ask(group, (await renewing.current()).id).catch(() => undefined);
      await sleep(200);
      theirs.time += 60_000;
      renewing.clock.time += 60_000;
    }
    expect(renewing.authorizations).toBe(2);
  });
});
