import { describe, expect, test } from 'vitest';
import { refresh } from '../../../shared/authorization/refresh.ts';
import { readRequest } from '../../../shared/authorization/request.ts';
import { deadlineIn } from '../../../shared/runtime/deadline.ts';
import { group } from '../../support/presence-pair.ts';
import { startRefreshQueue, type TestRefreshQueue } from '../../support/refresh-queue.ts';
import { type Renewing, startRenewing, tokenSecret, wrongPassword } from '../../support/renewing.ts';

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

  test('while it is down, it is asked a hundred times, and Secrets Manager keeps no more versions than it can', async () => {
    await using renewing = await startRenewing();
    renewing.emulator.faults.add({ endpoint: 'authorize', fault: { kind: 'status', status: 503 }, times: 0 });
    await pass(renewing, { lasts: 24 * hours, every: 2 * minutes });
    expect(renewing.authorizations).toBeLessThanOrEqual(105);
    expect(puts(renewing)).toBeLessThanOrEqual(versionsOfADay);
  });

  test('of tokens that are refused right after they were tried, a few dozen are asked for', async () => {
    await using renewing = await startRenewing();
    await pass(renewing, { lasts: 24 * hours, every: 2 * minutes });
    expect(renewing.authorizations).toBeLessThanOrEqual(100);
    expect(puts(renewing)).toBeLessThanOrEqual(versionsOfADay);
  });
});

describe('a failure', () => {
  test('of another kind than those before it is the first of its kind', async () => {
    await using renewing = await startRenewing();
    renewing.emulator.faults.add({ endpoint: 'authorize', fault: { kind: 'status', status: 503 }, times: 6 });
    for (let failures = 1; failures <= 6; failures++) {
      await renewing.asked();
      renewing.clock.time += 15 * minutes;
    }
    renewing.emulator.faults.add({ endpoint: 'authorize', fault: { kind: 'status', status: 401 } });
    const failed = await renewing.asked();
    expect(failed).toMatchObject({ outcome: 'failed', note: { failure: 'authorization-refused' } });
    renewing.clock.time += minutes;
    expect(await renewing.asked()).toMatchObject({ outcome: 'renewed' });
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

describe('an outage of the Authorization service', { timeout: 120_000 }, () => {
  /** Each time, an instance that has just started asks on the queue, and another one works it off. */
  async function ask(renewing: Renewing, queue: TestRefreshQueue): Promise<void> {
    const { id } = await renewing.current();
    await queue
      .instance(renewing.clock)
      .ask(group, id)
      .catch(() => undefined);
    for (const { body } of await queue.take()) {
      await using dependencies = renewing.dependencies();
      const request = readRequest(JSON.stringify(body));
      await refresh(request, dependencies, deadlineIn(55_000, renewing.clock));
    }
  }

  test.for([
    [30 * seconds, 15 * seconds, 4],
    [10 * minutes, 6 * minutes, 8],
    [60 * minutes, 15 * minutes, 11],
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
