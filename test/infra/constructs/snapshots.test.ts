import { beforeAll, describe, expect, test } from 'vitest';
import { prefixes, snapshotKey } from '../../../shared/snapshots/keys.ts';
import { readSnapshotRequest } from '../../../shared/snapshots/request.ts';
import { slotAt } from '../../../shared/snapshots/slot.ts';
import {
  idOf,
  logGroupOf,
  queueOf,
  rightsOf,
  rightsOfRole,
  secretOf,
  statementsIn,
} from '../../support/rights.ts';
import { full, minimal, only, resourcesOf, templateOf, textOf, watched } from '../../support/stack.ts';

type Template = ReturnType<typeof templateOf>;

/** The smallest one, and the fullest. */
let template: Template;
let everything: Template;
beforeAll(() => {
  template = templateOf(watched);
  everything = templateOf(full);
});

test('Where no group has snapshots, nothing of this is there', () => {
  const types = Object.values(templateOf(minimal).Resources).map(({ Type }) => Type);
  for (const type of types) expect(type).not.toMatch(/S3|Glue|Athena/);
  expect(Object.keys(templateOf(minimal).Outputs).join()).not.toMatch(/Snapshot/);
});

describe('the bucket', () => {
  const bucketOf = (of: Template) => only(of, 'AWS::S3::Bucket').Properties;

  test('is open to nobody, keeps no access lists, has a name that CloudFormation makes, and no object lock', () => {
    const { PublicAccessBlockConfiguration, OwnershipControls, ...others } = bucketOf(template);
    expect(Object.values(PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
    expect(OwnershipControls.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
    expect(Object.keys(others).toSorted()).toEqual([
      'BucketEncryption',
      'LifecycleConfiguration',
      'Tags',
      'VersioningConfiguration',
    ]);
  });

  test('refuses whoever comes without TLS, or with an old one', () => {
    const statements = statementsIn(only(template, 'AWS::S3::BucketPolicy'));
    expect(
      statements.map(({ Effect, Action, Principal, Condition }) => [Effect, Action, Principal, Condition]),
    ).toEqual([
      ['Deny', 's3:*', { AWS: '*' }, { Bool: { 'aws:SecureTransport': 'false' } }],
      ['Deny', 's3:*', { AWS: '*' }, { NumericLessThan: { 's3:TlsVersion': 1.2 } }],
    ]);
  });

  test('encrypts with S3’s own key, or with one that is named', () => {
    const rulesOf = (of: Template) => bucketOf(of).BucketEncryption.ServerSideEncryptionConfiguration;
    expect(rulesOf(template)).toEqual([{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }]);
    const named = { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: full.snapshots.keyArn };
    expect(rulesOf(everything)).toEqual([{ BucketKeyEnabled: true, ServerSideEncryptionByDefault: named }]);
  });

  test('lets everything go: what it keeps after the configured days, what is replaced or removed after one', () => {
    const rulesOf = (of: Template) =>
      bucketOf(of).LifecycleConfiguration.Rules.map(({ Id, Status, ...rule }: Record<string, unknown>) => {
        expect(Status).toBe('Enabled');
        return rule;
      });
    const leftovers = {
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
      ExpiredObjectDeleteMarker: true,
      NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    };
    const days = (kept: number) => [
      { Prefix: prefixes.snapshots, ExpirationInDays: kept },
      { Prefix: prefixes.manifests, ExpirationInDays: kept },
      { Prefix: prefixes.state, ExpirationInDays: 2 },
      { Prefix: prefixes.results, ExpirationInDays: 7 },
      leftovers,
    ];
    expect(rulesOf(template)).toEqual(days(90));
    expect(rulesOf(everything)).toEqual(days(30));
    expect(bucketOf(template).VersioningConfiguration.Status).toBe('Enabled');
  });

  test('is emptied with its stack only where that is ephemeral', () => {
    const emptied = (of: Template) => resourcesOf(of, 'Custom::S3AutoDeleteObjects').length;
    expect(emptied(template)).toBe(0);
    expect(emptied(templateOf({ ...watched, ephemeral: true }))).toBe(1);
  });

  test('is emptied only when the function that writes to it is gone', () => {
    const ephemeral = templateOf({ ...watched, ephemeral: true });
    const [[emptying = ''] = []] = resourcesOf(ephemeral, 'Custom::S3AutoDeleteObjects');
    const taker = Object.values(ephemeral.Resources).find(
      ({ Properties }) => Properties?.FunctionName === 'presence-relay-prod-snapshot',
    );
    expect([taker?.DependsOn].flat()).toContain(emptying);
  });
});

describe('the function snapshot', () => {
  const name = 'presence-relay-prod-snapshot';
  const table = (of: Template) => `<${idOf(of, 'AWS::DynamoDB::Table', () => true)}.Arn>`;

  function itsOwn(of: Template): Record<string, readonly string[]> {
    const bucket = `<${idOf(of, 'AWS::S3::Bucket', () => true)}.Arn>`;
    return {
      [`<${logGroupOf(of, name)}.Arn>`]: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      [`<${queueOf(of, 'presence-relay-prod-refresh.fifo')}.Arn>`]: ['sqs:SendMessage'],
      [bucket]: ['s3:ListBucket'],
      [`${bucket}/snapshots/*`]: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'],
      [`${bucket}/manifests/*`]: ['s3:GetObject', 's3:PutObject'],
      [`${bucket}/state/*`]: ['s3:GetObject', 's3:PutObject'],
      [table(of)]: ['GetItem', 'PutItem', 'UpdateItem', 'Query'].map((action) => `dynamodb:${action}`),
      [`<${idOf(of, 'AWS::Events::EventBus', () => true)}.Arn>`]: ['events:PutEvents'],
    };
  }

  function expectRights(of: Template, more: Record<string, readonly string[]>): void {
    const rights = Object.entries({ ...itsOwn(of), ...more }).flatMap(([resource, actions]) =>
      actions.map((action) => `Allow ${action} ${resource}`),
    );
    expect(rightsOf(of, name)).toEqual(rights.toSorted());
  }

  test('may keep snapshots, claim their slots, tell of changes, and use the tokens of their groups; nothing else', () => {
    expectRights(template, {
      [`<${secretOf(template, 'presence-relay/prod/12345/token')}>`]: ['secretsmanager:GetSecretValue'],
    });
  });

  test('has no token of a group without snapshots; may use the key of the bucket, and that of digests', () => {
    const { 7: outside, 12345: existing } = full.groups;
    expectRights(everything, {
      [outside.secret.arn]: ['secretsmanager:GetSecretValue'],
      [outside.secret.keyArn]: ['kms:Decrypt'],
      [existing.secret.arn]: ['secretsmanager:GetSecretValue'],
      [existing.secret.keyArn]: ['kms:Decrypt'],
      [`<${secretOf(everything, 'presence-relay/prod/signal-ids')}>`]: ['secretsmanager:GetSecretValue'],
      [full.snapshots.keyArn]: ['kms:Decrypt', 'kms:GenerateDataKey'],
    });
  });

  test('reaches no record of a signal, though they are in the same table', () => {
    const policies = resourcesOf(template, 'AWS::IAM::Policy').flatMap(([, policy]) => statementsIn(policy));
    const [claims, ...more] = policies.filter(({ Sid }) => Sid === 'ClaimSlots');
    expect(more).toEqual([]);
    expect(claims?.Condition).toEqual({
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['snapshot#*'] },
    });
  });

  test('is tried three times within an hour, and leaves nothing behind that nobody could make up for', () => {
    const { FunctionName, ...config } = only(template, 'AWS::Lambda::EventInvokeConfig').Properties;
    expect(template.Resources[FunctionName.Ref]?.Properties.FunctionName).toBe(name);
    expect(config).toEqual({
      MaximumEventAgeInSeconds: 3_600,
      MaximumRetryAttempts: 2,
      Qualifier: '$LATEST',
    });
  });
});

describe('the schedules of snapshots', () => {
  const schedulesOf = (of: Template) =>
    resourcesOf(of, 'AWS::Scheduler::Schedule')
      .map(([, { Properties }]) => Properties)
      .filter(({ GroupName }) => GroupName === 'presence-relay-prod-snapshots');

  test.each([
    [1, 'cron(* * * * ? *)', 60],
    [2, 'cron(0/2 * * * ? *)', 60],
    [5, 'cron(0/5 * * * ? *)', 150],
    [30, 'cron(0/30 * * * ? *)', 900],
    [60, 'cron(0 * * * ? *)', 1_800],
    [180, 'cron(0 0/3 * * ? *)', 5_400],
    [720, 'cron(0 0/12 * * ? *)', 21_600],
    [1_440, 'cron(0 0 * * ? *)', 43_200],
  ])(
    'begin every %d minutes of the UTC day, at once, and give up when half of them are over',
    (everyMinutes, cron, age) => {
      const groups = { 12345: { snapshots: { everyMinutes } } };
      const [schedule] = schedulesOf(templateOf({ ...minimal, groups }));
      expect(schedule).toMatchObject({
        ScheduleExpression: cron,
        ScheduleExpressionTimezone: 'Etc/UTC',
        FlexibleTimeWindow: { Mode: 'OFF' },
        State: 'ENABLED',
      });
      expect(schedule?.Target.RetryPolicy).toEqual({
        MaximumEventAgeInSeconds: age,
        MaximumRetryAttempts: 3,
      });
    },
  );

  test('ask the function for that group and the time that was planned, as it understands it', () => {
    const asked = schedulesOf(everything).map(({ Name, Target }) => {
      const input = Target.Input.replace('<aws.scheduler.scheduled-time>', '2026-11-22T12:05:00Z');
      expect(input).not.toBe(Target.Input);
      const { groupid, slot } = readSnapshotRequest(JSON.parse(input));
      expect(slot).toBe(slotAt(Date.UTC(2026, 10, 22, 12, 5)));
      return [Name, groupid];
    });
    // Of group 72 there are no snapshots.
    expect(asked).toEqual([
      ['presence-relay-prod-snapshots-7', '7'],
      ['presence-relay-prod-snapshots-12345', '12345'],
    ]);
  });

  test('may call that function, no version of it, and nothing else', () => {
    const role = idOf(everything, 'AWS::IAM::Role', ({ Properties }) =>
      /schedules .* take snapshots/.test(Properties.Description ?? ''),
    );
    const lambda = idOf(
      everything,
      'AWS::Lambda::Function',
      ({ Properties }) => Properties.FunctionName === 'presence-relay-prod-snapshot',
    );
    expect(rightsOfRole(everything, role)).toEqual([`Allow lambda:InvokeFunction <${lambda}.Arn>`]);
    for (const { Target } of schedulesOf(everything))
      expect([textOf(Target.RoleArn), textOf(Target.Arn)]).toEqual([`<${role}.Arn>`, `<${lambda}.Arn>`]);
  });

  test('have names that are not too long, whatever the stage and the group', () => {
    const groups = { [9 * 10 ** 14]: { snapshots: {} } };
    const callers = { desk: { groups: [9 * 10 ** 14] } };
    const longest = templateOf({ groups, callers }, 'a2345678901234567890');
    for (const type of ['AWS::Scheduler::Schedule', 'AWS::Scheduler::ScheduleGroup'])
      for (const [, { Properties }] of resourcesOf(longest, type))
        expect(Properties.Name.length).toBeLessThanOrEqual(64);
  });
});

describe('the tables', () => {
  const tablesOf = (of: Template) =>
    resourcesOf(of, 'AWS::Glue::Table').map(([, { Properties }]) => Properties.TableInput);

  test('are in a database whose name Athena takes unquoted', () => {
    const stage = templateOf(watched, 'load-test-2');
    expect(only(stage, 'AWS::Glue::Database').Properties.DatabaseInput.Name).toBe(
      'presence_relay_load_test_2',
    );
    for (const [, { Properties }] of resourcesOf(stage, 'AWS::Glue::Table'))
      expect(Properties.DatabaseName).toBe('presence_relay_load_test_2');
  });

  test('have one column for the line, whatever stands in it: split by a byte that JSON has not, and with no escapes', () => {
    for (const { TableType, StorageDescriptor } of tablesOf(template)) {
      const { Columns, SerdeInfo } = StorageDescriptor;
      expect(TableType).toBe('EXTERNAL_TABLE');
      expect(Columns).toEqual([expect.objectContaining({ Name: 'line', Type: 'string' })]);
      expect(SerdeInfo).toEqual({
        SerializationLibrary: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe',
        Parameters: { 'serialization.format': '1' },
      });
    }
  });

  test('project the groups that have snapshots, and the days that are kept', () => {
    for (const { Parameters, PartitionKeys } of tablesOf(everything)) {
      expect(PartitionKeys.map(({ Name, Type }: Record<string, string>) => [Name, Type])).toEqual([
        ['groupid', 'string'],
        ['day', 'string'],
      ]);
      expect(Parameters).toMatchObject({
        'projection.enabled': 'true',
        'projection.groupid.type': 'enum',
        'projection.groupid.values': '7,12345',
        'projection.day.type': 'date',
        'projection.day.format': 'yyyy-MM-dd',
        'projection.day.range': 'NOW-30DAYS,NOW',
        'projection.day.interval': '1',
        'projection.day.interval.unit': 'DAYS',
      });
    }
  });

  test('find the objects where they are put', () => {
    const [bucket] = resourcesOf(template, 'AWS::S3::Bucket')[0] ?? [];
    const places = tablesOf(template).map(({ Name, Parameters, StorageDescriptor }) => [
      Name,
      textOf(StorageDescriptor.Location),
      textOf(Parameters['storage.location.template']),
    ]);
    expect(places).toEqual([
      [
        'visitors',
        `s3://<${bucket}>/snapshots/`,
        `s3://<${bucket}>/snapshots/groupid=\${groupid}/day=\${day}/`,
      ],
      [
        'snapshots',
        `s3://<${bucket}>/manifests/`,
        `s3://<${bucket}>/manifests/groupid=\${groupid}/day=\${day}/`,
      ],
    ]);
    const key = snapshotKey('12345', slotAt(Date.UTC(2026, 10, 22, 12, 5)));
    const [, , place = ''] = places[0] ?? [];
    const folder = place.replace(`\${groupid}`, '12345').replace(`\${day}`, '2026-11-22');
    expect(`s3://<${bucket}>/${key}`.startsWith(folder)).toBe(true);
  });
});

describe('the workgroup', () => {
  const configurationOf = (of: Template) =>
    only(of, 'AWS::Athena::WorkGroup').Properties.WorkGroupConfiguration;

  test('lets nobody read more than the limit, or choose another place for the answers', () => {
    const [bucket] = resourcesOf(template, 'AWS::S3::Bucket')[0] ?? [];
    expect(configurationOf(template)).toMatchObject({
      EnforceWorkGroupConfiguration: true,
      BytesScannedCutoffPerQuery: 100 * 1_073_741_824,
      EngineVersion: { SelectedEngineVersion: 'Athena engine version 3' },
    });
    expect(configurationOf(everything).BytesScannedCutoffPerQuery).toBe(10 * 1_073_741_824);
    expect(textOf(configurationOf(template).ResultConfiguration.OutputLocation)).toBe(
      `s3://<${bucket}>/results/`,
    );
  });

  test('has its answers encrypted like the bucket', () => {
    const encryptionOf = (of: Template) => configurationOf(of).ResultConfiguration.EncryptionConfiguration;
    expect(encryptionOf(template)).toEqual({ EncryptionOption: 'SSE_S3' });
    expect(encryptionOf(everything)).toEqual({ EncryptionOption: 'SSE_KMS', KmsKey: full.snapshots.keyArn });
  });

  test('is removed with the stack even after somebody has asked something', () => {
    expect(only(template, 'AWS::Athena::WorkGroup').Properties.RecursiveDeleteOption).toBe(true);
  });
});

test('The outputs tell where the snapshots are, and how to ask about them', () => {
  const { SnapshotBucket, SnapshotWorkgroup, SnapshotDatabase, SnapshotQueries } = template.Outputs;
  expect(template.Resources[textOf(SnapshotBucket?.Value).slice(1, -1)]?.Type).toBe('AWS::S3::Bucket');
  expect(SnapshotWorkgroup?.Value).toBe(only(template, 'AWS::Athena::WorkGroup').Properties.Name);
  expect(SnapshotDatabase?.Value).toBe('presence_relay_prod');
  expect(textOf(SnapshotQueries?.Value)).toContain('console.aws.amazon.com/athena/');
});
