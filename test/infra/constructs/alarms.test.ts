import { beforeAll, describe, expect, test } from 'vitest';
import { functions } from '../../../infra/functions.ts';
import { failureNames } from '../../../shared/api/metrics.ts';
import { full, minimal, only, resourcesOf, templateOf, textOf } from '../../support/stack.ts';

type Template = ReturnType<typeof templateOf>;

let template: Template;
let everything: Template;
beforeAll(() => {
  template = templateOf();
  everything = templateOf(full);
});

function alarmsOf(of: Template) {
  return resourcesOf(of, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);
}

describe('alarms', () => {
  test('tell of crashes, throttles, time-outs, refused tokens and refused servers, and of whatever else fails', () => {
    expect(
      alarmsOf(template)
        .map(({ AlarmName }) => AlarmName.replace('presence-relay-prod-', ''))
        .toSorted(),
    ).toEqual(
      [
        'delivery-unknown',
        'forbidden-caller',
        ...functions.map(({ name }) => `function-errors-${name}`),
        ...functions.map(({ name }) => `function-throttles-${name}`),
        'gateway-failures',
        'gateway-refusals',
        'gateway-throttles',
        'internal',
        'refused-server',
        'stream-cut',
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
    for (const { AlarmName, Namespace, Dimensions, Statistic, Period } of counted) {
      const name = AlarmName.replace('presence-relay-prod-', '');
      expect(failureNames).toContain(name);
      expect([Namespace, Statistic, Period]).toEqual(['PresenceRelay', 'Sum', 300]);
      expect(
        Dimensions.toSorted((a: { Name: string }, b: { Name: string }) => a.Name.localeCompare(b.Name)),
      ).toEqual([
        { Name: 'Failure', Value: name },
        { Name: 'Stage', Value: 'prod' },
      ]);
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

  test('stay calm where nothing happens', () => {
    for (const { TreatMissingData } of alarmsOf(template)) expect(TreatMissingData).toBe('notBreaching');
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

  test('shows alarms, calls, failures by code, latency, upstream share and the last failures', () => {
    const { DashboardName, widgets } = widgetsOf(template);
    expect(DashboardName).toBe('presence-relay-prod');
    expect(widgets.map(({ properties }: { properties: { title?: string } }) => properties.title)).toEqual([
      undefined,
      'Alarms',
      'Calls',
      'Failures by code',
      'Latency of all calls (ms)',
      'Waited for the Presence service, p95 (ms)',
      'Upstream share of the functions’ time (%)',
      'Duration of the functions, p95 (ms)',
      'Crashes and throttles',
      'Calls at the same time',
      'The last failures',
    ]);
  });

  test('shows every alarm, and every failure that can be counted', () => {
    const body = JSON.stringify(widgetsOf(template).widgets);
    for (const [id] of resourcesOf(template, 'AWS::CloudWatch::Alarm')) expect(body).toContain(`<${id}.Arn>`);
    for (const name of failureNames) expect(body).toContain(`"Failure","${name}"`);
  });

  test('reads the logs of all functions', () => {
    const { widgets } = widgetsOf(template);
    const { query } = widgets.at(-1).properties;
    for (const [, { Properties }] of resourcesOf(template, 'AWS::Lambda::Function')) {
      expect(query).toContain(`<${Properties.LoggingConfig.LogGroup.Ref}>`);
    }
  });
});
