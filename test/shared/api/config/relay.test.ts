import { describe, expect, test } from 'vitest';
import { defineRelay } from '../../../../shared/api/config/relay.ts';
import type { GroupId } from '../../../../shared/presence/ids.ts';
import { full } from '../../../support/stack.ts';

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
  test.each([
    [{}, 20],
    [{ concurrency: 7 }, 7],
    [{ concurrency: 'unreserved' }, 20],
    [{ concurrency: 7, burst: 3 }, 3],
    [{ concurrency: 'unreserved', burst: 300 }, 300],
  ] as const)('lets as many webhooks in at once as there are instances: %j', (webhookLimits, burst) => {
    expect(defineRelay({ groups: { 1: {} }, webhookLimits }).webhookLimits.burst).toBe(burst);
  });

  test('refuses to let more webhooks in at once than there are instances', () => {
    const webhookLimits = { concurrency: 7, burst: 8 };
    expect(() => defineRelay({ groups: { 1: {} }, webhookLimits })).toThrow(
      'webhookLimits.burst: must be at most',
    );
  });

  test('of an empty group means Glance’s own servers, nobody who may call, and a stack that keeps what it holds', () => {
    expect(defineRelay({ groups: { 12345: {} } })).toEqual({
      groups: {
        12345: {
          presence: 'https://presence.glance.net',
          directServers: ['pr####.glance.net', 'presence####.glance.net'],
          visitorids: 'lax',
          authorization: 'https://www.glance.net/services/AuthorizationService.svc/rest/Authorize',
          site: 'production',
        },
      },
      callers: {},
      tokens: { minutes: 120, refreshMinutes: 50 },
      webhooks: {},
      webhookLimits: { rate: 50, burst: 20, concurrency: 20 },
      signals: { perVisitor: 10, findsPerSecond: 20, concurrency: 10 },
      snapshots: { retentionDays: 90, queryLimitGiB: 100 },
      throttle: { rate: 100, burst: 200 },
      logs: { retentionDays: 90, gatewayRole: 'create' },
      ephemeral: false,
    });
  });

  test('of a caller grants all but query, and the functions that begin a session', () => {
    const { callers } = defineRelay({ groups: { 12345: {} }, callers: { desk: { groups: [12345] } } });
    expect(callers).toEqual({
      desk: {
        groups: ['12345'],
        endpoints: ['lookupvisitor', 'findvisitor', 'signalvisitor'],
        invocable: [
          'GLANCE.Cobrowse.Visitor.startSession',
          'GLANCE.Cobrowse.Visitor.showTerms',
          'GLANCE.Cobrowse.VisitorUI.showTerms',
        ],
      },
    });
  });

  test('keeps what it says', () => {
    const config = {
      groups: {
        7: {
          presence: 'https://acme-presence.glance.net',
          directServers: ['acme##.glance.net'],
          visitorids: 'strict' as const,
          secret: {
            arn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:glance/7-AbCdEf',
            keyArn: 'arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-1111-2222-3333-444455556666',
          },
          credentials: {
            arn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:glance/account-AbCdEf',
            keyArn: 'arn:aws:kms:eu-central-1:111122223333:key/ca1b2c3d-1111-2222-3333-444455556666',
          },
          authorization: 'https://acme.glance.net/services/AuthorizationService.svc/rest/Authorize',
          site: 'staging' as const,
          snapshots: {
            everyMinutes: 10,
            fields: ['url'],
            ids: 'digest' as const,
            leftAfter: 3,
            mostEvents: 0,
          },
        },
      },
      snapshots: {
        retentionDays: 30,
        keyArn: 'arn:aws:kms:eu-central-1:111122223333:key/5a1b2c3d-1111-2222-3333-444455556666',
        queryLimitGiB: 10,
      },
      tokens: { minutes: 40, refreshMinutes: 20 },
      webhooks: {},
      webhookLimits: { rate: 5, burst: 10, concurrency: 'unreserved' as const },
      signals: { perVisitor: 3, findsPerSecond: 50, concurrency: 4 },
      callers: {
        'arn:aws:iam::444455556666:role/service/crm': {
          groups: ['7'],
          endpoints: ['query' as const],
          invocable: ['GLANCE_COBROWSE.Custom.open'],
        },
      },
      domain: {
        name: 'presence.acme.example',
        certificateArn: 'arn:aws:acm:eu-central-1:111122223333:certificate/0a1b2c3d',
        zone: { id: 'Z0123456789', name: 'acme.example' },
      },
      cors: { origins: ['https://desk.acme.example', 'http://localhost:5173'] },
      waf: { webAclArn: 'arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/acme/0a1b2c3d' },
      throttle: { rate: 0.5, burst: 10 },
      alarms: { email: 'ops@acme.example' },
      logs: { retentionDays: 365 as const, gatewayRole: 'existing' as const },
      ephemeral: true,
    };
    expect(defineRelay(config)).toEqual(config);
  });

  test('cannot change the defaults of another', () => {
    const caller = { desk: { groups: [1] } };
    const first = defineRelay({ groups: { 1: {} }, callers: caller });
    first.callers.desk?.invocable.push('GLANCE.evil');
    first.groups['1' as GroupId]?.directServers.push('evil.example');
    expect(JSON.stringify(defineRelay({ groups: { 1: {} }, callers: caller }))).not.toContain('evil');
  });

  test('with mistakes: each is told with its place', () => {
    const message = mistakes({
      groups: {
        12345: {
          presence: 'http://presence.glance.net',
          directServers: ['ok.example', '*.glance.net'],
          visitorids: 'loose',
          secret: {
            arn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:glance',
            keyArn: 'alias/mine',
            token: 'x',
          },
          credentials: { username: 'ada', keyArn: 'alias/mine' },
          authorization: 'https://www.glance.net',
          site: 'test',
        },
        acme: {},
        77: 'on',
      },
      callers: {
        'arn:aws:iam::1234:role/desk': { groups: [12345] },
        desk: { groups: [], endpoints: ['querry'], invocable: ['alert', 7], admin: true },
        crm: {},
        nobody: { groups: [12345], endpoints: [] },
      },
      domain: { name: 'Presence', zone: {} },
      cors: { origins: ['*', 'http://desk.example', 'https://desk.example/'] },
      waf: { webAclArn: 'arn:aws:wafv2:us-east-1:111122223333:global/webacl/acme/1' },
      tokens: { minutes: 121, refreshMinutes: 50.5, seconds: 1 },
      throttle: { rate: 0, burst: 0.5 },
      alarms: { email: 'ops', topicArn: 'arn:aws:sqs:eu-central-1:111122223333:ops' },
      logs: { retentionDays: 100, gatewayRole: 'mine' },
      ephemeral: 'yes',
      sources: {},
    });
    expect(message).toContain('groups.12345.presence: must be https:// and a host name');
    expect(message).toContain('groups.12345.directServers.1: must be a host name in lower case');
    expect(message).toContain('groups.12345.visitorids: must be "lax" or "strict"');
    expect(message).toContain(
      'groups.12345.secret.arn: must be arn:aws:secretsmanager:<region>:<account>:secret:',
    );
    expect(message).toContain('groups.12345.secret.keyArn: must be arn:aws:kms:<region>:<account>:key/<id>');
    expect(message).toContain('groups.12345.credentials.arn: is missing');
    expect(message).toContain('groups.12345.credentials.keyArn: must be arn:aws:kms');
    expect(message).toContain('groups.12345.credentials.username: is not known here');
    expect(message).not.toContain('ada');
    expect(message).toContain(
      'groups.12345.authorization: must be https://, a host name in lower case and a path',
    );
    expect(message).toContain('groups.12345.site: must be "production" or "staging"');
    expect(message).toContain('tokens.minutes: must be at most 120');
    expect(message).toContain('tokens.refreshMinutes: must be a whole number');
    expect(message).toContain('tokens.seconds: is not known here');
    expect(message).toContain('callers.arn:aws:iam::1234:role/desk: must be an IAM role');
    expect(message).toContain('callers.desk.groups: must hold at least one group');
    expect(message).toContain('callers.desk.endpoints.0: must be "lookupvisitor" or');
    expect(message).toContain('callers.desk.invocable.0: must name a function under GLANCE.');
    expect(message).toContain('callers.desk.invocable.1: must be a string');
    expect(message).toContain('callers.desk.admin: is not known here');
    expect(message).toContain('callers.crm.groups: is missing');
    expect(message).toContain('callers.nobody.endpoints: must hold at least one endpoint');
    expect(message).toContain('domain.name: must be a host name');
    expect(message).toContain('domain.certificateArn: is missing');
    expect(message).toContain('domain.zone.id: is missing');
    for (const at of [0, 1, 2])
      expect(message).toContain(`cors.origins.${at}: must be as a browser sends it`);
    expect(message).toContain('waf.webAclArn: must be arn:aws:wafv2');
    expect(message).toContain('throttle.rate: must be at least 0.1');
    expect(message).toContain('throttle.burst: must be a whole number');
    expect(message).toContain('alarms.email: must be an e-mail address');
    expect(message).toContain('alarms.topicArn: must be arn:aws:sns');
    expect(message).toContain('logs.retentionDays: must be 1 or 3 or');
    expect(message).toContain('logs.gatewayRole: must be "create" or "existing"');
    expect(message).toContain('ephemeral: must be a boolean');
    expect(message).toContain('groups.12345.secret.token: is not known here');
    expect(message).toContain('groups.acme: must be digits');
    expect(message).toContain('groups.77: must be an object');
    expect(message).toContain('sources: is not known here');
  });

  test.for([{}, { groups: null }, { groups: [] }, null, 'groups'])('that is none: %j', (config) => {
    expect(mistakes(config)).toMatch(/relay\.config\.ts.+/s);
  });
});

describe('a mistake that only the whole shows', () => {
  test('is a caller’s group that is not relayed', () => {
    expect(mistakes({ groups: { 1: {} }, callers: { desk: { groups: [1, '2'] } } })).toBe(
      'ConfigurationError: relay.config.ts: callers.desk.groups.1: group 2 is none of the configured groups',
    );
  });

  test('is a secret for a token that is to hold something else too', () => {
    const [one, other] = ['one', 'other'].map((name) => ({
      arn: `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${name}-AbCdEf`,
    }));
    expect(mistakes({ groups: { 1: { secret: one, credentials: one } } })).toContain(
      'groups.1.secret.arn: is that of groups.1.credentials too',
    );
    expect(mistakes({ groups: { 1: { secret: one }, 2: { secret: one, credentials: other } } })).toBe(
      'ConfigurationError: relay.config.ts: groups.1.secret.arn: is that of groups.2.secret too; ' +
        'groups.2.secret.arn: is that of groups.1.secret too',
    );
    // One account may serve several groups.
    expect(() =>
      mistakes({ groups: { 1: { credentials: one }, 2: { credentials: one, secret: other } } }),
    ).toThrow('no mistake was found');
  });

  test('is a group’s id that is none', () => {
    const groups = [true, 'acme', 0.5];
    const message = mistakes({ groups: { 1: {} }, callers: { desk: { groups } } });
    for (const at of groups.keys()) expect(message).toContain(`callers.desk.groups.${at}: must be`);
  });

  test('is a role that is named twice, since its path does not count', () => {
    const caller = { groups: [1] };
    const [one, other] = ['arn:aws:iam::111122223333:role/a/desk', 'arn:aws:iam::111122223333:role/b/desk'];
    expect(mistakes({ groups: { 1: {} }, callers: { [one]: caller, [other]: caller } })).toContain(
      `callers.${other}: is the same role as ${one}`,
    );
  });

  test('is a domain that is no name of its zone', () => {
    const { domain } = full;
    const zones: [string, string | undefined][] = [
      ['acme.example', undefined],
      ['presence.acme.example', undefined],
      ['other.example', 'domain.name: must be a name in the zone other.example'],
      ['cme.example', 'domain.name: must be a name in the zone cme.example'],
    ];
    for (const [name, mistake] of zones) {
      const config = { groups: { 1: {} }, domain: { ...domain, zone: { ...domain.zone, name } } };
      if (mistake === undefined) expect(defineRelay(config).domain?.zone?.name).toBe(name);
      else expect(mistakes(config)).toContain(mistake);
    }
  });

  test.for<[object, string | undefined]>([
    [{ minutes: 39 }, 'tokens.minutes: must be at least 40'],
    [{ minutes: 90 }, 'tokens.refreshMinutes: must be at most half of "minutes"'],
    [{ minutes: 40, refreshMinutes: 20 }, undefined],
    [{ minutes: 120, refreshMinutes: 60 }, undefined],
    [{ refreshMinutes: 19 }, 'tokens.refreshMinutes: must be at least 20'],
    [{ refreshMinutes: 61 }, 'tokens.refreshMinutes: must be at most 60'],
    [{ minutes: 60, refreshMinutes: 31 }, 'tokens.refreshMinutes: must be at most half of "minutes"'],
  ])('is tokens of which two do not come in the life of one: %j', ([tokens, mistake]) => {
    const config = { groups: { 1: {} }, tokens };
    if (mistake === undefined) expect(defineRelay(config).tokens).toEqual(tokens);
    else expect(mistakes(config)).toContain(mistake);
  });

  test.for([
    'http://www.glance.net/services/AuthorizationService.svc/rest/Authorize',
    'https://www.glance.net:8443/Authorize',
    'https://WWW.glance.net/Authorize',
    'https://www.glance.net/Authorize?groupid=1',
    'https://ada:secret@www.glance.net/Authorize',
  ])('is an address that may not have credentials: %s', (authorization) => {
    expect(mistakes({ groups: { 1: { authorization } } })).toContain(
      'groups.1.authorization: must be https://',
    );
  });

  test('is a thing in another region than the rest', () => {
    const { domain, waf } = full;
    const config = {
      groups: {
        1: { secret: { arn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:glance-AbCdEf' } },
        2: { credentials: { arn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:glance-AbCdEf' } },
      },
      domain,
      waf,
      alarms: { topicArn: 'arn:aws:sns:us-east-1:111122223333:ops' },
    };
    expect(mistakes(config)).toBe(
      'ConfigurationError: relay.config.ts: ' +
        'groups.2.credentials.arn: is in another region than groups.1.secret.arn; ' +
        'domain.certificateArn: is in another region than groups.1.secret.arn; ' +
        'waf.webAclArn: is in another region than groups.1.secret.arn',
    );
  });

  test.for([
    'https://desk.acme.example:443',
    'https://a..b',
    'https://x:99999',
    'https://Desk.acme.example',
    'http://desk',
  ])('is an origin that no browser would send: %s', (origin) => {
    expect(mistakes({ groups: { 1: {} }, cors: { origins: [origin] } })).toContain(
      'cors.origins.0: must be as a browser sends it',
    );
  });

  test.for([{}, { email: 'a@b.example', topicArn: 'arn:aws:sns:eu-central-1:111122223333:ops' }])(
    'is alarms for nobody, or for two: %j',
    (alarms) => {
      expect(mistakes({ groups: { 1: {} }, alarms })).toContain(
        'alarms: must hold either "topicArn" or "email"',
      );
    },
  );
});
