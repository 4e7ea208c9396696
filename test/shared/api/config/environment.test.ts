import { describe, expect, test } from 'vitest';
import {
  keepEnvironment,
  receiptEnvironment,
  refreshEnvironment,
  refreshVariables,
  relayEnvironment,
  relayVariables,
} from '../../../../shared/api/config/environment.ts';
import { isRenewed } from '../../../../shared/api/config/groups.ts';
import { defineRelay } from '../../../../shared/api/config/relay.ts';
import {
  cancelsignal,
  type Endpoint,
  lookupvisitor,
  query,
  readsignal,
  signalvisitor,
} from '../../../../shared/api/endpoints.ts';
import { readEnvironment } from '../../../../shared/runtime/environment.ts';

/** A function that serves these, named after the first. */
function functionOf(...endpoints: Endpoint[]) {
  return { name: endpoints[0]?.name ?? '', endpoints };
}

describe('the environment of the functions', () => {
  const config = defineRelay({ groups: { 12345: {}, 72: { visitorids: 'strict' } } });
  const deployed = {
    stage: 'test',
    secretOf: (groupid: string) => `presence-relay/${groupid}`,
    refreshQueue: 'https://sqs.eu-central-1.amazonaws.com/111122223333/refresh.fifo',
  };
  const environment = relayVariables(config, functionOf(lookupvisitor), deployed);

  test('comes back as the configuration was, with the name of the secret of each group', () => {
    const { RELAY_GROUPS, RELAY_REFRESH_QUEUE } = readEnvironment(relayEnvironment, environment);
    expect(RELAY_GROUPS).toMatchObject({
      12345: { visitorids: 'lax', secret: 'presence-relay/12345', renewed: true },
      72: { visitorids: 'strict', secret: 'presence-relay/72', renewed: true },
    });
    expect(RELAY_REFRESH_QUEUE).toBe(deployed.refreshQueue);
  });

  test('tells which groups get their tokens from elsewhere, and names no queue where all do', () => {
    const named = (name: string) => ({
      arn: `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${name}-AbCdEf`,
    });
    const credentials = named('account');
    const groups = {
      1: { secret: named('one') },
      2: { secret: named('two'), credentials },
      3: { credentials },
      4: {},
    };
    const relay = defineRelay({ groups });
    expect(Object.values(relay.groups).map(isRenewed)).toEqual([false, true, true, true]);
    const variables = relayVariables(relay, functionOf(lookupvisitor), {
      ...deployed,
      refreshQueue: undefined,
    });
    const { RELAY_GROUPS, RELAY_REFRESH_QUEUE } = readEnvironment(relayEnvironment, variables);
    expect(Object.values(RELAY_GROUPS).map(({ renewed }) => renewed)).toEqual([false, true, true, true]);
    expect(RELAY_REFRESH_QUEUE).toBeUndefined();
    expect(variables).not.toHaveProperty('RELAY_REFRESH_QUEUE');
  });

  test.for(['0123', '9007199254740993', '0'])('a group %s that is no exact number is a mistake', (id) => {
    expect(() => defineRelay({ groups: { [id]: {} } })).toThrow(
      `groups.${id}: must be a number of at most 15 digits`,
    );
  });

  test('tells of a group only what differs from the defaults', () => {
    expect(JSON.parse(environment.RELAY_GROUPS ?? '')).toEqual({
      12345: { secret: 'presence-relay/12345' },
      72: { visitorids: 'strict', secret: 'presence-relay/72' },
    });
  });

  test('is refused beforehand when Lambda would not take it: 4,096 bytes of JSON text', () => {
    const namesLikeThoseOnAws = { ...deployed, secretOf: (id: string) => `presence-relay/prod/${id}/token` };
    const variablesOf = (count: number) => {
      const groups = Object.fromEntries(Array.from({ length: count }, (_, index) => [20_000 + index, {}]));
      return relayVariables(defineRelay({ groups }), functionOf(lookupvisitor), namesLikeThoseOnAws);
    };
    let count = 1;
    let largest = '';
    try {
      for (; count < 500; count++) largest = JSON.stringify(variablesOf(count));
    } catch {
      // That was one group too many.
    }
    expect(largest.length).toBeGreaterThan(3_900);
    expect(largest.length).toBeLessThan(4_096);
    expect(() => variablesOf(count)).toThrow(
      /^relay\.config\.ts: the function lookupvisitor would get \d+ bytes of environment \(.*RELAY_GROUPS \d+.*\)/,
    );
  });

  test('names of the callers only those who are granted the endpoint, and what they may invoke where that is asked', () => {
    const callers = {
      desk: { groups: [72] },
      'arn:aws:iam::444455556666:role/service/crm': {
        groups: ['12345', 72],
        endpoints: ['signalvisitor', 'query'] as ('signalvisitor' | 'query')[],
        invocable: ['GLANCE_COBROWSE.Custom.open'],
      },
    };
    const relay = defineRelay({ groups: { 12345: {}, 72: {} }, callers });
    const toldTo = (...endpoints: Endpoint[]) =>
      JSON.parse(relayVariables(relay, functionOf(...endpoints), deployed).RELAY_CALLERS ?? '');
    expect(toldTo(lookupvisitor)).toEqual({ desk: { groups: ['72'] } });
    expect(toldTo(query)).toEqual({ '444455556666:crm': { groups: ['12345', '72'] } });
    expect(toldTo(signalvisitor)).toEqual({
      desk: { groups: ['72'] },
      '444455556666:crm': { groups: ['12345', '72'], invocable: ['GLANCE_COBROWSE.Custom.open'] },
    });
    // Whoever may signal may ask what became of it; what they may invoke is of no interest there.
    expect(toldTo(readsignal, cancelsignal)).toEqual({
      desk: { groups: ['72'] },
      '444455556666:crm': { groups: ['12345', '72'] },
    });
  });

  test('of a function that keeps signals tells where they go', () => {
    const kept = { signalQueue: 'https://sqs.example/signals', signalTable: 'signals', idKey: 'ids' };
    const variables = relayVariables(config, functionOf(signalvisitor), { ...deployed, ...kept });
    expect(readEnvironment(keepEnvironment, variables)).toEqual({
      RELAY_SIGNAL_QUEUE: 'https://sqs.example/signals',
      RELAY_SIGNAL_TABLE: 'signals',
      RELAY_ID_KEY: 'ids',
    });
    expect(readEnvironment(receiptEnvironment, variables)).toEqual({ RELAY_SIGNAL_TABLE: 'signals' });
    expect(() => readEnvironment(keepEnvironment, environment)).toThrow('RELAY_SIGNAL_QUEUE: is missing');
  });

  test('accepts plain http for loopback addresses alone, whatever it says', () => {
    const withPresence = (presence: string) => ({
      ...environment,
      RELAY_GROUPS: JSON.stringify({ 1: { presence, secret: 's' } }),
    });
    expect(() => readEnvironment(relayEnvironment, withPresence('http://127.0.0.1:4701'))).not.toThrow();
    for (const presence of ['http://presence.glance.net', 'https://presence.glance.net:8443']) {
      expect(() => readEnvironment(relayEnvironment, withPresence(presence))).toThrow(
        'RELAY_GROUPS.1.presence',
      );
    }
  });

  test.for<[NodeJS.ProcessEnv, string]>([
    [{ RELAY_STAGE: undefined }, 'RELAY_STAGE: is missing'],
    [{ RELAY_STAGE: '' }, 'RELAY_STAGE: must not be empty'],
    [{ RELAY_GROUPS: undefined }, 'RELAY_GROUPS: is missing'],
    [{ RELAY_GROUPS: 'hunter2' }, 'RELAY_GROUPS: is not JSON'],
    [{ RELAY_GROUPS: '[]' }, 'RELAY_GROUPS: must be an object'],
    [{ RELAY_GROUPS: '{"1":{}}' }, 'RELAY_GROUPS.1.secret: is missing'],
    [{ RELAY_GROUPS: '{"1":{"secret":""}}' }, 'RELAY_GROUPS.1.secret: must not be empty'],
    [{ RELAY_GROUPS: '{"acme":{"secret":"s"}}' }, 'RELAY_GROUPS.acme: must be digits'],
    [{ RELAY_GROUPS: '{"1":{"secret":"s","host":"h"}}' }, 'RELAY_GROUPS.1.host: is not known here'],
    [{ RELAY_CALLERS: undefined }, 'RELAY_CALLERS: is missing'],
    [{ RELAY_CALLERS: '{"desk":{}}' }, 'RELAY_CALLERS.desk.groups: is missing'],
    [
      { RELAY_CALLERS: '{"desk":{"groups":[],"invocable":["alert"]}}' },
      'RELAY_CALLERS.desk.invocable.0: must name',
    ],
    [{ RELAY_REFRESH_QUEUE: '' }, 'RELAY_REFRESH_QUEUE: must not be empty'],
    [{ RELAY_ORIGINS: 'https://desk.example' }, 'RELAY_ORIGINS: is not JSON'],
  ])('%j is not usable: %s', ([given, fault]) => {
    const broken = { ...environment, ...given };
    expect(() => readEnvironment(relayEnvironment, broken)).toThrow(fault);
    expect(() => readEnvironment(relayEnvironment, broken)).not.toThrow('hunter2');
  });
});

describe('the environment of refresh-token', () => {
  const authorization = 'https://acme.glance.net/services/AuthorizationService.svc/rest/Authorize';
  const secret = { arn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:token-AbCdEf' };
  const names = {
    stage: 'test',
    secretOf: (groupid: string) => `${groupid}/token`,
    credentialsOf: (groupid: string) => `${groupid}/credentials`,
  };
  const config = defineRelay({
    groups: { 7: { secret }, 72: { authorization, site: 'staging', visitorids: 'strict' }, 12345: {} },
    tokens: { minutes: 100 },
  });
  const environment = refreshVariables(config, names);

  test('comes back as the configuration was, of the groups whose tokens the relay gets', () => {
    const presence = 'https://presence.glance.net';
    expect(readEnvironment(refreshEnvironment, environment)).toEqual({
      RELAY_STAGE: 'test',
      RELAY_TOKEN_MINUTES: 100,
      RELAY_GROUPS: {
        72: { presence, authorization, site: 'staging', secret: '72/token', credentials: '72/credentials' },
        12345: {
          presence,
          authorization: 'https://www.glance.net/services/AuthorizationService.svc/rest/Authorize',
          site: 'production',
          secret: '12345/token',
          credentials: '12345/credentials',
        },
      },
    });
  });

  test('tells of a group only what differs from the defaults', () => {
    expect(JSON.parse(environment.RELAY_GROUPS ?? '')).toEqual({
      72: { authorization, site: 'staging', secret: '72/token', credentials: '72/credentials' },
      12345: { secret: '12345/token', credentials: '12345/credentials' },
    });
  });

  test('is refused beforehand when Lambda would not take it', () => {
    const groups = Object.fromEntries(Array.from({ length: 90 }, (_, index) => [20_000 + index, {}]));
    expect(() => refreshVariables(defineRelay({ groups }), names)).toThrow(
      /^relay\.config\.ts: the function refresh-token would get \d+ bytes of environment \(.*RELAY_GROUPS \d+/,
    );
  });

  test.for<[NodeJS.ProcessEnv, string]>([
    [{ RELAY_STAGE: '' }, 'RELAY_STAGE: must not be empty'],
    [{ RELAY_GROUPS: 'hunter2' }, 'RELAY_GROUPS: is not JSON'],
    [{ RELAY_GROUPS: '{"1":{"secret":"s"}}' }, 'RELAY_GROUPS.1.credentials: is missing'],
    [{ RELAY_GROUPS: '{"1":{"credentials":"c"}}' }, 'RELAY_GROUPS.1.secret: is missing'],
    [
      { RELAY_GROUPS: '{"1":{"secret":"s","credentials":"c","authorization":"http://www.glance.net/A"}}' },
      'RELAY_GROUPS.1.authorization: must be https://',
    ],
    [{ RELAY_TOKEN_MINUTES: undefined }, 'RELAY_TOKEN_MINUTES: is missing'],
    [{ RELAY_TOKEN_MINUTES: 'soon' }, 'RELAY_TOKEN_MINUTES: must be a number'],
    [{ RELAY_TOKEN_MINUTES: '121' }, 'RELAY_TOKEN_MINUTES: must be at most 120'],
  ])('%j is not usable: %s', ([given, fault]) => {
    const broken = { ...environment, ...given };
    expect(() => readEnvironment(refreshEnvironment, broken)).toThrow(fault);
    expect(() => readEnvironment(refreshEnvironment, broken)).not.toThrow('hunter2');
  });
});
