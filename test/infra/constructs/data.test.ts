import { beforeAll, describe, expect, test } from 'vitest';
import { full, minimal, only, resourcesOf, templateOf, textOf, watched } from '../../support/stack.ts';

type Template = ReturnType<typeof templateOf>;

let template: Template;
beforeAll(() => {
  template = templateOf();
});

describe('secrets', () => {
  const { 7: outside, 12345: existing } = full.groups;

  /** Those for groups. */
  function madeBy(of: Template) {
    return resourcesOf(of, 'AWS::SecretsManager::Secret')
      .map(([, { Properties }]) => Properties)
      .filter(({ Name }) => /\/\d+\//.test(Name));
  }

  test('keep their logical ids: under others, a stack that is there would make secrets of the same names anew', () => {
    const ids = resourcesOf(template, 'AWS::SecretsManager::Secret').map(([id]) => id);
    expect(ids).toContain('TokenSecrets12345E15C3BFA');
  });

  test('are made for the groups that name none, with a state and neither token nor credentials', () => {
    const all = templateOf({ groups: { 1: {}, ...full.groups }, callers: minimal.callers });
    expect(
      madeBy(all)
        .map(({ Name, SecretString }) => `${Name} ${SecretString}`)
        .toSorted(),
    ).toEqual([
      'presence-relay/prod/1/credentials {"state":"unset"}',
      'presence-relay/prod/1/token {"state":"unset"}',
      'presence-relay/prod/72/credentials {"state":"unset"}',
      'presence-relay/prod/72/token {"state":"unset"}',
    ]);
    const told = Object.entries(all.Outputs).filter(([name]) => /^\w+Secret\d+$/.test(name));
    expect(Object.fromEntries(told.map(([name, { Value }]) => [name, Value]))).toEqual({
      TokenSecret1: 'presence-relay/prod/1/token',
      CredentialsSecret1: 'presence-relay/prod/1/credentials',
      TokenSecret7: outside.secret.arn,
      TokenSecret72: 'presence-relay/prod/72/token',
      CredentialsSecret72: 'presence-relay/prod/72/credentials',
      TokenSecret12345: existing.secret.arn,
      CredentialsSecret12345: existing.credentials.arn,
    });
  });

  test('of a group that names one of them are one', () => {
    const namesOf = (group: object) => madeBy(templateOf({ ...minimal, groups: { 12345: group } }));
    expect(namesOf({ credentials: existing.credentials }).map(({ Name }) => Name)).toEqual([
      'presence-relay/prod/12345/token',
    ]);
    expect(namesOf({ secret: outside.secret })).toEqual([]);
  });

  test('say whose they are', () => {
    expect(madeBy(template).map(({ Description }) => Description)).toEqual([
      'Glance token of group 12345, for Presence Relay',
      'Glance credentials of group 12345, for Presence Relay',
    ]);
  });

  test('are never filled in by the template: a state stands in them, and functions get their names', () => {
    const everything = templateOf(full);
    const filled = resourcesOf(everything, 'AWS::SecretsManager::Secret').filter(
      ([, { Properties }]) => Properties.SecretString !== '{"state":"unset"}',
    );
    // Secrets Manager makes that one up.
    expect(filled.map(([, { Properties }]) => [Properties.Name, Properties.SecretString])).toEqual([
      ['presence-relay/prod/signal-ids', undefined],
    ]);
    for (const [, { Properties }] of resourcesOf(everything, 'AWS::Lambda::Function'))
      expect(JSON.stringify(Properties.Environment)).not.toMatch(/resolve:|SecretString|Fn::/);
  });
});

describe('what holds data', () => {
  const holdsData = [
    'AWS::SecretsManager::Secret',
    'AWS::Logs::LogGroup',
    'AWS::DynamoDB::Table',
    'AWS::S3::Bucket',
  ];

  function policiesOf(of: Template) {
    const signalQueues = resourcesOf(of, 'AWS::SQS::Queue').filter(([, { Properties }]) =>
      /-signals(-dead-letters)?$/.test(Properties.QueueName),
    );
    const holders = [...holdsData.flatMap((type) => resourcesOf(of, type)), ...signalQueues];
    expect(new Set(holders.map(([, { Type }]) => Type)).size).toBe(5);
    return holders.map(([, resource]) => `${resource.DeletionPolicy} ${resource.UpdateReplacePolicy}`);
  }

  test('outlives the stack, but for a first deployment that fails', () => {
    for (const of of [templateOf(watched), templateOf(full)])
      expect(new Set(policiesOf(of))).toEqual(new Set(['RetainExceptOnCreate Retain']));
  });

  test('goes with an ephemeral stack, and so does all else but API Gateway’s role, which is of the whole account', () => {
    const ephemeral = templateOf({ ...full, ephemeral: true });
    expect(new Set(policiesOf(ephemeral))).toEqual(new Set(['Delete Delete']));
    const kept = Object.values(ephemeral.Resources).filter(
      ({ DeletionPolicy = 'Delete' }) => DeletionPolicy !== 'Delete',
    );
    expect(kept.map(({ Type, DeletionPolicy }) => `${DeletionPolicy} ${Type}`).toSorted()).toEqual([
      'Retain AWS::ApiGateway::Account',
      'Retain AWS::IAM::Role',
    ]);
  });
});

describe('logs', () => {
  test.for([false, true])('of every function are of the stack (ephemeral: %s)', (ephemeral) => {
    const all = templateOf({ ...watched, ephemeral });
    const groups = resourcesOf(all, 'AWS::Logs::LogGroup').map(([id]) => id);
    const written = resourcesOf(all, 'AWS::Lambda::Function').map(([, { Properties }]) => Properties);
    expect(written).toHaveLength(ephemeral ? 9 : 8);
    for (const { LoggingConfig } of written) expect(groups).toContain(LoggingConfig.LogGroup.Ref);
    // Whoever may make a log group makes one anew that is gone.
    const rights = [...resourcesOf(all, 'AWS::IAM::Role'), ...resourcesOf(all, 'AWS::IAM::Policy')];
    const ofFunctions = rights.filter(([id]) => !id.includes('AccountRole'));
    expect(JSON.stringify(ofFunctions)).not.toMatch(/CreateLogGroup|AWSLambdaBasicExecutionRole|"logs:\*"/);
  });

  test('end: every log group has a retention, that of API Gateway too', () => {
    const groups = (of: Template) =>
      resourcesOf(of, 'AWS::Logs::LogGroup').map(([, { Properties }]) => Properties);
    expect(groups(template).map(({ RetentionInDays }) => RetentionInDays)).toEqual(Array(9).fill(90));
    expect(groups(templateOf(full)).every(({ RetentionInDays }) => RetentionInDays === 365)).toBe(true);
    const names = groups(template).flatMap(({ LogGroupName }) =>
      LogGroupName ? [textOf(LogGroupName)] : [],
    );
    expect(names).toEqual([expect.stringMatching(/^API-Gateway-Execution-Logs_<\w+>\/prod$/)]);
  });

  test('of API Gateway are there before the stage that writes them', () => {
    const { DependsOn = [] } = only(template, 'AWS::ApiGateway::Stage');
    const types = [DependsOn].flat().map((id) => template.Resources[id]?.Type);
    expect(types.toSorted()).toEqual(['AWS::ApiGateway::Account', 'AWS::Logs::LogGroup']);
  });

  test('of API Gateway hold errors only, and no data of calls', () => {
    for (const settings of only(template, 'AWS::ApiGateway::Stage').Properties.MethodSettings) {
      expect(settings).toMatchObject({ LoggingLevel: 'ERROR', DataTraceEnabled: false });
    }
  });

  test('of access are an explicit list of fields, with neither path nor query nor body, of webhooks too', () => {
    const { AccessLogSetting } = only(templateOf(full), 'AWS::ApiGateway::Stage').Properties;
    const fields = JSON.parse(AccessLogSetting.Format);
    expect(Object.values(fields).toSorted()).toEqual([
      '$context.awsEndpointRequestId',
      '$context.error.responseType',
      '$context.extendedRequestId',
      '$context.httpMethod',
      '$context.identity.userArn',
      '$context.integrationLatency',
      '$context.integrationStatus',
      '$context.requestId',
      '$context.requestTime',
      '$context.resourcePath',
      '$context.responseLatency',
      '$context.responseLength',
      '$context.stage',
      '$context.status',
      '$context.wafResponseCode',
    ]);
  });

  test('are written by the role that the account has, where it has one', () => {
    const existing = templateOf({ ...minimal, logs: { gatewayRole: 'existing' } });
    expect(resourcesOf(existing, 'AWS::ApiGateway::Account')).toEqual([]);
    expect(JSON.stringify(resourcesOf(existing, 'AWS::IAM::Role'))).not.toContain('apigateway');
  });
});

test('Two stages in one account share no name', () => {
  const namesOf = (of: Template) =>
    Object.values(of.Resources).flatMap(({ Type, Properties = {} }) =>
      // A query has its name within a workgroup.
      (Type === 'AWS::Athena::NamedQuery'
        ? []
        : [
            'Name',
            'FunctionName',
            'QueueName',
            'TopicName',
            'AlarmName',
            'DashboardName',
            'RoleName',
            'StageName',
            'TableName',
            'DatabaseName',
          ]
      ).flatMap((key) => (typeof Properties[key] === 'string' ? [Properties[key]] : [])),
    );
  const { domain: _, ...others } = full;
  const config = { ...others, publicUrl: 'https://relay.acme.example' };
  const [prod, test] = [namesOf(templateOf(config, 'prod')), namesOf(templateOf(config, 'test'))];
  expect(prod.length).toBeGreaterThan(20);
  expect(prod.filter((name) => test.includes(name))).toEqual([]);
});

test('The template names neither an account nor a region of its own, so it fits all', () => {
  expect(JSON.stringify(template)).not.toMatch(/:\d{12}:|\b(eu|us|ap)-[a-z]+-\d\b/);
});
