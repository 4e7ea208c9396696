import { describe, expect, test } from 'vitest';
import { noteLabel, readNote } from '../../../shared/authorization/note.ts';
import { refresh } from '../../../shared/authorization/refresh.ts';
import { groupId } from '../../../shared/presence/ids.ts';
import { readToken } from '../../../shared/presence/token.ts';
import { deadlineIn } from '../../../shared/runtime/deadline.ts';
import { group } from '../../support/presence-pair.ts';
import {
  credentialsSecret,
  password,
  type Renewing,
  startRenewing,
  tokenSecret,
  unset,
  wrongPassword,
} from '../../support/renewing.ts';
import { jwt } from '../../support/tokens.ts';

const minutes = 60_000;

/** A token tells its end in whole seconds, by the clock of another process. */
function aboutTime(time: number): unknown {
  return expect.toSatisfy((told: number) => Math.abs(told - time) < 3_000, `about ${time}`);
}

/** What a look-up with the current token is answered. */
async function lookupStatus({ emulator, token }: Renewing): Promise<number> {
  const { value } = await token();
  const lookup = `${emulator.url}/lookupvisitor?groupid=12345&visitorid=ada`;
  return (await fetch(lookup, { headers: { authorization: `Bearer ${value}` } })).status;
}

async function note({ secrets }: Renewing) {
  return readNote((await secrets.version(tokenSecret, noteLabel)).text);
}

describe('a renewal', () => {
  test('puts a token that works, with its times, in place of nothing', async () => {
    await using renewing = await startRenewing();
    const issuedAt = renewing.clock.time;
    const expiresAt = aboutTime(issuedAt + 120 * minutes);
    expect(await renewing.refresh()).toEqual({ outcome: 'renewed', expiresAt });
    expect(await renewing.token()).toMatchObject({ issuedAt, expiresAt, refusals: undefined });
    expect(await lookupStatus(renewing)).toBe(200);
  });

  test('tries the token before it puts it: a look-up of a visitor who is never there', async () => {
    await using renewing = await startRenewing();
    renewing.secrets.gate.fateOf = ({ operation }) => {
      if (operation === 'PutSecretValue') expect(renewing.emulator.requests.count('lookupvisitor')).toBe(1);
      return undefined;
    };
    await renewing.refresh();
    expect(renewing.emulator.requests.last()).toMatchObject([
      { endpoint: 'Authorize', status: 200 },
      { endpoint: 'lookupvisitor', status: 200, visitorid: 'presence-relay-token-check' },
    ]);
    expect(renewing.secrets.count('PutSecretValue')).toBe(1);
  });

  test('takes a token that lives shorter than it wished for what it is', async () => {
    await using renewing = await startRenewing();
    renewing.emulator.switch({ tokenSeconds: 600 });
    await renewing.refresh();
    const { issuedAt = 0, expiresAt = 0 } = await renewing.token();
    expect((expiresAt - issuedAt) / 1_000).toBeCloseTo(600, -1);
  });

  test('asks for a token of as many minutes as are configured', async () => {
    await using renewing = await startRenewing({ minutes: 20 });
    const expiresAt = aboutTime(renewing.clock.time + 20 * minutes);
    expect(await renewing.refresh()).toMatchObject({ expiresAt });
    expect(await lookupStatus(renewing)).toBe(200);
  });

  test.for([
    ['a raw token that somebody put by hand', jwt({ exp: 4_000_000_000 })],
    ['something malformed', 'hunter2'],
    ['an unreadable object', '{"token":7}'],
  ])('replaces %s, which becomes the previous version', async ([, text = '']) => {
    await using renewing = await startRenewing({ token: text });
    const before = await renewing.current();
    expect(await renewing.asked()).toMatchObject({ outcome: 'renewed' });
    expect(await lookupStatus(renewing)).toBe(200);
    expect(await renewing.secrets.version(tokenSecret, 'AWSPREVIOUS')).toEqual(before);
  });

  test('replaces a binary secret', async () => {
    await using renewing = await startRenewing({ token: null });
    await renewing.secrets.create(tokenSecret, { SecretBinary: Buffer.from('hunter2') });
    expect(await renewing.asked()).toMatchObject({ outcome: 'renewed' });
    expect(await lookupStatus(renewing)).toBe(200);
  });

  test.for(['schedule', 'asked', 'operator'] as const)(
    '(%s) fills a secret that exists and holds no version at all',
    async (because) => {
      await using renewing = await startRenewing({ token: null });
      await renewing.secrets.create(tokenSecret);
      expect(await renewing.refresh({ because })).toMatchObject({ outcome: 'renewed' });
      expect(await lookupStatus(renewing)).toBe(200);
    },
  );

  test('that fails for a secret without any version leaves a note there, which nobody takes for a token', async () => {
    await using renewing = await startRenewing({ token: null, credentials: wrongPassword });
    await renewing.secrets.create(tokenSecret);
    await renewing.refresh();
    const { text } = await renewing.current();
    expect(() => readToken(text)).toThrow('has no readable "token"');
    renewing.putCredentials(password);
    expect(await renewing.refresh()).toMatchObject({ outcome: 'renewed' });
    expect(await lookupStatus(renewing)).toBe(200);
  });

  test('for a secret that does not exist asks for no token, as it could not keep it', async () => {
    await using renewing = await startRenewing({ token: null });
    await expect(renewing.refresh()).rejects.toThrow();
    expect(renewing.authorizations).toBe(0);
  });

  test('of a group that is not configured any more is not needed', async () => {
    await using renewing = await startRenewing();
    expect(await renewing.refresh({ groupid: groupId.parse('72') })).toEqual({ outcome: 'not-needed' });
    expect([renewing.authorizations, renewing.secrets.gate.calls.length]).toEqual([0, 0]);
  });

  test('that was asked for is not needed when the token has been replaced in the meantime', async () => {
    await using renewing = await startRenewing();
    const { id: version } = await renewing.current();
    await renewing.refresh();
    expect(await renewing.refresh({ because: 'asked', version })).toEqual({ outcome: 'not-needed' });
    expect(await renewing.refresh({ because: 'asked', version: undefined })).toEqual({
      outcome: 'not-needed',
    });
    expect(renewing.authorizations).toBe(1);
  });

  test('and another of the same token at once both end, and one of two tokens that work is current', async () => {
    await using renewing = await startRenewing();
    const outcomes = await Promise.all([renewing.asked(), renewing.asked(), renewing.refresh()]);
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['renewed']));
    expect(await lookupStatus(renewing)).toBe(200);
    expect(renewing.emulator.granted).toBe(3);
  });

  test('that succeeds beside one that fails makes the failure forgotten', async () => {
    await using renewing = await startRenewing();
    for (let turn = 0; turn < 10; turn++) {
      renewing.clock.time += 60 * minutes;
      renewing.emulator.faults.add({ endpoint: 'authorize', fault: { kind: 'status', status: 503 } });
      const outcomes = await Promise.all([renewing.refresh(), renewing.refresh()]);
      expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(['failed', 'renewed']);
      expect(await lookupStatus(renewing)).toBe(200);
      expect(await renewing.refresh()).toMatchObject({ outcome: 'renewed' });
    }
  });

  test.for([
    ['before', 'put by hand before the note of a failure is written'],
    ['after', 'put by hand after it'],
  ] as const)('%s: a token %s stays current and usable', async ([when]) => {
    await using renewing = await startRenewing({ credentials: wrongPassword });
    const byHand = () =>
      renewing.secrets.put(tokenSecret, renewing.emulator.issueToken({ groupid: 12345 }).token);
    renewing.secrets.gate.fateOf = ({ operation }) => {
      if (operation === 'PutSecretValue' && when === 'before') byHand();
      return undefined;
    };
    expect(await renewing.refresh()).toMatchObject({ outcome: 'failed', remembered: true });
    if (when === 'after') byHand();
    expect(await lookupStatus(renewing)).toBe(200);
    renewing.putCredentials(password);
    expect(await renewing.asked()).toMatchObject({ outcome: 'renewed' });
  });
});

describe('a token that the Presence service refuses', () => {
  test.for([
    ['nothing', 'without the privilege'],
    ['revoked', 'revoked already'],
  ] as const)('(%s: %s) never becomes current', async ([authorizedFor]) => {
    await using renewing = await startRenewing();
    await renewing.refresh();
    const before = await renewing.current();
    renewing.emulator.switch({ authorizedFor });
    expect(await renewing.refresh()).toMatchObject({
      outcome: 'failed',
      asked: true,
      remembered: true,
      note: { failure: 'token-refused', failures: 1 },
    });
    expect(await renewing.current()).toEqual(before);
    expect(await lookupStatus(renewing)).toBe(200);
    expect(renewing.clock.sleeps).toEqual([1_000, 2_000]);
  });

  test('for a moment only, as its clock differs a little, becomes current', async () => {
    await using renewing = await startRenewing();
    const refuse = { kind: 'status', status: 401 } as const;
    renewing.emulator.faults.add({ endpoint: 'lookupvisitor', fault: refuse, times: 2 });
    expect(await renewing.refresh()).toMatchObject({ outcome: 'renewed' });
    expect(await lookupStatus(renewing)).toBe(200);
  });

  test('cannot be told from a good one while the service is down, so it does not become current', async () => {
    await using renewing = await startRenewing();
    const busy = { kind: 'status', status: 503, retryAfter: 1 } as const;
    renewing.emulator.faults.add({ endpoint: 'lookupvisitor', fault: busy, times: 0 });
    expect(await renewing.refresh()).toMatchObject({ outcome: 'failed', note: { failure: 'token-untried' } });
    expect((await renewing.current()).text).toBe(unset);
    renewing.emulator.faults.clear();
    renewing.clock.time += 15_000;
    expect(await renewing.refresh()).toMatchObject({ outcome: 'renewed' });
  });
});

describe('a note that cannot be written', () => {
  /** Secrets Manager takes nothing more for the token, until it is told to. */
  function refusePuts({ secrets }: Renewing, error = 'LimitExceededException'): void {
    secrets.gate.fateOf = ({ operation }) => (operation === 'PutSecretValue' ? { error } : undefined);
  }

  /** By one instance that lives on. */
  function start(renewing: Renewing) {
    const dependencies = renewing.dependencies();
    const ask = async () => {
      const { id: version } = await renewing.current();
      const request = { groupid: group, because: 'asked', version } as const;
      return await refresh(request, dependencies, deadlineIn(20_000, renewing.clock));
    };
    return { ...dependencies, ask };
  }
  const operator = { groupid: group, because: 'operator', id: '1' } as const;

  test.for([
    ['LimitExceededException', wrongPassword, 'authorization-refused', 60_000],
    ['AccessDeniedException', wrongPassword, 'authorization-refused', 60_000],
    ['AccessDeniedException', password, 'token-not-stored', 60_000],
    ['LimitExceededException', '{"state":"unset"}', 'no-credentials', 60_000],
  ] as const)(
    '(%s, %j) is kept in mind, and obeyed by the instance: %s, %d ms',
    async ([error, credentials, failure, pause]) => {
      await using renewing = await startRenewing({ credentials });
      refusePuts(renewing, error);
      await using instance = start(renewing);
      const note = { failure, failures: 1, lasting: 1 };
      expect(await instance.ask()).toMatchObject({ outcome: 'failed', remembered: false, note });
      expect([...instance.unwritten.keys()]).toEqual([tokenSecret]);
      const { authorizations } = renewing;
      renewing.clock.time += pause - 2_001;
      expect(await instance.ask()).toMatchObject({ outcome: 'postponed', note });
      expect(renewing.authorizations).toBe(authorizations);
      renewing.clock.time += 2_001;
      const again = { failure, failures: 2, lasting: 2, until: renewing.clock.time + 2 * pause };
      expect(await instance.ask()).toMatchObject({ outcome: 'failed', remembered: false, note: again });
      expect(await instance.ask()).toMatchObject({ outcome: 'postponed', note: again });
    },
  );

  test('is kept for a secret without any version, too', async () => {
    await using renewing = await startRenewing({ token: null, credentials: wrongPassword });
    await renewing.secrets.create(tokenSecret);
    refusePuts(renewing);
    await using dependencies = renewing.dependencies();
    const scheduled = { groupid: group, because: 'schedule', at: '2026-03-12T20:00:00Z' } as const;
    const again = () => refresh(scheduled, dependencies, deadlineIn(20_000, renewing.clock));
    expect(await again()).toMatchObject({ outcome: 'failed', remembered: false });
    expect(await again()).toMatchObject({ outcome: 'postponed', note: { failures: 1 } });
    expect(renewing.authorizations).toBe(1);
  });

  test('holds up no operator, no other credentials and no other token', async () => {
    await using renewing = await startRenewing({ credentials: wrongPassword });
    refusePuts(renewing);
    await using instance = start(renewing);
    await instance.ask();
    expect(await refresh(operator, instance, deadlineIn(20_000, renewing.clock))).toMatchObject({
      outcome: 'failed',
      note: { failures: 2 },
    });
    renewing.secrets.put(tokenSecret, 'another');
    expect(await instance.ask()).toMatchObject({ outcome: 'failed', note: { failures: 1 } });
    expect(await instance.ask()).toMatchObject({ outcome: 'postponed' });
    renewing.putCredentials(password);
    renewing.secrets.gate.fateOf = () => undefined;
    expect(await instance.ask()).toMatchObject({ outcome: 'renewed' });
    expect(await lookupStatus(renewing)).toBe(200);
  });

  test('is written with the next failure, once it can be, and counts on', async () => {
    await using renewing = await startRenewing({ credentials: wrongPassword });
    refusePuts(renewing);
    await using instance = start(renewing);
    await instance.ask();
    renewing.secrets.gate.fateOf = () => undefined;
    renewing.clock.time += minutes;
    expect(await instance.ask()).toMatchObject({
      outcome: 'failed',
      remembered: true,
      note: { failures: 2 },
    });
    expect(await note(renewing)).toMatchObject({ failures: 2, lasting: 2 });
    expect(instance.unwritten.size).toBe(0);
    // As of any instance now.
    expect(await renewing.asked()).toMatchObject({ outcome: 'postponed', note: { failures: 2 } });
  });
});

describe('credentials', () => {
  test.for([
    ['in their first state', unset, 'no-credentials', 'the credentials secret holds no credentials yet'],
    [
      'that are not JSON',
      'hunter2',
      'bad-credentials',
      'the credentials secret is malformed: it is not JSON',
    ],
    ['that are empty', ' ', 'no-credentials', 'the credentials secret is empty'],
    ['that lack half', '{"username":"ada"}', 'bad-credentials', 'none of "password"'],
    ['that do not exist', null, 'bad-credentials', 'cannot be read: ResourceNotFoundException'],
  ] as const)('%s are told, and nobody is asked', async ([, credentials, failure, reason]) => {
    await using renewing = await startRenewing({ credentials });
    expect(await renewing.refresh()).toMatchObject({
      outcome: 'failed',
      asked: false,
      remembered: true,
      note: { failure, reason: expect.stringContaining(reason) },
    });
    expect(renewing.authorizations).toBe(0);
    expect((await renewing.current()).text).toBe(unset);
    expect(JSON.stringify(await note(renewing))).not.toContain('hunter2');
    renewing.putCredentials(password);
    expect(await renewing.refresh()).toMatchObject({ outcome: 'renewed' });
  });

  test.for([
    ['are binary', { SecretBinary: Buffer.from('{}') }, 'bad-credentials', 'is binary'],
    ['have no version yet', {}, 'no-credentials', 'is empty'],
  ] as const)('that %s are told', async ([, content, failure, reason]) => {
    await using renewing = await startRenewing({ credentials: null });
    await renewing.secrets.create(credentialsSecret, content);
    const note = { failure, reason: expect.stringContaining(reason) };
    expect(await renewing.refresh()).toMatchObject({ outcome: 'failed', note });
  });

  test('that may not be read are told, and used as soon as they may', async () => {
    await using renewing = await startRenewing();
    renewing.secrets.gate.fateOf = ({ secret }) =>
      secret === credentialsSecret ? { error: 'AccessDeniedException' } : undefined;
    expect(await renewing.refresh()).toMatchObject({
      outcome: 'failed',
      note: {
        failure: 'bad-credentials',
        reason: 'the credentials secret cannot be read: AccessDeniedException',
      },
    });
    renewing.secrets.gate.fateOf = () => undefined;
    expect(await renewing.asked()).toMatchObject({ outcome: 'renewed' });
  });

  test.for([
    ['ThrottlingException', 400],
    ['TooManyRequestsException', 429],
    ['InternalServiceError', 500],
    ['ServiceUnavailable', 503],
  ] as const)('that cannot be read for a moment (%s) are not called bad', async ([error, status]) => {
    await using renewing = await startRenewing();
    renewing.secrets.gate.fateOf = ({ secret }) =>
      secret === credentialsSecret ? { error, status } : undefined;
    await expect(renewing.refresh()).rejects.toThrow();
    expect(await renewing.secrets.labels(tokenSecret)).toEqual({
      [(await renewing.current()).id]: ['AWSCURRENT'],
    });
  });

  test('that are wrong are told, and the right ones are tried at once', async () => {
    await using renewing = await startRenewing({ credentials: wrongPassword });
    expect(await renewing.asked()).toMatchObject({
      outcome: 'failed',
      asked: true,
      note: { failure: 'authorization-refused', reason: expect.stringContaining('The password is wrong') },
    });
    expect(await renewing.asked()).toMatchObject({ outcome: 'postponed' });
    expect(renewing.authorizations).toBe(1);
    renewing.putCredentials(password);
    expect(await renewing.asked()).toMatchObject({ outcome: 'renewed' });
    expect(await lookupStatus(renewing)).toBe(200);
  });

  test('stand in no note and in no outcome', async () => {
    await using renewing = await startRenewing({ credentials: { ...password, password: 'swordfish' } });
    const said = JSON.stringify([await renewing.refresh(), await note(renewing)]);
    expect(said).not.toContain('swordfish');
    expect(said).not.toContain('relay.agent');
  });
});

describe('the clock of the Authorization service', () => {
  const apikey = { partneruserid: 'relay-agent', apikey: 'emulator-api-key' };

  test.for([
    [-7_200, 'string'],
    [-600, 'string'],
    [600, 'string'],
    [7_200, 'string'],
    [-7_200, 'object'],
    [7_200, 'object'],
  ] as const)(
    'may differ by %d seconds (%s): the end is right by ours',
    async ([seconds, authorizeAnswer]) => {
      await using renewing = await startRenewing();
      renewing.emulator.switch({ authorizeClockSeconds: seconds, authorizeAnswer, tokenSeconds: 3_000 });
      await renewing.refresh();
      const { value, issuedAt = 0, expiresAt = 0 } = await renewing.token();
      expect(issuedAt).toBe(renewing.clock.time);
      expect(Math.abs(expiresAt - issuedAt - 3_000_000)).toBeLessThan(3_000);
      // It tells another end itself.
      expect(Math.abs((readToken(value).expiresAt ?? 0) - expiresAt)).toBeGreaterThan(500_000);
    },
  );

  test.for([-7_200, -600, 0, 600])('may differ by %d seconds, and login keys are taken', async (seconds) => {
    await using renewing = await startRenewing({ credentials: apikey });
    renewing.emulator.switch({ authorizeClockSeconds: seconds });
    expect(await renewing.refresh()).toMatchObject({ outcome: 'renewed' });
  });

  test('that is two hours ahead takes no login key, and the note says why', async () => {
    await using renewing = await startRenewing({ credentials: apikey });
    renewing.emulator.switch({ authorizeClockSeconds: 7_200 });
    expect(await renewing.refresh()).toMatchObject({
      note: {
        failure: 'authorization-refused',
        reason: expect.stringContaining('The login key has expired'),
      },
    });
  });

  test.for([-36_000, 36_000])('may differ from ours by %d ms by our own fault', async (ms) => {
    await using renewing = await startRenewing();
    renewing.clock.time += ms;
    await renewing.refresh();
    const { issuedAt = 0, expiresAt = 0 } = await renewing.token();
    expect(Math.abs(expiresAt - issuedAt - 120 * minutes)).toBeLessThan(3_000);
  });
});
