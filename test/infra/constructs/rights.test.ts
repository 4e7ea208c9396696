import { beforeAll, describe, expect, test } from 'vitest';
import { endpoints } from '../../../shared/api/endpoints.ts';
import {
  full,
  functionNamed,
  only,
  type Resource,
  resourcesOf,
  templateOf,
  textOf,
  unrenewed,
} from '../../support/stack.ts';

type Template = ReturnType<typeof templateOf>;

interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource?: unknown;
  readonly Principal?: Record<string, unknown>;
  readonly Condition?: Record<string, Record<string, unknown>>;
}

function statementsIn({ Properties }: Resource): Statement[] {
  return (Properties.PolicyDocument ?? Properties.AssumeRolePolicyDocument ?? Properties.Policy).Statement;
}

/** What the role of a function may do: `action resource`, with all of its policies. */
function rightsOf(template: Template, name: string): string[] {
  const [, lambda] = resourcesOf(template, 'AWS::Lambda::Function').find(
    ([, { Properties }]) => Properties.FunctionName === name,
  ) as [string, Resource];
  return rightsOfRole(template, lambda.Properties.Role['Fn::GetAtt'][0]);
}

function rightsOfRole(template: Template, role: string): string[] {
  expect(template.Resources[role]?.Properties.ManagedPolicyArns).toBeUndefined();
  expect(template.Resources[role]?.Properties.Policies).toBeUndefined();
  return resourcesOf(template, 'AWS::IAM::Policy')
    .filter(([, { Properties }]) => Properties.Roles.some(({ Ref }: { Ref: string }) => Ref === role))
    .flatMap(([, policy]) => statementsIn(policy))
    .flatMap(({ Effect, Action, Resource }) =>
      [Action]
        .flat()
        .flatMap((action) => [Resource].flat().map((one) => `${Effect} ${action} ${textOf(one)}`)),
    )
    .toSorted();
}

/** The logical id of the secret with this name. */
function secretOf(template: Template, name: string): string {
  return idOf(template, 'AWS::SecretsManager::Secret', ({ Properties }) => Properties.Name === name);
}

function queueOf(template: Template, name: string): string {
  return idOf(template, 'AWS::SQS::Queue', ({ Properties }) => Properties.QueueName === name);
}

function idOf(template: Template, type: string, matches: (resource: Resource) => boolean): string {
  return resourcesOf(template, type).find(([, resource]) => matches(resource))?.[0] ?? 'none';
}

const names = ['lookupvisitor', 'findvisitor', 'signalvisitor', 'query'].map(
  (name) => `presence-relay-prod-${name}`,
);

let template: Template;
let everything: Template;
beforeAll(() => {
  template = templateOf();
  everything = templateOf(full);
});

describe.each(names)('the function %s', (name) => {
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

  test('shares its role with no other', () => {
    const roles = resourcesOf(template, 'AWS::Lambda::Function').map(
      ([, { Properties }]) => Properties.Role['Fn::GetAtt'][0],
    );
    expect(new Set(roles).size).toBe(names.length + 1);
  });
});

describe('the function refresh-token', () => {
  const name = 'presence-relay-prod-refresh-token';

  /** Everything that it may, of its log and its queue. */
  function itsOwn(of: Template): string[] {
    const logs = logGroupOf(of, name);
    const queue = queueOf(of, 'presence-relay-prod-refresh.fifo');
    const receive = [
      'ChangeMessageVisibility',
      'DeleteMessage',
      'GetQueueAttributes',
      'GetQueueUrl',
      'ReceiveMessage',
    ];
    return [
      `Allow logs:CreateLogStream <${logs}.Arn>`,
      `Allow logs:PutLogEvents <${logs}.Arn>`,
      ...receive.map((action) => `Allow sqs:${action} <${queue}.Arn>`),
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

test('The schedules may put messages into the refresh queue and their dead-letter queue, and nothing else', () => {
  const role = idOf(everything, 'AWS::IAM::Role', ({ Properties }) =>
    /schedules/.test(Properties.Description ?? ''),
  );
  const queues = ['presence-relay-prod-refresh.fifo', 'presence-relay-prod-refresh-undelivered'];
  expect(rightsOfRole(everything, role)).toEqual(
    queues.map((queue) => `Allow sqs:SendMessage <${queueOf(everything, queue)}.Arn>`).toSorted(),
  );
  for (const [, { Properties }] of resourcesOf(everything, 'AWS::Scheduler::Schedule'))
    expect(textOf(Properties.Target.RoleArn)).toBe(`<${role}.Arn>`);
});

test('A key is used for secrets alone, through Secrets Manager', () => {
  const statements = resourcesOf(everything, 'AWS::IAM::Policy').flatMap(([, policy]) =>
    statementsIn(policy),
  );
  const ofKeys = statements.filter(({ Action }) => [Action].flat().join().includes('kms:'));
  expect(ofKeys.length).toBe(names.length + 2);
  for (const { Condition } of ofKeys) {
    expect(textOf(Condition?.StringEquals?.['kms:ViaService'])).toBe(
      'secretsmanager.<AWS::Region>.<AWS::URLSuffix>',
    );
  }
});

/** The log group that a function writes to. */
function logGroupOf(of: Template, name: string): string {
  const [, lambda] = resourcesOf(of, 'AWS::Lambda::Function').find(
    ([, { Properties }]) => Properties.FunctionName === name,
  ) as [string, Resource];
  return lambda.Properties.LoggingConfig.LogGroup.Ref;
}

describe('no statement', () => {
  test('of a role means every resource, or every action', () => {
    const statements = [template, everything].flatMap((of) =>
      resourcesOf(of, 'AWS::IAM::Policy').flatMap(([, policy]) => statementsIn(policy)),
    );
    expect(statements.length).toBeGreaterThan(15);
    for (const { Action, Resource, Effect } of statements) {
      expect(Effect).toBe('Allow');
      expect([Action].flat().join()).not.toContain('*');
      expect([Resource].flat().map(textOf).join()).not.toContain('*');
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
    const group = idOf(everything, 'AWS::Scheduler::ScheduleGroup', () => true);
    const ownSchedules = {
      StringEquals: {
        'aws:SourceAccount': { Ref: 'AWS::AccountId' },
        'aws:SourceArn': { 'Fn::GetAtt': [group, 'Arn'] },
      },
    };
    expect(takers.toSorted()).toEqual([
      ['ApiLogsAccountRole', 'apigateway.amazonaws.com', undefined],
      ['RefreshFunctionRole', 'lambda.amazonaws.com', undefined],
      ['RefreshSchedulesRole', 'scheduler.amazonaws.com', ownSchedules],
      ...['findvisitorRole', 'lookupvisitorRole', 'queryRole', 'signalvisitorRole'].map((role) => [
        role,
        'lambda.amazonaws.com',
        undefined,
      ]),
    ]);
  });

  test('lets anybody but this API call a function', () => {
    const api = idOf(template, 'AWS::ApiGateway::RestApi', () => true);
    const permissions = resourcesOf(template, 'AWS::Lambda::Permission').map(
      ([, { Properties }]) => Properties,
    );
    expect(permissions.length).toBe(10);
    for (const { Principal, Action, SourceArn, FunctionName } of permissions) {
      expect([Principal, Action]).toEqual(['apigateway.amazonaws.com', 'lambda:InvokeFunction']);
      expect(names).toContain(functionNamed(template, textOf(FunctionName)));
      expect(textOf(SourceArn)).toContain(`:<AWS::AccountId>:<${api}>/`);
      expect(textOf(SourceArn)).not.toContain('test-invoke-stage');
    }
  });
});

describe('the API', () => {
  test('lets in the configured roles, with a path or without, and nobody else', () => {
    const [statement, ...more] = statementsIn(only(everything, 'AWS::ApiGateway::RestApi'));
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

  test('with more callers than its policy has room for is not deployed, and says why', () => {
    const callers = (count: number) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, at) => [
          `agent-desk-${at}`,
          { groups: [1], endpoints: [endpoints[at % 4]?.name ?? 'query'] },
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

  test('without any caller is not deployed, and says why', () => {
    expect(() => templateOf({ groups: { 12345: {} } })).toThrow(
      /^relay\.config\.ts: callers: names nobody, so every call would be refused\. Name the IAM roles/,
    );
  });
});
