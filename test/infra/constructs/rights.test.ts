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
  const role = lambda.Properties.Role['Fn::GetAtt'][0];
  expect(template.Resources[role]?.Properties.ManagedPolicyArns).toBeUndefined();
  expect(template.Resources[role]?.Properties.Policies).toBeUndefined();
  return resourcesOf(template, 'AWS::IAM::Policy')
    .filter(([, { Properties }]) => Properties.Roles.some(({ Ref }: { Ref: string }) => Ref === role))
    .flatMap(([, policy]) => statementsIn(policy))
    .flatMap(({ Effect, Action, Resource }) =>
      [Action]
        .flat()
        .flatMap((action) => [Resource].flat().map((one) => `${Effect} ${action} ${textOf(one)}`)),
    );
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
  test('may write its own log and read the tokens of the configured groups, and nothing else', () => {
    const logs = logGroupOf(template, name);
    const secret = idOf(template, 'AWS::SecretsManager::Secret', () => true);
    expect(rightsOf(template, name).toSorted()).toEqual([
      `Allow logs:CreateLogStream <${logs}.Arn>`,
      `Allow logs:PutLogEvents <${logs}.Arn>`,
      `Allow secretsmanager:GetSecretValue <${secret}>`,
    ]);
  });

  test('reads a secret that was there before, and uses the key of that secret for nothing else', () => {
    const rights = rightsOf(everything, name);
    expect(rights).toContain(`Allow secretsmanager:GetSecretValue ${full.groups[12345].secret.arn}`);
    expect(rights).toContain(`Allow kms:Decrypt ${full.groups[12345].secret.keyArn}`);
    expect(rights.length).toBe(5);
    for (const [, policy] of resourcesOf(everything, 'AWS::IAM::Policy')) {
      const decrypt = statementsIn(policy).find(({ Action }) => Action === 'kms:Decrypt');
      expect(textOf(decrypt?.Condition?.StringEquals?.['kms:ViaService'])).toBe(
        'secretsmanager.<AWS::Region>.<AWS::URLSuffix>',
      );
    }
  });

  test('shares its role with no other', () => {
    const roles = resourcesOf(template, 'AWS::Lambda::Function').map(
      ([, { Properties }]) => Properties.Role['Fn::GetAtt'][0],
    );
    expect(new Set(roles).size).toBe(names.length);
  });
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
    for (const [id, role] of resourcesOf(everything, 'AWS::IAM::Role')) {
      const service = id.startsWith('Api') ? 'apigateway.amazonaws.com' : 'lambda.amazonaws.com';
      expect(statementsIn(role)).toEqual([
        { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: service } },
      ]);
    }
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
