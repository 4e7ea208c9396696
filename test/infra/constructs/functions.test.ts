import { beforeAll, describe, expect, test } from 'vitest';
import { endpointFunctions, functions } from '../../../infra/functions.ts';
import { deliverEnvironment } from '../../../shared/api/config/deliver-environment.ts';
import {
  keepEnvironment,
  receiptEnvironment,
  refreshEnvironment,
  relayEnvironment,
} from '../../../shared/api/config/environment.ts';
import { snapshotEnvironment } from '../../../shared/api/config/snapshot-environment.ts';
import { webhookEnvironment } from '../../../shared/api/config/webhook-environment.ts';
import { readEnvironment } from '../../../shared/runtime/environment.ts';
import {
  full,
  hooked,
  minimal,
  resourcesOf,
  templateOf,
  textOf,
  unrenewed,
  watched,
} from '../../support/stack.ts';

type Template = ReturnType<typeof templateOf>;

let template: Template;
let everything: Template;
beforeAll(() => {
  template = templateOf();
  everything = templateOf(full);
});

function functionOf(of: Template, name: string) {
  const found = resourcesOf(of, 'AWS::Lambda::Function').find(([, { Properties }]) =>
    Properties.FunctionName.endsWith(`-${name}`),
  );
  if (!found) throw new Error(`no function ${name}`);
  return found[1].Properties;
}

/** As the function will find it. */
function environmentOf(of: Template, name: string): Record<string, string> {
  const { Variables } = functionOf(of, name).Environment;
  return Object.fromEntries(Object.entries(Variables).map(([key, value]) => [key, textOf(value)]));
}

/** What stands for the address of a queue. */
function queueOf(of: Template, name: string): string {
  const [[id] = []] = resourcesOf(of, 'AWS::SQS::Queue').filter(
    ([, { Properties }]) => Properties.QueueName === `presence-relay-prod-${name}`,
  );
  return `<${id}>`;
}

function deployedIn(of: Template) {
  return resourcesOf(of, 'AWS::Lambda::Function').map(([, { Properties }]) => Properties.FunctionName);
}

/** Those of every stack. */
const always = ['deliver', 'findvisitor', 'lookupvisitor', 'query', 'signals', 'signalvisitor'];

test.each([
  ['one that gets the tokens', minimal, ['refresh-token']],
  ['none that does so where the relay gets none', unrenewed, []],
  ['one that takes webhooks where any are configured', hooked, ['refresh-token', 'webhook']],
  ['one that takes snapshots where any are configured', watched, ['refresh-token', 'snapshot']],
])('There is a function for each path, one that delivers signals, and %s', (_, config, more) => {
  expect(deployedIn(templateOf(config)).toSorted()).toEqual(
    [...always, ...more].toSorted().map((name) => `presence-relay-prod-${name}`),
  );
});

describe.each(functions)('the function $name', ({ name, timeoutSeconds, memoryMb }) => {
  test('runs on Node 24, on arm64, with the memory and the time of its specification', () => {
    expect(functionOf(everything, name)).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: memoryMb,
      Timeout: timeoutSeconds,
    });
  });

  test('writes JSON to a log group of its own', () => {
    const { LoggingConfig } = functionOf(everything, name);
    expect(LoggingConfig.LogFormat).toBe('JSON');
    expect(everything.Resources[LoggingConfig.LogGroup.Ref]?.Type).toBe('AWS::Logs::LogGroup');
  });
});

describe.each(endpointFunctions)('the function $name', ({ name }) => {
  test('finds an environment that it can read, with the names of secrets and none of what they hold', () => {
    const variables = environmentOf(everything, name);
    const { RELAY_STAGE, RELAY_GROUPS, RELAY_ORIGINS } = readEnvironment(relayEnvironment, variables);
    expect(RELAY_STAGE).toBe('prod');
    expect(RELAY_GROUPS).toMatchObject({
      7: { secret: full.groups[7].secret.arn, renewed: false },
      72: { secret: 'presence-relay/prod/72/token', visitorids: 'strict', renewed: true },
      12345: { secret: full.groups[12345].secret.arn, visitorids: 'lax', renewed: true },
    });
    expect(RELAY_ORIGINS).toEqual(full.cors.origins);
    expect(Object.keys(variables).toSorted()).toEqual(
      [
        'RELAY_CALLERS',
        'RELAY_GROUPS',
        'RELAY_ORIGINS',
        'RELAY_STAGE',
        ...(name === 'signals' ? ['RELAY_SIGNAL_TABLE'] : ['RELAY_REFRESH_QUEUE']),
        ...(name === 'signalvisitor' ? ['RELAY_ID_KEY', 'RELAY_SIGNAL_QUEUE', 'RELAY_SIGNAL_TABLE'] : []),
      ].toSorted(),
    );
  });

  test('is told of no credentials', () => {
    expect(JSON.stringify(environmentOf(everything, name))).not.toMatch(/credentials|glance\/account/);
  });

  test('knows only the callers that are granted its endpoint', () => {
    const { RELAY_CALLERS } = readEnvironment(relayEnvironment, environmentOf(everything, name));
    expect(Object.keys(RELAY_CALLERS)).toEqual(name === 'query' ? ['444455556666:crm'] : ['agent-desk']);
  });

  test('knows where to ask for a token, if it needs one and the relay gets any', () => {
    const asks = name !== 'signals';
    const asked = asks ? queueOf(template, 'refresh.fifo') : undefined;
    expect(environmentOf(template, name).RELAY_REFRESH_QUEUE).toBe(asked);
    expect(environmentOf(templateOf(unrenewed), name)).not.toHaveProperty('RELAY_REFRESH_QUEUE');
  });
});

describe('signals that are kept', () => {
  const signalTable = 'presence-relay-prod-signals';
  const idKey = 'presence-relay/prod/signal-ids';
  const of = (queue: 'signals' | 'signals-dead-letters') => queueOf(everything, queue);

  test('are put by signalvisitor into the queue and the table that deliver has', () => {
    expect(readEnvironment(keepEnvironment, environmentOf(everything, 'signalvisitor'))).toEqual({
      RELAY_SIGNAL_QUEUE: of('signals'),
      RELAY_SIGNAL_TABLE: signalTable,
      RELAY_ID_KEY: idKey,
    });
    expect(readEnvironment(deliverEnvironment, environmentOf(everything, 'deliver'))).toEqual({
      RELAY_STAGE: 'prod',
      RELAY_GROUPS: readEnvironment(relayEnvironment, environmentOf(everything, 'signalvisitor'))
        .RELAY_GROUPS,
      RELAY_REFRESH_QUEUE: queueOf(everything, 'refresh.fifo'),
      RELAY_SIGNAL_QUEUE: of('signals'),
      RELAY_DEAD_LETTERS: of('signals-dead-letters'),
      RELAY_SIGNAL_TABLE: signalTable,
      RELAY_BUS: 'presence-relay-prod',
      RELAY_LIMITS: { perVisitor: 10, findsPerSecond: 20 },
    });
  });

  test('have their receipts in that table, for the callers who may send them', () => {
    const variables = environmentOf(everything, 'signals');
    expect(readEnvironment(receiptEnvironment, variables)).toEqual({ RELAY_SIGNAL_TABLE: signalTable });
    expect(variables.RELAY_CALLERS).toContain('agent-desk');
  });

  test('are made of webhooks by the same key, and go into the same queue', () => {
    expect(readEnvironment(webhookEnvironment, environmentOf(everything, 'webhook'))).toEqual({
      RELAY_STAGE: 'prod',
      RELAY_WEBHOOK_KEYS: {
        crm: 'presence-relay/prod/webhooks/crm',
        'help-desk': 'presence-relay/prod/webhooks/help-desk',
      },
      RELAY_STRICT_GROUPS: ['72'],
      RELAY_PUBLIC_URL: 'https://presence.acme.example',
      RELAY_SIGNAL_QUEUE: of('signals'),
      RELAY_DEAD_LETTERS: of('signals-dead-letters'),
      RELAY_ID_KEY: idKey,
    });
  });

  test('are delivered without a way to ask for tokens where the relay gets none', () => {
    expect(environmentOf(templateOf(unrenewed), 'deliver')).not.toHaveProperty('RELAY_REFRESH_QUEUE');
  });
});

describe('the function refresh-token', () => {
  test('finds an environment that it can read, with the groups whose tokens it gets and no others', () => {
    const variables = environmentOf(everything, 'refresh-token');
    expect(readEnvironment(refreshEnvironment, variables)).toEqual({
      RELAY_STAGE: 'prod',
      RELAY_TOKEN_MINUTES: 100,
      RELAY_GROUPS: {
        72: {
          presence: 'https://presence.glance.net',
          authorization: full.groups[72].authorization,
          site: 'staging',
          secret: 'presence-relay/prod/72/token',
          credentials: 'presence-relay/prod/72/credentials',
        },
        12345: {
          presence: 'https://presence.glance.net',
          authorization: 'https://www.glance.net/services/AuthorizationService.svc/rest/Authorize',
          site: 'production',
          secret: full.groups[12345].secret.arn,
          credentials: full.groups[12345].credentials.arn,
        },
      },
    });
    expect(Object.keys(variables).length).toBe(3);
  });
});

describe('the function snapshot', () => {
  test('finds an environment that it can read, with the groups that have snapshots and no others', () => {
    const variables = environmentOf(everything, 'snapshot');
    const [[bucket] = []] = resourcesOf(everything, 'AWS::S3::Bucket');
    expect(readEnvironment(snapshotEnvironment, variables)).toMatchObject({
      RELAY_STAGE: 'prod',
      RELAY_GROUPS: {
        7: { secret: full.groups[7].secret.arn, renewed: false },
        12345: { secret: full.groups[12345].secret.arn, renewed: true },
      },
      RELAY_SNAPSHOTS: {
        7: { periodSeconds: 3_600, fields: ['url', 'browser'], ids: 'digest', leftAfter: 3, mostEvents: 50 },
        12345: { periodSeconds: 300, fields: 'all', ids: 'plain', leftAfter: 2, mostEvents: 1_000 },
      },
      RELAY_REFRESH_QUEUE: queueOf(everything, 'refresh.fifo'),
      RELAY_SNAPSHOT_BUCKET: `<${bucket}>`,
      RELAY_SIGNAL_TABLE: 'presence-relay-prod-signals',
      RELAY_BUS: 'presence-relay-prod',
      RELAY_ID_KEY: 'presence-relay/prod/signal-ids',
    });
    expect(Object.keys(JSON.parse(variables.RELAY_GROUPS ?? ''))).toEqual(['7', '12345']);
  });

  test('is told of no key where no group wants digests, and of no queue where the relay gets no tokens', () => {
    expect(environmentOf(templateOf(watched), 'snapshot')).not.toHaveProperty('RELAY_ID_KEY');
    const { secret } = full.groups[7];
    const config = { ...minimal, groups: { 12345: { secret, snapshots: {} } } };
    expect(environmentOf(templateOf(config), 'snapshot')).not.toHaveProperty('RELAY_REFRESH_QUEUE');
  });
});

test('There is room for the addresses of queues, which only the deployment knows', () => {
  const account = 'https://sqs.us-gov-west-1.amazonaws.com/111122223333';
  const addresses = {
    RELAY_REFRESH_QUEUE: `${account}/presence-relay-prod-refresh.fifo`,
    RELAY_SIGNAL_QUEUE: `${account}/presence-relay-prod-signals`,
    RELAY_DEAD_LETTERS: `${account}/presence-relay-prod-signals-dead-letters`,
  };
  // Tokens from elsewhere but for one group, so that it is not refresh-token whose environment is full first.
  const environmentWith = (count: number) => {
    const others = Array.from({ length: count }, (_, at) => [
      at + 2,
      { secret: { arn: `arn:aws:secretsmanager:eu-central-1:111122223333:secret:glance/${at}-AbCdEf` } },
    ]);
    const groups = { 1: {}, ...Object.fromEntries(others) };
    return environmentOf(templateOf({ groups, callers: { desk: { groups: [1] } } }), 'deliver');
  };
  let bytes = 0;
  try {
    for (let count = 25; count < 60; count++)
      bytes = JSON.stringify({ ...environmentWith(count), ...addresses }).length;
  } catch {
    // That was one group too many.
  }
  expect(bytes).toBeGreaterThan(3_700);
  expect(bytes).toBeLessThanOrEqual(4_000);
});

test('A configuration that Lambda would not take is refused before anything is deployed', () => {
  const groups = Object.fromEntries(Array.from({ length: 90 }, (_, index) => [index + 1, {}]));
  expect(() => templateOf({ groups, callers: { desk: { groups: [1] } } })).toThrow(/bytes of environment/);
});
