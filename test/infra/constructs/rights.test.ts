import { beforeAll, describe, expect, test } from 'vitest';
import { grantable } from '../../../shared/api/endpoints.ts';
import {
  idOf,
  logGroupOf,
  queueOf,
  receive,
  rightsOf,
  rightsOfRole,
  type Statement,
  secretOf,
  statementsIn,
} from '../../support/rights.ts';
import {
  full,
  functionNamed,
  hooked,
  only,
  resourcesOf,
  templateOf,
  textOf,
  unrenewed,
} from '../../support/stack.ts';

type Template = ReturnType<typeof templateOf>;

/** Those that do nothing but ask the Presence service. */
const askers = ['lookupvisitor', 'findvisitor', 'query'].map((name) => `presence-relay-prod-${name}`);

let template: Template;
let everything: Template;
beforeAll(() => {
  template = templateOf();
  everything = templateOf(full);
});

describe.each(askers)('the function %s', (name) => {
  test('may write its own log, read the tokens of the configured groups and ask for new ones, and nothing else', () => {
    const logs = logGroupOf(template, name);
    expect(rightsOf(template, name)).toEqual([
      `Allow logs:CreateLogStream <${logs}.Arn>`,
      `Allow logs:PutLogEvents <${logs}.Arn>`,
      `Allow secretsmanager:GetSecretValue <${secretOf(template, 'presence-relay/prod/12345/token')}>`,
      `Allow sqs:SendMessage <${queueOf(template, 'presence-relay-prod-refresh.fifo')}.Arn>`,
    ]);
  });

  test('reads tokens that were there before, with the keys of their secrets, and no credentials', () => {
    const logs = logGroupOf(everything, name);
    const { 7: outside, 12345: existing } = full.groups;
    expect(rightsOf(everything, name)).toEqual(
      [
        `Allow kms:Decrypt ${outside.secret.keyArn}`,
        `Allow kms:Decrypt ${existing.secret.keyArn}`,
        `Allow logs:CreateLogStream <${logs}.Arn>`,
        `Allow logs:PutLogEvents <${logs}.Arn>`,
        `Allow secretsmanager:GetSecretValue ${outside.secret.arn}`,
        `Allow secretsmanager:GetSecretValue ${existing.secret.arn}`,
        `Allow secretsmanager:GetSecretValue <${secretOf(everything, 'presence-relay/prod/72/token')}>`,
        `Allow sqs:SendMessage <${queueOf(everything, 'presence-relay-prod-refresh.fifo')}.Arn>`,
      ].toSorted(),
    );
  });

  test('asks for nothing where the relay gets no tokens', () => {
    const without = templateOf(unrenewed);
    expect(rightsOf(without, name).map((right) => right.split(' ')[1])).toEqual([
      'kms:Decrypt',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'secretsmanager:GetSecretValue',
    ]);
  });
});

test('No function shares its role with another', () => {
  const roles = resourcesOf(everything, 'AWS::Lambda::Function').map(
    ([, { Properties }]) => Properties.Role['Fn::GetAtt'][0],
  );
  expect(roles.length).toBe(9);
  expect(new Set(roles).size).toBe(roles.length);
});

describe('the function refresh-token', () => {
  const name = 'presence-relay-prod-refresh-token';

  /** Everything that it may, of its log and its queue. */
  function itsOwn(of: Template): string[] {
    const logs = logGroupOf(of, name);
    const queue = queueOf(of, 'presence-relay-prod-refresh.fifo');
    return [
      `Allow logs:CreateLogStream <${logs}.Arn>`,
      `Allow logs:PutLogEvents <${logs}.Arn>`,
      ...receive.map((action) => `Allow ${action} <${queue}.Arn>`),
    ];
  }

  test('may write its own log, take what is asked, read credentials and replace tokens, and nothing else', () => {
    const token = secretOf(template, 'presence-relay/prod/12345/token');
    const credentials = secretOf(template, 'presence-relay/prod/12345/credentials');
    expect(rightsOf(template, name)).toEqual(
      [
        ...itsOwn(template),
        `Allow secretsmanager:GetSecretValue <${credentials}>`,
        `Allow secretsmanager:GetSecretValue <${token}>`,
        `Allow secretsmanager:PutSecretValue <${token}>`,
      ].toSorted(),
    );
  });

  test('does so with secrets that were there before and their keys, and touches no token that comes from elsewhere', () => {
    const { secret, credentials } = full.groups[12345];
    const ownToken = secretOf(everything, 'presence-relay/prod/72/token');
    const ownCredentials = secretOf(everything, 'presence-relay/prod/72/credentials');
    expect(rightsOf(everything, name)).toEqual(
      [
        ...itsOwn(everything),
        `Allow kms:Decrypt ${credentials.keyArn}`,
        `Allow kms:Decrypt ${secret.keyArn}`,
        `Allow kms:GenerateDataKey ${secret.keyArn}`,
        `Allow secretsmanager:GetSecretValue ${credentials.arn}`,
        `Allow secretsmanager:GetSecretValue ${secret.arn}`,
        `Allow secretsmanager:PutSecretValue ${secret.arn}`,
        `Allow secretsmanager:GetSecretValue <${ownCredentials}>`,
        `Allow secretsmanager:GetSecretValue <${ownToken}>`,
        `Allow secretsmanager:PutSecretValue <${ownToken}>`,
      ].toSorted(),
    );
  });
});

test('The schedules of tokens may put messages into the refresh queue and their dead-letter queue, and nothing else', () => {
  const role = idOf(everything, 'AWS::IAM::Role', ({ Properties }) =>
    /schedules .* ask for tokens/.test(Properties.Description ?? ''),
  );
  const queues = ['presence-relay-prod-refresh.fifo', 'presence-relay-prod-refresh-undelivered'];
  expect(rightsOfRole(everything, role)).toEqual(
    queues.map((queue) => `Allow sqs:SendMessage <${queueOf(everything, queue)}.Arn>`).toSorted(),
  );
  for (const [, { Properties }] of resourcesOf(everything, 'AWS::Scheduler::Schedule'))
    if (Properties.GroupName === 'presence-relay-prod')
      expect(textOf(Properties.Target.RoleArn)).toBe(`<${role}.Arn>`);
});

test('A key is used for secrets through Secrets Manager, for snapshots through S3, and for nothing else', () => {
  const statements = resourcesOf(everything, 'AWS::IAM::Policy').flatMap(([, policy]) =>
    statementsIn(policy),
  );
  const ofKeys = statements.filter(({ Action }) => [Action].flat().join().includes('kms:'));
  // Those who read tokens, twice who renews them, and twice who takes snapshots.
  expect(ofKeys.length).toBe(askers.length + 6);
  for (const { Condition, Resource } of ofKeys) {
    const service = Resource === full.snapshots.keyArn ? 's3' : 'secretsmanager';
    expect(textOf(Condition?.StringEquals?.['kms:ViaService'])).toBe(
      `${service}.<AWS::Region>.<AWS::URLSuffix>`,
    );
  }
});

describe('no statement', () => {
  test('of a role means every resource, or every action, but for the objects under a prefix of the bucket', () => {
    const statements = [template, everything].flatMap((of) =>
      resourcesOf(of, 'AWS::IAM::Policy').flatMap(([, policy]) => statementsIn(policy)),
    );
    expect(statements.length).toBeGreaterThan(15);
    for (const { Action, Resource, Effect } of statements) {
      expect(Effect).toBe('Allow');
      expect([Action].flat().join()).not.toContain('*');
      for (const each of [Resource].flat().map(textOf))
        expect(each.replace(/^<\w+\.Arn>\/(snapshots|manifests|state)\/\*$/, '')).not.toContain('*');
    }
  });

  test('comes from elsewhere, but for API Gateway’s role for logs, which serves all APIs of the account', () => {
    const managed = resourcesOf(everything, 'AWS::IAM::Role').flatMap(([id, { Properties }]) =>
      (Properties.ManagedPolicyArns ?? []).map(
        (arn: unknown) => `${id.replace(/\w{8}$/, '')} ${textOf(arn)}`,
      ),
    );
    expect(managed).toEqual([
      'ApiLogsAccountRole arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs',
    ]);
  });

  test('lets anybody but the service take the role', () => {
    const takers = resourcesOf(everything, 'AWS::IAM::Role').map(([id, role]) => {
      const [{ Action, Effect, Principal, Condition } = {} as Statement, ...more] = statementsIn(role);
      expect([Action, Effect, more]).toEqual(['sts:AssumeRole', 'Allow', []]);
      return [id.replace(/\w{8}$/, ''), Principal?.Service, Condition];
    });
    const schedulesIn = (name: string) => {
      const group = idOf(
        everything,
        'AWS::Scheduler::ScheduleGroup',
        ({ Properties }) => Properties.Name === name,
      );
      const ofGroup = { 'aws:SourceArn': { 'Fn::GetAtt': [group, 'Arn'] } };
      return { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' }, ...ofGroup } };
    };
    expect(takers.toSorted()).toEqual([
      ['ApiLogsAccountRole', 'apigateway.amazonaws.com', undefined],
      ['RefreshFunctionRole', 'lambda.amazonaws.com', undefined],
      ['RefreshSchedulesRole', 'scheduler.amazonaws.com', schedulesIn('presence-relay-prod')],
      ['SignalsDeliverRole', 'lambda.amazonaws.com', undefined],
      ['SnapshotsFunctionRole', 'lambda.amazonaws.com', undefined],
      ['SnapshotsSchedulesRole', 'scheduler.amazonaws.com', schedulesIn('presence-relay-prod-snapshots')],
      ...[
        'WebhooksFunctionRole',
        'findvisitorRole',
        'lookupvisitorRole',
        'queryRole',
        'signalsRole',
        'signalvisitorRole',
      ].map((role) => [role, 'lambda.amazonaws.com', undefined]),
    ]);
  });

  test('lets anybody but this API call a function, but for the rules that bring events to webhook', () => {
    const api = idOf(everything, 'AWS::ApiGateway::RestApi', () => true);
    const rule = idOf(everything, 'AWS::Events::Rule', () => true);
    const permissions = resourcesOf(everything, 'AWS::Lambda::Permission').map(
      ([, { Properties }]) => Properties,
    );
    const webhook = 'presence-relay-prod-webhook';
    const called = new Set<string>();
    for (const { Principal, Action, SourceArn, FunctionName } of permissions) {
      expect(Action).toBe('lambda:InvokeFunction');
      const name = functionNamed(everything, textOf(FunctionName));
      if (Principal === 'events.amazonaws.com') {
        expect([name, textOf(SourceArn)]).toEqual([webhook, `<${rule}.Arn>`]);
        continue;
      }
      expect(Principal).toBe('apigateway.amazonaws.com');
      expect(textOf(SourceArn)).toContain(`:<AWS::AccountId>:<${api}>/`);
      expect(textOf(SourceArn)).not.toContain('test-invoke-stage');
      called.add(name);
    }
    const others = ['presence-relay-prod-signals', 'presence-relay-prod-signalvisitor', webhook];
    expect([...called].toSorted()).toEqual([...askers, ...others].toSorted());
  });
});

describe('the API', () => {
  test('lets in the configured roles, with a path or without, and nobody else', () => {
    const { webhooks: _, ...config } = full;
    const [statement, ...more] = statementsIn(only(templateOf(config), 'AWS::ApiGateway::RestApi'));
    expect(more).toEqual([]);
    expect(statement).toMatchObject({ Effect: 'Allow', Action: 'execute-api:Invoke' });
    expect(statement?.Resource).toBe('execute-api:/prod/*');
    expect(Object.keys(statement?.Condition ?? {})).toEqual(['ArnLike']);
    const roles = statement?.Condition?.ArnLike?.['aws:PrincipalArn'] as unknown[];
    expect(roles.map(textOf)).toEqual([
      'arn:<AWS::Partition>:iam::<AWS::AccountId>:role/agent-desk',
      'arn:<AWS::Partition>:iam::<AWS::AccountId>:role/*/agent-desk',
      'arn:<AWS::Partition>:iam::444455556666:role/crm',
      'arn:<AWS::Partition>:iam::444455556666:role/*/crm',
    ]);
  });

  test('lets in everybody to the address of webhooks and nowhere else, by every method', () => {
    const [, statement, ...more] = statementsIn(only(everything, 'AWS::ApiGateway::RestApi'));
    expect(more).toEqual([]);
    expect(statement).toEqual({
      Sid: 'Webhooks',
      Effect: 'Allow',
      Action: 'execute-api:Invoke',
      Principal: { AWS: '*' },
      // A wildcard in place of the method would stand for `GET/signals/…` too.
      Resource: ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'].map(
        (method) => `execute-api:/prod/${method}/webhooks/*`,
      ),
    });
  });

  test('lets in no caller where there are webhooks alone', () => {
    const { callers: _, ...config } = hooked;
    const [statement, ...more] = statementsIn(only(templateOf(config), 'AWS::ApiGateway::RestApi'));
    expect([statement?.Sid, more]).toEqual(['Webhooks', []]);
  });

  test('with more callers than its policy has room for is not deployed, and says why', () => {
    const callers = (count: number) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, at) => [
          `agent-desk-${at}`,
          { groups: [1], endpoints: [grantable[at % 4]?.name ?? 'query'] },
        ]),
      );
    const policyOf = (count: number) => {
      const api = only(
        templateOf({ groups: { 1: {} }, callers: callers(count) }),
        'AWS::ApiGateway::RestApi',
      );
      return JSON.stringify(api.Properties.Policy, (_, value) =>
        value?.['Fn::Join'] ? textOf(value) : value,
      );
    };
    expect(policyOf(70).replaceAll(/<AWS::\w+>/g, '111122223333').length).toBeLessThan(8_192);
    expect(() => policyOf(90)).toThrow(
      /^relay\.config\.ts: callers: the policy of the API would hold \d+ characters/,
    );
  });

  test('without any caller or webhook is not deployed, and says why', () => {
    expect(() => templateOf({ groups: { 12345: {} } })).toThrow(
      /^relay\.config\.ts: callers: names nobody, so every call would be refused\. Name the IAM roles/,
    );
  });
});
