import { describe, expect, test } from 'vitest';
import { defineRelay, presenceEnvironment, relayEnvironment } from '../../../shared/api/config.ts';
import { readEnvironment } from '../../../shared/runtime/environment.ts';

/** What is said about a configuration that the types would not let pass. */
function mistakes(config: unknown): string {
  try {
    defineRelay(config as Parameters<typeof defineRelay>[0]);
  } catch (error) {
    return String(error);
  }
  throw new Error('no mistake was found');
}

describe('a configuration', () => {
  test('of an empty group means Glance’s own servers and the functions that begin a session', () => {
    expect(defineRelay({ groups: { 12345: {} } })).toEqual({
      groups: {
        12345: {
          presence: 'https://presence.glance.net',
          directServers: ['pr####.glance.net', 'presence####.glance.net'],
          visitorids: 'lax',
          invocable: [
            'GLANCE.Cobrowse.Visitor.startSession',
            'GLANCE.Cobrowse.Visitor.showTerms',
            'GLANCE.Cobrowse.VisitorUI.showTerms',
          ],
        },
      },
    });
  });

  test('keeps what it says', () => {
    const group = {
      presence: 'https://acme-presence.glance.net',
      directServers: ['acme##.glance.net'],
      visitorids: 'strict' as const,
      invocable: ['GLANCE_COBROWSE.Custom.open'],
    };
    expect(defineRelay({ groups: { 7: group } })).toEqual({ groups: { 7: group } });
  });

  test('cannot change the defaults of another', () => {
    defineRelay({ groups: { 1: {} } }).groups['1' as never];
    const first = defineRelay({ groups: { 1: {} } }) as unknown as { groups: { 1: { invocable: string[] } } };
    first.groups[1].invocable.push('GLANCE.evil');
    expect(JSON.stringify(defineRelay({ groups: { 1: {} } }))).not.toContain('evil');
  });

  test('with mistakes: each is told with its place', () => {
    const message = mistakes({
      groups: {
        12345: {
          presence: 'http://presence.glance.net',
          directServers: ['ok.example', '*.glance.net'],
          visitorids: 'loose',
          invocable: ['alert', 7],
          secret: 'x',
        },
        acme: {},
        77: 'on',
      },
      sources: {},
    });
    expect(message).toContain('groups.12345.presence: must be https:// and a host name');
    expect(message).toContain('groups.12345.directServers.1: must be a host name in lower case');
    expect(message).toContain('groups.12345.visitorids: must be "lax" or "strict"');
    expect(message).toContain('groups.12345.invocable.0: must name a function under GLANCE.');
    expect(message).toContain('groups.12345.invocable.1: must be a string');
    expect(message).toContain('groups.12345.secret: is not known here');
    expect(message).toContain('groups.acme: must be digits');
    expect(message).toContain('groups.77: must be an object');
    expect(message).toContain('sources: is not known here');
  });

  test.for([{}, { groups: null }, { groups: [] }, null, 'groups'])('that is none: %j', (config) => {
    expect(mistakes(config)).toMatch(/relay\.config\.ts.+/s);
  });
});

describe('the environment of the functions', () => {
  const config = defineRelay({ groups: { 12345: {}, 72: { visitorids: 'strict' } } });
  const environment = presenceEnvironment(config, (groupid) => `presence-relay/${groupid}`);

  test('comes back as the configuration was, with the name of the secret of each group', () => {
    const { RELAY_GROUPS } = readEnvironment(relayEnvironment, environment);
    expect(RELAY_GROUPS).toMatchObject({
      12345: { visitorids: 'lax', secret: 'presence-relay/12345' },
      72: { visitorids: 'strict', secret: 'presence-relay/72' },
    });
  });

  test.for(['0123', '9007199254740993', '0'])('a group %s that is no exact number is a mistake', (id) => {
    expect(() => defineRelay({ groups: { [id]: {} } })).toThrow(
      `groups.${id}: must be a number of at most 15 digits`,
    );
  });

  test('tells of a group only what differs from the defaults', () => {
    expect(JSON.parse(environment.RELAY_GROUPS)).toEqual({
      12345: { secret: 'presence-relay/12345' },
      72: { visitorids: 'strict', secret: 'presence-relay/72' },
    });
  });

  test('that Lambda would not take is refused beforehand', () => {
    const groups = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [index + 1, {}]));
    expect(() => presenceEnvironment(defineRelay({ groups }), (id) => `presence-relay/${id}`)).toThrow(
      /^relay\.config\.ts: groups take \d+ of 3800 bytes/,
    );
  });

  test('accepts plain http for loopback addresses alone, whatever it says', () => {
    const withPresence = (presence: string) => ({
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
    [{}, 'RELAY_GROUPS: is missing'],
    [{ RELAY_GROUPS: 'hunter2' }, 'RELAY_GROUPS: is not JSON'],
    [{ RELAY_GROUPS: '[]' }, 'RELAY_GROUPS: must be an object'],
    [{ RELAY_GROUPS: '{"1":{}}' }, 'RELAY_GROUPS.1.secret: is missing'],
    [{ RELAY_GROUPS: '{"1":{"secret":""}}' }, 'RELAY_GROUPS.1.secret: must not be empty'],
    [{ RELAY_GROUPS: '{"acme":{"secret":"s"}}' }, 'RELAY_GROUPS.acme: must be digits'],
    [{ RELAY_GROUPS: '{"1":{"secret":"s","host":"h"}}' }, 'RELAY_GROUPS.1.host: is not known here'],
  ])('%j is not usable: %s', ([given, fault]) => {
    expect(() => readEnvironment(relayEnvironment, given)).toThrow(fault);
    expect(() => readEnvironment(relayEnvironment, given)).not.toThrow('hunter2');
  });
});
