import { beforeAll, describe, expect, test } from 'vitest';
import { deliver } from '../../../infra/functions.ts';
import { queueOf as queueIdOf, secretOf, statementsIn } from '../../support/rights.ts';
import { full, minimal, only, resourcesOf, templateOf, textOf } from '../../support/stack.ts';

type Template = ReturnType<typeof templateOf>;

let template: Template;
beforeAll(() => {
  template = templateOf();
});

const [queueName, deadLettersName] = [
  'presence-relay-prod-signals',
  'presence-relay-prod-signals-dead-letters',
];

function queueOf(name: string) {
  const id = queueIdOf(template, name);
  return { id, ...template.Resources[id]?.Properties } as Record<string, unknown> & { id: string };
}

describe('the queue of signals', () => {
  test('takes them in any order, keeps them for four days, and gives none to two workers at once', () => {
    const queue = queueOf(queueName);
    expect(queue.FifoQueue).toBeUndefined();
    expect(queue.MessageRetentionPeriod).toBe(4 * 86_400);
    expect(queue.VisibilityTimeout).toBe(2 * deliver.timeoutSeconds);
  });

  test('puts a message that was received twenty times where somebody finds it, for 14 days', () => {
    const { id, MessageRetentionPeriod } = queueOf(deadLettersName);
    expect(MessageRetentionPeriod).toBe(14 * 86_400);
    expect(queueOf(queueName).RedrivePolicy).toEqual({
      deadLetterTargetArn: { 'Fn::GetAtt': [id, 'Arn'] },
      maxReceiveCount: 20,
    });
  });

  test.each([queueName, deadLettersName])('%s is encrypted, and refuses calls without TLS', (name) => {
    const { id, SqsManagedSseEnabled } = queueOf(name);
    expect(SqsManagedSseEnabled).toBe(true);
    const policies = resourcesOf(template, 'AWS::SQS::QueuePolicy').filter(
      ([, { Properties }]) => Properties.Queues[0].Ref === id,
    );
    expect(policies.flatMap(([, policy]) => statementsIn(policy))).toEqual([
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    ]);
  });

  test('is emptied by deliver, ten messages at a time, of which those that failed come back alone', () => {
    const mappingOf = (of: Template) =>
      resourcesOf(of, 'AWS::Lambda::EventSourceMapping')
        .map(([, { Properties }]) => Properties)
        .find(({ EventSourceArn }) => textOf(EventSourceArn) === `<${queueIdOf(of, queueName)}.Arn>`);
    const mapping = mappingOf(template);
    expect(mapping).toMatchObject({
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 10 },
    });
    const { FunctionName } = template.Resources[mapping?.FunctionName.Ref]?.Properties ?? {};
    expect(FunctionName).toBe('presence-relay-prod-deliver');
    expect(mappingOf(templateOf(full))?.ScalingConfig).toEqual({ MaximumConcurrency: 5 });
  });
});

describe('the table of their records', () => {
  test('has the keys and the index that the functions and commands ask for', () => {
    expect(only(template, 'AWS::DynamoDB::Table').Properties).toMatchObject({
      TableName: 'presence-relay-prod-signals',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'visitor',
          KeySchema: [
            { AttributeName: 'visitor', KeyType: 'HASH' },
            { AttributeName: 'acceptedAt', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
        { AttributeName: 'visitor', AttributeType: 'S' },
        { AttributeName: 'acceptedAt', AttributeType: 'N' },
      ],
    });
  });

  test('is paid by use, forgets what is over, and can be restored as it was in the last 7 days', () => {
    expect(only(template, 'AWS::DynamoDB::Table').Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 7 },
    });
  });

  test('of an ephemeral stack cannot, since DynamoDB would keep a backup of it', () => {
    const ephemeral = templateOf({ ...minimal, ephemeral: true });
    expect(only(ephemeral, 'AWS::DynamoDB::Table').Properties.PointInTimeRecoverySpecification).toEqual({
      PointInTimeRecoveryEnabled: false,
    });
  });

  test('can be taken back by a first deployment that fails, so it is not protected against that', () => {
    expect(only(template, 'AWS::DynamoDB::Table').Properties.DeletionProtectionEnabled).toBeFalsy();
  });
});

test('The key that ids are made with is made once: nothing of how may change, or every id would', () => {
  const id = secretOf(template, 'presence-relay/prod/signal-ids');
  expect(id).toBe('SignalsIdKey928E3D26');
  expect(template.Resources[id]?.Properties.GenerateSecretString).toEqual({
    ExcludePunctuation: true,
    PasswordLength: 64,
  });
});

test('The outputs tell where signals, those that need somebody, and their records are', () => {
  const { SignalQueue, SignalDeadLetters, SignalTable } = template.Outputs;
  expect([SignalQueue, SignalDeadLetters, SignalTable].map((output) => textOf(output?.Value))).toEqual([
    `<${queueOf(queueName).id}>`,
    `<${queueOf(deadLettersName).id}>`,
    'presence-relay-prod-signals',
  ]);
});
