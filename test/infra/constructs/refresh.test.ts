import { beforeAll, describe, expect, test } from 'vitest';
import { refreshToken } from '../../../infra/functions.ts';
import { readRequest } from '../../../shared/authorization/request.ts';
import {
  full,
  minimal,
  only,
  type Resource,
  resourcesOf,
  templateOf,
  textOf,
  unrenewed,
} from '../../support/stack.ts';

type Template = ReturnType<typeof templateOf>;

let template: Template;
let everything: Template;
beforeAll(() => {
  template = templateOf();
  everything = templateOf(full);
});

const [queueName, deadLettersName, undeliveredName] = [
  'presence-relay-prod-refresh.fifo',
  'presence-relay-prod-refresh-dead-letters.fifo',
  'presence-relay-prod-refresh-undelivered',
];

function queueOf(of: Template, name: string): [string, Resource] {
  const found = resourcesOf(of, 'AWS::SQS::Queue').find(
    ([, { Properties }]) => Properties.QueueName === name,
  );
  if (!found) throw new Error(`no queue ${name}`);
  return found;
}

/** Those of tokens. */
function schedulesOf(of: Template) {
  return resourcesOf(of, 'AWS::Scheduler::Schedule')
    .map(([, { Properties }]) => Properties)
    .filter(({ GroupName }) => !GroupName.endsWith('-snapshots'));
}

describe('the refresh queue', () => {
  test('keeps the requests of a group in order, drops repeated ones, and holds none longer than an hour', () => {
    expect(queueOf(template, queueName)[1].Properties).toMatchObject({
      FifoQueue: true,
      ContentBasedDeduplication: true,
      MessageRetentionPeriod: 3_600,
    });
  });

  test('gives a request to nobody else while the function may be at it', () => {
    const { VisibilityTimeout } = queueOf(template, queueName)[1].Properties;
    expect(VisibilityTimeout).toBe(30);
    expect(VisibilityTimeout).toBeGreaterThanOrEqual(refreshToken.timeoutSeconds);
  });

  test('is emptied by the function, one message at a time, two at once', () => {
    const [id] = queueOf(template, queueName);
    const mappings = resourcesOf(template, 'AWS::Lambda::EventSourceMapping').map(
      ([, { Properties }]) => Properties,
    );
    const own = mappings.filter(({ EventSourceArn }) => textOf(EventSourceArn) === `<${id}.Arn>`);
    expect(own).toEqual([
      expect.objectContaining({ BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } }),
    ]);
    const { FunctionName } = template.Resources[own[0]?.FunctionName.Ref]?.Properties ?? {};
    expect(FunctionName).toBe('presence-relay-prod-refresh-token');
  });

  test('puts a request that failed five times where somebody finds it, for 14 days', () => {
    const [id, { Properties }] = queueOf(template, deadLettersName);
    expect(Properties).toMatchObject({ FifoQueue: true, MessageRetentionPeriod: 1_209_600 });
    expect(queueOf(template, queueName)[1].Properties.RedrivePolicy).toEqual({
      deadLetterTargetArn: { 'Fn::GetAtt': [id, 'Arn'] },
      maxReceiveCount: 5,
    });
  });

  test('and its dead letters are encrypted, refuse calls without TLS, and go with the stack', () => {
    const queues = [queueName, deadLettersName, undeliveredName].map((name) => queueOf(template, name));
    for (const [id, { Properties, DeletionPolicy, UpdateReplacePolicy }] of queues) {
      expect([Properties.SqsManagedSseEnabled, DeletionPolicy, UpdateReplacePolicy]).toEqual([
        true,
        'Delete',
        'Delete',
      ]);
      const [, policy] =
        resourcesOf(template, 'AWS::SQS::QueuePolicy').find(
          ([, each]) => each.Properties.Queues[0].Ref === id,
        ) ?? [];
      expect(policy?.Properties.PolicyDocument.Statement).toEqual([
        expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      ]);
    }
  });
});

describe('the schedule of a group', () => {
  test('asks at once and then again and again: it begins at no certain time, and in no window of time', () => {
    for (const { StartDate, EndDate, FlexibleTimeWindow, State, ScheduleExpression } of schedulesOf(
      everything,
    )) {
      expect([StartDate, EndDate]).toEqual([undefined, undefined]);
      expect([FlexibleTimeWindow, State]).toEqual([{ Mode: 'OFF' }, 'ENABLED']);
      expect(ScheduleExpression).toMatch(/^rate\(\d+ minutes\)$/);
    }
  });

  test('puts a request for that group into the queue, each time another one', () => {
    const [id] = queueOf(everything, queueName);
    const asked = schedulesOf(everything).map(({ Target }) => {
      expect(textOf(Target.Arn)).toBe(`<${id}.Arn>`);
      const request = readRequest(Target.Input);
      expect(request).toMatchObject({ because: 'schedule', at: '<aws.scheduler.scheduled-time>' });
      expect(Target.SqsParameters.MessageGroupId).toBe(request.groupid);
      return request.groupid;
    });
    // Not of group 7, whose tokens come from elsewhere.
    expect(asked).toEqual(['72', '12345']);
  });

  test('gives up after five minutes, and leaves behind what it could not ask', () => {
    const [id] = queueOf(everything, undeliveredName);
    for (const { Target } of schedulesOf(everything)) {
      expect(Target.RetryPolicy).toEqual({ MaximumEventAgeInSeconds: 300, MaximumRetryAttempts: 5 });
      expect(textOf(Target.DeadLetterConfig.Arn)).toBe(`<${id}.Arn>`);
    }
    expect(queueOf(everything, undeliveredName)[1].Properties.FifoQueue).toBeUndefined();
  });

  test('is one of the stack’s own group of schedules', () => {
    const { Name } = only(template, 'AWS::Scheduler::ScheduleGroup').Properties;
    expect(Name).toBe('presence-relay-prod');
    for (const { GroupName } of schedulesOf(everything)) expect(GroupName).toBe(Name);
  });

  test('does not fall together with all the others for ever', () => {
    const groups = Object.fromEntries(Array.from({ length: 7 }, (_, at) => [at + 1, {}]));
    const rates = (refreshMinutes: number) =>
      schedulesOf(
        templateOf({ ...minimal, groups, callers: { desk: { groups: [1] } }, tokens: { refreshMinutes } }),
      ).map(({ ScheduleExpression }) => Number(/\d+/.exec(ScheduleExpression)));
    expect(rates(50)).toEqual([49, 48, 47, 46, 50, 49, 48]);
    // Secrets Manager keeps up with a new version every 10 minutes.
    expect(Math.min(...rates(20))).toBe(16);
  });

  test('finds all that it needs when it asks first', () => {
    const [[, { DependsOn = [] }] = ['', {} as Resource]] = resourcesOf(template, 'AWS::Scheduler::Schedule');
    const needed = new Set([DependsOn].flat().map((id) => template.Resources[id]?.Type));
    expect([...needed].toSorted()).toEqual([
      'AWS::IAM::Policy',
      'AWS::IAM::Role',
      'AWS::Lambda::EventSourceMapping',
      'AWS::Lambda::Function',
      'AWS::Logs::LogGroup',
      'AWS::SQS::Queue',
      'AWS::SQS::QueuePolicy',
      'AWS::Scheduler::ScheduleGroup',
    ]);
  });

  test('is a new one, which asks at once, where other credentials are named', () => {
    const named = (arn: string) => {
      const credentials = { arn: `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${arn}` };
      const [[id, { Properties }] = ['', {} as Resource]] = resourcesOf(
        templateOf({ ...minimal, groups: { 12345: { credentials } } }),
        'AWS::Scheduler::Schedule',
      );
      return [id, Properties.Name];
    };
    const [one, same, other] = [named('one-AbCdEf'), named('one-AbCdEf'), named('other-AbCdEf')];
    expect(one).toEqual(same);
    expect(one[0]).not.toBe(other[0]);
    expect(one[1]).not.toBe(other[1]);
    expect(one[1]).toMatch(/^presence-relay-prod-12345-[0-9a-f]{8}$/);
  });

  test('has a name that is not too long, whatever the stage and the group', () => {
    const groups = { [9 * 10 ** 14]: { credentials: full.groups[12345].credentials } };
    const longest = templateOf(
      { groups, callers: { desk: { groups: [9 * 10 ** 14] } } },
      'a2345678901234567890',
    );
    expect(schedulesOf(longest)[0]?.Name.length).toBeLessThanOrEqual(64);
  });
});

test('Where the tokens of all groups come from elsewhere, nothing of this is there', () => {
  const without = templateOf(unrenewed);
  const types = new Set(Object.values(without.Resources).map(({ Type }) => Type));
  for (const type of types) expect(type).not.toMatch(/Scheduler/);
  expect(JSON.stringify(without).match(/.{20}refresh.{20}/i)).toBeNull();
  expect(without.Outputs.Step1?.Value).toBe(
    'nothing to do: every group has credentials, or tokens, of yours',
  );
});

describe('the first step after a deployment', () => {
  const stepsOf = (groups: NonNullable<Parameters<typeof templateOf>[0]>['groups'], stage?: string) => {
    const { Outputs } = templateOf({ groups, callers: { desk: { groups: Object.keys(groups) } } }, stage);
    return [Outputs.Step1?.Value, Outputs.Step2?.Value];
  };

  test('is to store the credentials of the groups that have none yet', () => {
    expect(stepsOf({ 1: {} })).toEqual(['npm run credentials -- 1', 'npm run probe -- 1']);
    expect(stepsOf(full.groups)[0]).toBe('npm run credentials -- 72');
    expect(stepsOf({ 1: {}, 2: {} })[0]).toBe(
      'npm run credentials -- 1 # and so on, for each CredentialsSecret',
    );
  });

  test('names the stage, like the second, where it is not prod', () => {
    expect(stepsOf({ 1: {} }, 'test')).toEqual([
      'RELAY_STAGE=test npm run credentials -- 1',
      'RELAY_STAGE=test npm run probe -- 1',
    ]);
  });
});
