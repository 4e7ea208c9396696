import { describe, expect, test } from 'vitest';
import { type FailureNote, noteLabel, readNote } from '../../../shared/authorization/note.ts';
import { refresh } from '../../../shared/authorization/refresh.ts';
import { readRequest } from '../../../shared/authorization/request.ts';
import { Vault } from '../../../shared/authorization/vault.ts';
import { PresenceError } from '../../../shared/presence/errors.ts';
import { deadlineIn } from '../../../shared/runtime/deadline.ts';
import { group } from '../../support/presence-pair.ts';
import { startRefreshQueue, type TestRefreshQueue } from '../../support/refresh-queue.ts';
import {
  password,
  type Renewing,
  startRenewing,
  tokenSecret,
  wrongPassword,
} from '../../support/renewing.ts';

const seconds = 1_000;
const minutes = 60 * seconds;
const hours = 60 * minutes;

interface Asking {
  /** How long, and how often functions ask meanwhile. */
  lasts: number;
  every: number;
}

/** The functions ask again and again, and the schedule every 50 minutes, each time in another instance. */
async function pass(renewing: Renewing, { lasts, every }: Asking): Promise<void> {
  const begin = renewing.clock.time;
  let scheduled = begin;
  for (let at = begin; at < begin + lasts; at += every) {
    renewing.clock.time = Math.max(renewing.clock.time, at);
    if (at >= scheduled + 50 * minutes) {
      scheduled = at;
      await renewing.refresh();
    }
    await renewing.asked();
  }
}

async function noteOf({ secrets }: Renewing): Promise<FailureNote> {
  const note = readNote((await secrets.version(tokenSecret, noteLabel)).text);
  if (!note) throw new Error('there is no note');
  return note;
}

const puts = ({ secrets }: Renewing) => secrets.count('PutSecretValue', tokenSecret);

describe('in a day', { timeout: 120_000 }, () => {
  test('with wrong credentials, asked every minute, the Authorization service is asked some thirty times', async () => {
    await using renewing = await startRenewing({ credentials: wrongPassword });
    await pass(renewing, { lasts: 24 * hours, every: minutes });
    expect(renewing.authorizations).toBeLessThanOrEqual(32);
  });

  test('without credentials it is not asked at all', async () => {
    await using renewing = await startRenewing({ credentials: '{"state":"unset"}' });
    await pass(renewing, { lasts: 24 * hours, every: 5 * minutes });
    expect(renewing.authorizations).toBe(0);
  });

  test('while it is down, it is asked some hundred times, and Secrets Manager keeps no more versions than it can', async () => {
    await using renewing = await startRenewing();
    renewing.emulator.faults.add({ endpoint: 'authorize', fault: { kind: 'status', status: 503 }, times: 0 });
    await pass(renewing, { lasts: 24 * hours, every: minutes });
    expect(renewing.authorizations).toBeLessThanOrEqual(120);
    expect(puts(renewing)).toBeLessThan(versionsOfADay);
  });

  test('of failures of both kinds in turn, it is asked some fifty times', async () => {
    await using renewing = await startRenewing();
    await passInTurn(renewing, { lasts: 24 * hours, every: minutes });
    expect(renewing.authorizations).toBeLessThanOrEqual(60);
    expect(puts(renewing)).toBeLessThan(versionsOfADay);
  });

  test('of tokens that are refused right after they were tried, a few dozen are asked for', async () => {
    await using renewing = await startRenewing();
    await pass(renewing, { lasts: 24 * hours, every: 2 * minutes });
    expect(renewing.authorizations).toBeLessThanOrEqual(100);
    expect(puts(renewing)).toBeLessThanOrEqual(versionsOfADay);
  });
});

/** The Authorization service answers 403 and 503 in turn. */
async function passInTurn(renewing: Renewing, { lasts, every }: Asking): Promise<void> {
  const { faults } = renewing.emulator;
  const end = renewing.clock.time + lasts;
  while (renewing.clock.time < end) {
    const status = renewing.authorizations % 2 === 0 ? 403 : 503;
    faults.clear();
    faults.add({ endpoint: 'authorize', fault: { kind: 'status', status } });
    await renewing.asked();
    renewing.clock.time += every;
  }
  faults.clear();
}

describe('a failure', () => {
  test('that lasts waits a minute, however many passed by themselves before it', async () => {
    await using renewing = await startRenewing();
    renewing.emulator.faults.add({ endpoint: 'authorize', fault: { kind: 'status', status: 503 }, times: 6 });
    for (let failures = 1; failures <= 6; failures++) {
      const note = { failures, lasting: 0, failure: 'authorization-unavailable' };
      expect(await renewing.asked()).toMatchObject({ outcome: 'failed', note });
      renewing.clock.time += 5 * minutes;
    }
    renewing.emulator.faults.add({ endpoint: 'authorize', fault: { kind: 'status', status: 401 } });
    const until = renewing.clock.time + minutes;
    const note = { failure: 'authorization-refused', failures: 7, lasting: 1, until };
    expect(await renewing.asked()).toMatchObject({ outcome: 'failed', note });
    renewing.clock.time += minutes;
    expect(await renewing.asked()).toMatchObject({ outcome: 'renewed' });
  });

  test('that passes waits longer for those before it that did not', async () => {
    await using renewing = await startRenewing({ credentials: wrongPassword });
    for (let failures = 1; failures <= 3; failures++) await renewing.refresh({ because: 'operator' });
    renewing.emulator.faults.add({ endpoint: 'authorize', fault: { kind: 'status', status: 503 } });
    const until = renewing.clock.time + 2 * minutes;
    const passing = { failure: 'authorization-unavailable', failures: 4, lasting: 3, until };
    expect(await renewing.refresh({ because: 'operator' })).toMatchObject({ note: passing });
    renewing.clock.time = until;
    const lasting = { failures: 5, lasting: 4, until: until + 8 * minutes };
    expect(await renewing.asked()).toMatchObject({ note: lasting });
  });

  test('of one kind and the other in turn, asked every 15 s for an hour, makes few requests', async () => {
    await using renewing = await startRenewing();
    await passInTurn(renewing, { lasts: hours, every: 15 * seconds });
    expect(renewing.authorizations).toBeLessThanOrEqual(11);
    const { failures, lasting } = await noteOf(renewing);
    expect([failures, lasting]).toEqual([renewing.authorizations, Math.ceil(renewing.authorizations / 2)]);
  });

  test('whose note an earlier release has left counts on', async () => {
    await using renewing = await startRenewing({ credentials: wrongPassword });
    await renewing.refresh();
    const { lasting, ...earlier } = await noteOf(renewing);
    await new Vault(renewing.secrets.client()).putNote(tokenSecret, { ...earlier, failures: 5 });
    renewing.clock.time += minutes;
    expect(await renewing.asked()).toMatchObject({ note: { failures: 6, lasting: 1 } });
  });

  test('is forgotten with the next success', async () => {
    await using renewing = await startRenewing();
    for (let turn = 0; turn < 3; turn++) {
      renewing.emulator.faults.add({ endpoint: 'authorize', fault: { kind: 'status', status: 503 } });
      expect(await renewing.refresh()).toMatchObject({ outcome: 'failed', note: { failures: 1 } });
      renewing.clock.time += 15 * seconds;
      expect(await renewing.refresh()).toMatchObject({ outcome: 'renewed' });
    }
  });

  test('holds up schedules and functions, and not whom somebody has told to go on', async () => {
    await using renewing = await startRenewing({ credentials: wrongPassword });
    await renewing.refresh();
    expect(await renewing.refresh()).toMatchObject({ outcome: 'postponed', note: { failures: 1 } });
    expect(await renewing.asked()).toMatchObject({ outcome: 'postponed' });
    expect(renewing.authorizations).toBe(1);
    expect(await renewing.refresh({ because: 'operator' })).toMatchObject({ note: { failures: 2 } });
    expect(renewing.authorizations).toBe(2);
  });

  test('counts from the start with other credentials', async () => {
    await using renewing = await startRenewing({ credentials: wrongPassword });
    for (let failures = 1; failures <= 5; failures++) await renewing.refresh({ because: 'operator' });
    renewing.putCredentials({ ...wrongPassword, password: 'guessed again' });
    expect(await renewing.refresh()).toMatchObject({ outcome: 'failed', note: { failures: 1 } });
  });

  test('is remembered for a secret too that has no version yet', async () => {
    await using renewing = await startRenewing({ token: null, credentials: wrongPassword });
    await renewing.secrets.create(tokenSecret);
    for (let asks = 0; asks < 5; asks++) await renewing.refresh();
    expect(renewing.authorizations).toBe(1);
  });
});

describe('tokens that are refused right after they were tried', () => {
  test('are replaced twice at once, then ever more slowly, and the functions hear why', async () => {
    await using renewing = await startRenewing();
    await renewing.refresh();
    expect(await renewing.asked()).toMatchObject({ outcome: 'renewed' });
    expect(await renewing.asked()).toMatchObject({ outcome: 'renewed' });
    expect(await renewing.asked()).toMatchObject({
      outcome: 'failed',
      asked: false,
      note: {
        failure: 'token-refused',
        reason: 'the Presence service refuses tokens that it took when they were tried: 3 in a row',
      },
    });
    expect(renewing.authorizations).toBe(3);
    renewing.clock.time += minutes;
    expect(await renewing.asked()).toMatchObject({ outcome: 'renewed' });
    renewing.clock.time += minutes;
    expect(await renewing.asked()).toMatchObject({ outcome: 'failed' });
  });

  test('are no matter for a token that has lived a while', async () => {
    await using renewing = await startRenewing();
    for (let turn = 0; turn < 6; turn++) {
      expect(await renewing.asked()).toMatchObject({ outcome: 'renewed' });
      renewing.clock.time += 20 * minutes;
    }
  });
});

/** An instance that has just started asks on the queue, and another one works it off. Gives what both came to. */
async function ask(renewing: Renewing, queue: TestRefreshQueue) {
  const { id } = await renewing.current();
  const heard = await queue
    .instance(renewing.clock)
    .ask(group, id)
    .catch((error: unknown) => {
      if (error instanceof PresenceError) return error;
      throw error;
    });
  const outcomes: string[] = [];
  for (const { body } of await queue.take()) {
    await using dependencies = renewing.dependencies();
    const request = readRequest(JSON.stringify(body));
    outcomes.push((await refresh(request, dependencies, deadlineIn(20_000, renewing.clock))).outcome);
  }
  return { heard, outcomes };
}

describe('wrong credentials', { timeout: 60_000 }, () => {
  test('that somebody replaces without a word are found within five minutes, not when the pause is over', async () => {
    await using renewing = await startRenewing({ credentials: wrongPassword });
    await using queue = await startRefreshQueue(renewing.secrets);
    const { clock } = renewing;
    clock.time = Math.ceil(clock.time / (5 * minutes)) * 5 * minutes;
    for (let failures = 1; failures <= 8; failures++) await renewing.refresh({ because: 'operator' });
    const { authorizations } = renewing;
    const { until } = await noteOf(renewing);
    const versions = puts(renewing);

    const looks: string[] = [];
    for (const end = clock.time + 20 * minutes; clock.time < end; clock.time += 15 * seconds) {
      const { heard, outcomes } = await ask(renewing, queue);
      expect(heard).toMatchObject({
        code: 'authorization',
        message: expect.stringContaining('The password is wrong'),
      });
      looks.push(...outcomes);
    }
    expect(looks).toEqual(Array(4).fill('postponed'));
    expect([renewing.authorizations, puts(renewing)]).toEqual([authorizations, versions]);

    const { heard: first } = await ask(renewing, queue);
    expect(first).toBeInstanceOf(PresenceError);
    clock.time += 15 * seconds;
    renewing.putCredentials(password);
    const mended = clock.time;
    for (; ; clock.time += 15 * seconds) {
      const { heard, outcomes } = await ask(renewing, queue);
      expect(heard).toBeInstanceOf(PresenceError);
      if (outcomes.includes('renewed')) break;
      expect(clock.time).toBeLessThan(mended + 5 * minutes);
    }
    expect(clock.time).toBeLessThan(until - 20 * minutes);
    expect(renewing.authorizations).toBe(authorizations + 1);
    expect((await renewing.token()).value).toBeTruthy();
    expect(await ask(renewing, queue)).toMatchObject({ heard: 'asked' });
  });
});

describe('an outage of the Authorization service', { timeout: 120_000 }, () => {
  test.for([
    [30 * seconds, 15 * seconds, 4],
    [10 * minutes, 5 * minutes, 8],
    [60 * minutes, 5 * minutes, 17],
  ] as const)(
    'of %d ms is over after %d ms more and %d questions at most',
    async ([outage, late, questions]) => {
      await using renewing = await startRenewing();
      await using queue = await startRefreshQueue(renewing.secrets);
      renewing.emulator.faults.add({
        endpoint: 'authorize',
        fault: { kind: 'status', status: 503 },
        times: 0,
      });
      const begin = renewing.clock.time;
      for (; renewing.emulator.granted === 0; renewing.clock.time += 10 * seconds) {
        if (renewing.clock.time >= begin + outage) renewing.emulator.faults.clear();
        await ask(renewing, queue);
        expect(renewing.clock.time).toBeLessThan(begin + 2 * hours);
      }
      const after = renewing.clock.time - 10 * seconds - begin - outage;
      expect(after).toBeLessThanOrEqual(late + 10 * seconds);
      expect(renewing.authorizations).toBeLessThanOrEqual(questions);
      expect((await renewing.token()).value).toBeTruthy();
    },
  );
});

/**
 * "If you call PutSecretValue more than once every 10 minutes, you create more versions than Secrets Manager removes,
 * and you will reach the quota for versions."
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
 */
const versionsOfADay = 144;
