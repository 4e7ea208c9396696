import { beforeAll, describe, expect, test } from 'vitest';
import { functions } from '../../../infra/functions.ts';
import { failureNames } from '../../../shared/api/metrics.ts';
import { refreshFailureNames } from '../../../shared/authorization/metrics.ts';
import { passes } from '../../../shared/authorization/note.ts';
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
type Properties = Resource['Properties'];

let template: Template;
let everything: Template;
beforeAll(() => {
  template = templateOf();
  everything = templateOf(full);
});

function alarmsOf(of: Template) {
  return resourcesOf(of, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);
}

/** Without what all names of the stack begin with. */
function nameOf({ AlarmName }: Properties): string {
  return AlarmName.replace('presence-relay-prod-', '');
}

/** The properties of the alarms of this entry of the runbook. */
function alarmsNamed(of: Template, entry: string) {
  return alarmsOf(of).filter(({ AlarmDescription }) => AlarmDescription.endsWith(`#${entry}`));
}

function dimensionsOf({ Dimensions }: Properties): Record<string, unknown> {
  return Object.fromEntries(
    Dimensions.map(({ Name, Value }: { Name: string; Value: unknown }) => [Name, Value]),
  );
}

describe('alarms', () => {
  test('tell of crashes, throttles, time-outs, refused tokens and refused servers, and of whatever else fails', () => {
    expect(alarmsOf(template).map(nameOf).toSorted()).toEqual(
      [
        'authorization-refused-authorization-refused',
        'authorization-refused-bad-credentials',
        'authorization-refused-token-not-stored',
        'authorization-refused-token-refused',
        'delivery-unknown',
        'forbidden-caller',
        ...functions.map(({ name }) => `function-errors-${name}`),
        ...functions.map(({ name }) => `function-throttles-${name}`),
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
    for (const [id, { Properties }] of resourcesOf(template, 'AWS::Lambda::Function')) {
      const own = alarmsOf(template).filter(({ Dimensions }) => Dimensions[0].Value.Ref === id);
      expect(own.map(({ Namespace, MetricName }) => `${Namespace} ${MetricName}`)).toEqual([
        'AWS/Lambda Errors',
        'AWS/Lambda Throttles',
      ]);
      const name = Properties.FunctionName.replace('presence-relay-prod-', '');
      expect(own.map(nameOf).every((each) => each.startsWith('function-'))).toBe(true);
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

  test('stay calm where nothing happens, but those that wait for a new token', () => {
    for (const alarm of alarmsOf(everything)) {
      const isWaiting = nameOf(alarm).startsWith('token-age');
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

describe('the dashboard', () => {
  function widgetsOf(of: Template) {
    const { DashboardBody, DashboardName } = only(of, 'AWS::CloudWatch::Dashboard').Properties;
    const { widgets } = JSON.parse(textOf(DashboardBody));
    return { DashboardName, widgets };
  }

  function titlesOf(of: Template): string[] {
    return widgetsOf(of).widgets.map(
      ({ properties }: { properties: { title?: string } }) => properties.title,
    );
  }

  test('shows alarms, calls, failures by code, latency, upstream share, tokens and the last failures', () => {
    expect(widgetsOf(template).DashboardName).toBe('presence-relay-prod');
    expect(titlesOf(template)).toEqual([
      undefined,
      'Alarms',
      'Calls',
      'Failures by code',
      'Latency of all calls (ms)',
      'Waited for the Presence service, p95 (ms)',
      'Upstream share of the functions’ time (%)',
      'Tokens renewed, by group',
      'Tokens not renewed, by reason',
      'Requests to the Authorization API',
      'Duration of the functions, p95 (ms)',
      'Crashes and throttles',
      'Calls at the same time',
      'The last failures',
    ]);
  });

  test('shows every alarm, and every failure that can be counted', () => {
    const body = JSON.stringify(widgetsOf(template).widgets);
    for (const [id] of resourcesOf(template, 'AWS::CloudWatch::Alarm')) expect(body).toContain(`<${id}.Arn>`);
    for (const name of [...failureNames, ...refreshFailureNames])
      expect(body).toContain(`"Failure","${name}"`);
  });

  test('shows nothing of tokens where the relay gets none', () => {
    const titles = titlesOf(templateOf(unrenewed));
    expect(titles).toEqual(titlesOf(template).filter((title) => !/^(Tokens|Requests)/.test(title ?? '')));
  });

  test('shows whose tokens are renewed', () => {
    const renewals = widgetsOf(everything).widgets.find(
      ({ properties }: { properties: { title?: string } }) => properties.title === 'Tokens renewed, by group',
    );
    expect(renewals.properties.metrics.map((metric: unknown[]) => metric.slice(0, 6))).toEqual([
      ['PresenceRelay', 'TokensRenewed', 'Group', '72', 'Stage', 'prod'],
      ['PresenceRelay', 'TokensRenewed', 'Group', '12345', 'Stage', 'prod'],
    ]);
  });

  test('reads the logs of all functions', () => {
    const { widgets } = widgetsOf(template);
    const { query } = widgets.at(-1).properties;
    for (const [, { Properties }] of resourcesOf(template, 'AWS::Lambda::Function')) {
      expect(query).toContain(`<${Properties.LoggingConfig.LogGroup.Ref}>`);
    }
  });
});
