import { beforeAll, describe, expect, test } from 'vitest';
import { deliver, endpointFunctions, refreshToken } from '../../../infra/functions.ts';
import { failureNames } from '../../../shared/api/metrics.ts';
import { refreshFailureNames } from '../../../shared/authorization/metrics.ts';
import { passes } from '../../../shared/authorization/note.ts';
import { alarmsNamed, alarmsOf, dimensionsOf, nameOf } from '../../support/alarms.ts';
import {
  full,
  hooked,
  minimal,
  only,
  resourcesOf,
  templateOf,
  textOf,
  unrenewed,
} from '../../support/stack.ts';

type Template = ReturnType<typeof templateOf>;

/** Those of the smallest stack. */
const deployed = [...endpointFunctions, refreshToken, deliver];

let template: Template;
let everything: Template;
let withWebhooks: Template;
beforeAll(() => {
  template = templateOf();
  withWebhooks = templateOf(hooked);
  everything = templateOf(full);
});

describe('alarms', () => {
  test('tell of crashes, throttles, time-outs, refused tokens and refused servers, and of whatever else fails', () => {
    expect(alarmsOf(template).map(nameOf).toSorted()).toEqual(
      [
        'authorization-refused-authorization-refused',
        'authorization-refused-bad-credentials',
        'authorization-refused-token-not-stored',
        'authorization-refused-token-refused',
        'delivery-unknown',
        'events-unsent',
        'forbidden-caller',
        ...deployed.map(({ name }) => `function-errors-${name}`),
        ...deployed.map(({ name }) => `function-throttles-${name}`),
        'gateway-failures',
        'gateway-refusals',
        'gateway-throttles',
        'internal',
        'refresh-dead-letters-requests',
        'refresh-dead-letters-schedules',
        'refresh-failing-authorization-invalid',
        'refresh-failing-authorization-unavailable',
        'refresh-failing-token-untried',
        'refused-server',
        'signals-dead-letters',
        'signals-failed',
        'signals-late',
        'signals-unknown',
        'stream-cut',
        'token-age-12345',
        'upstream-authorization',
        'upstream-invalid',
        'upstream-timeout',
        'upstream-unavailable',
      ].toSorted(),
    );
  });

  test('look at what the functions count: the very names, by stage', () => {
    const counted = alarmsOf(template).filter(({ MetricName }) => MetricName === 'Failures');
    expect(counted.length).toBe(9);
    for (const { AlarmName, Namespace, Dimensions, Statistic } of counted) {
      const name = nameOf({ AlarmName });
      expect(failureNames).toContain(name);
      expect([Namespace, Statistic]).toEqual(['PresenceRelay', 'Sum']);
      expect(dimensionsOf({ Dimensions })).toEqual({ Failure: name, Stage: 'prod' });
    }
  });

  test('of a function look at that function', () => {
    for (const [id, { Properties }] of resourcesOf(withWebhooks, 'AWS::Lambda::Function')) {
      const own = alarmsOf(withWebhooks).filter(
        (alarm) => alarm.Dimensions[0].Value.Ref === id && nameOf(alarm).startsWith('function-'),
      );
      expect(own.map(({ Namespace, MetricName }) => `${Namespace} ${MetricName}`)).toEqual([
        'AWS/Lambda Errors',
        'AWS/Lambda Throttles',
      ]);
      const name = Properties.FunctionName.replace('presence-relay-prod-', '');
      for (const { AlarmName, AlarmDescription } of own) {
        expect(AlarmName).toMatch(new RegExp(`-${name}$`));
        expect(AlarmDescription).toContain(name);
      }
    }
  });

  test('of API Gateway count lines of the access log, which names the stage', () => {
    const { Format } = only(template, 'AWS::ApiGateway::Stage').Properties.AccessLogSetting;
    for (const [, { Properties }] of resourcesOf(template, 'AWS::Logs::MetricFilter')) {
      const fields = Properties.FilterPattern.match(/(?<=\$\.)\w+/g);
      for (const field of [...fields, 'stage']) expect(JSON.parse(Format)).toHaveProperty(field);
      expect(Properties.MetricTransformations[0]).toMatchObject({
        MetricNamespace: 'PresenceRelay',
        Dimensions: [{ Key: 'Stage', Value: '$.stage' }],
      });
    }
  });

  test('count over five minutes', () => {
    for (const { Period } of alarmsOf(everything)) expect(Period).toBe(300);
  });

  test('stay calm where nothing happens, but those that wait for a new token or snapshot', () => {
    for (const alarm of alarmsOf(everything)) {
      const isWaiting = /^(token-age|snapshot-missing)/.test(nameOf(alarm));
      expect([alarm.TreatMissingData, alarm.ComparisonOperator]).toEqual(
        isWaiting ? ['breaching', 'LessThanThreshold'] : ['notBreaching', 'GreaterThanOrEqualToThreshold'],
      );
    }
  });
});

describe('alarms about tokens', () => {
  test('go off when a group has got no new one for the time of two renewals', () => {
    const waiting = alarmsNamed(everything, 'token-age');
    // Not of group 7, whose tokens come from elsewhere.
    expect(waiting.map(nameOf)).toEqual(['token-age-72', 'token-age-12345']);
    for (const alarm of waiting) {
      expect([alarm.Namespace, alarm.MetricName, alarm.Statistic]).toEqual([
        'PresenceRelay',
        'TokensRenewed',
        'Sum',
      ]);
      expect(dimensionsOf(alarm)).toEqual({ Stage: 'prod', Group: nameOf(alarm).replace('token-age-', '') });
      // Sixteen times five minutes, since a token is renewed every 40.
      expect([alarm.Threshold, alarm.EvaluationPeriods, alarm.DatapointsToAlarm]).toEqual([1, 16, 16]);
      expect(alarm.AlarmDescription).toContain('no new token for 80 minutes');
    }
    expect(alarmsNamed(template, 'token-age')[0]).toMatchObject({
      EvaluationPeriods: 20,
      DatapointsToAlarm: 20,
    });
  });

  test('go off at once for what somebody has to mend, and until it is; else when it goes on', () => {
    const lasting = alarmsNamed(template, 'authorization-refused');
    const passing = alarmsNamed(template, 'refresh-failing');
    for (const alarm of [...lasting, ...passing]) {
      expect([alarm.Namespace, alarm.MetricName, alarm.Statistic, alarm.Threshold]).toEqual([
        'PresenceRelay',
        'RenewalsFailed',
        'Sum',
        1,
      ]);
      const { Failure, ...others } = dimensionsOf(alarm);
      expect(others).toEqual({ Stage: 'prod' });
      expect(nameOf(alarm)).toMatch(new RegExp(`^(authorization-refused|refresh-failing)-${Failure}$`));
    }
    // The longest pause between two attempts is an hour.
    for (const alarm of lasting) expect(alarm).toMatchObject({ EvaluationPeriods: 20, DatapointsToAlarm: 1 });
    for (const alarm of passing) expect(alarm).toMatchObject({ EvaluationPeriods: 20, DatapointsToAlarm: 2 });
    const failuresOf = (alarms: typeof lasting) =>
      alarms.map((alarm) => dimensionsOf(alarm).Failure).toSorted();
    expect(failuresOf(passing)).toEqual(refreshFailureNames.filter(passes).toSorted());
    // Without credentials every new stack begins; that they stay away, the age of the token tells.
    expect(failuresOf(lasting)).toEqual(
      refreshFailureNames.filter((name) => !passes(name) && name !== 'no-credentials').toSorted(),
    );
  });

  test('go off for every letter in either dead-letter queue', () => {
    const looks = alarmsNamed(template, 'refresh-dead-letters').map((alarm) => {
      expect(alarm).toMatchObject({
        Namespace: 'AWS/SQS',
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Statistic: 'Maximum',
        Threshold: 1,
      });
      const [queue] = textOf(alarm.Dimensions[0].Value).match(/\w+(?=\.QueueName)/) ?? [''];
      return [nameOf(alarm), template.Resources[queue]?.Properties.QueueName];
    });
    expect(looks).toEqual([
      ['refresh-dead-letters-requests', 'presence-relay-prod-refresh-dead-letters.fifo'],
      ['refresh-dead-letters-schedules', 'presence-relay-prod-refresh-undelivered'],
    ]);
  });

  test('are not there where the relay gets no tokens', () => {
    for (const alarm of alarmsOf(templateOf(unrenewed)))
      expect(nameOf(alarm)).not.toMatch(/token|refresh|authorization-refused/);
  });
});

describe('whoever is to hear of alarms', () => {
  test('hears by mail of every one, and of its end', () => {
    const [[topic] = []] = resourcesOf(everything, 'AWS::SNS::Topic');
    for (const { AlarmActions, OKActions } of alarmsOf(everything)) {
      expect([AlarmActions, OKActions]).toEqual([[{ Ref: topic }], [{ Ref: topic }]]);
    }
    expect(only(everything, 'AWS::SNS::Subscription').Properties).toMatchObject({
      Protocol: 'email',
      Endpoint: 'ops@acme.example',
    });
  });

  test('gets them from CloudWatch of this account alone, and over TLS', () => {
    const { PolicyDocument } = only(everything, 'AWS::SNS::TopicPolicy').Properties;
    const [tls, cloudWatch] = PolicyDocument.Statement;
    expect(tls).toMatchObject({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } });
    expect(cloudWatch).toMatchObject({
      Effect: 'Allow',
      Action: 'sns:Publish',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    });
  });

  test('may have a topic of their own', () => {
    const topicArn = 'arn:aws:sns:eu-central-1:111122223333:ops';
    const own = templateOf({ ...minimal, alarms: { topicArn } });
    expect(resourcesOf(own, 'AWS::SNS::Topic')).toEqual([]);
    for (const { AlarmActions } of alarmsOf(own)) expect(AlarmActions).toEqual([topicArn]);
  });

  test('may be nobody', () => {
    for (const alarm of alarmsOf(template)) expect(alarm).not.toHaveProperty('AlarmActions');
  });
});
