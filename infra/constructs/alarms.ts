import { Aws } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Annotations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { stackName } from '../names.ts';
import { acknowledge } from './acknowledge.ts';
import { type AlarmSpec, period } from './alarm-spec.ts';
import type { RelayApi } from './api.ts';
import type { EndpointFunction } from './endpoint-function.ts';
import { failuresOf, gatewayFailures, gatewayRefusals, gatewayThrottles } from './metrics.ts';
import type { Refresh } from './refresh.ts';
import type { RelayFunction } from './relay-function.ts';
import { signalAlarms, webhookAlarms } from './signal-alarms.ts';
import type { Signals } from './signals.ts';
import { snapshotAlarms } from './snapshot-alarms.ts';
import type { Snapshots } from './snapshots.ts';
import { tokenAlarms } from './token-alarms.ts';
import type { Webhooks } from './webhooks.ts';

interface AlarmsProps {
  readonly stage: string;
  readonly config: RelayConfig;
  readonly endpoints: readonly EndpointFunction[];
  readonly api: RelayApi;
  readonly refresh: Refresh | undefined;
  readonly signals: Signals;
  readonly webhooks: Webhooks | undefined;
  readonly snapshots: Snapshots | undefined;
}

/** Where each alarm is explained: what it means, how to look, what to do. */
function runbookEntry(name: string): string {
  return `docs/runbook.md#${name}`;
}

/** Tells somebody when the relay, or what it depends on, does not do what it should. */
export class Alarms extends Construct {
  readonly all: readonly Alarm[];
  readonly topic: ITopic | undefined;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const { stage, config } = props;
    this.topic = this.#topic(stage, config);
    this.all = alarmSpecs(this, props).map((spec) => this.#alarm(spec, stage));
  }

  #alarm({ name, of, says, metric, threshold = 1, spans, isExpected }: AlarmSpec, stage: string): Alarm {
    const id = of === undefined ? name : `${name}-${of}`;
    const alarm = new Alarm(this, id, {
      alarmName: `${stackName(stage)}-${id}`,
      alarmDescription: `${says} Runbook: ${runbookEntry(name)}`,
      metric,
      threshold,
      evaluationPeriods: spans?.of ?? 1,
      ...(spans && { datapointsToAlarm: spans.atLeast }),
      comparisonOperator: isExpected
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: isExpected ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    if (this.topic) {
      const action = new SnsAction(this.topic);
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
    }
    return alarm;
  }

  #topic(stage: string, { alarms }: RelayConfig): ITopic | undefined {
    if (alarms?.topicArn !== undefined) return Topic.fromTopicArn(this, 'Topic', alarms.topicArn);
    if (alarms?.email !== undefined) return this.#mailTopic(stage, alarms.email);
    Annotations.of(this).addWarningV2(
      'presence-relay:alarms',
      'relay.config.ts: alarms: nobody hears of them. Name an SNS topic, { topicArn }, or an address, { email }.',
    );
    return undefined;
  }

  #mailTopic(stage: string, email: string): Topic {
    const topic = new Topic(this, 'Topic', { topicName: `${stackName(stage)}-alarms`, enforceSSL: true });
    acknowledge(topic, {
      findings: ['CKV_AWS_26'],
      reason:
        'What is published there goes out by mail at once: the name of an alarm and its numbers, nothing of visitors. ' +
        'CloudWatch could not use the key that AWS keeps for SNS.',
    });
    topic.addSubscription(new EmailSubscription(email));
    // A topic with a policy of its own loses the one that lets CloudWatch publish.
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    );
    return topic;
  }
}

function alarmSpecs(scope: Construct, props: AlarmsProps): readonly AlarmSpec[] {
  const { stage, config, endpoints, api, refresh, signals, webhooks, snapshots } = props;
  const behind = [refresh, signals, webhooks, snapshots].flatMap((part) => part?.function ?? []);
  return [
    ...[...endpoints, ...behind].flatMap(alarmsOfFunction),
    ...(refresh ? tokenAlarms(stage, config, refresh) : []),
    ...signalAlarms(stage, signals),
    ...(webhooks ? webhookAlarms(stage, config, webhooks) : []),
    ...snapshotAlarms(stage, config),
    {
      name: 'gateway-throttles',
      says: 'Calls or webhooks come faster than the configured limits let through.',
      metric: gatewayThrottles(scope, api, stage).with({ period }),
      threshold: 10,
    },
    {
      name: 'gateway-failures',
      says: 'API Gateway could not reach a function, or waited for it in vain.',
      metric: gatewayFailures(scope, api, stage).with({ period }),
    },
    {
      name: 'internal',
      says: 'A call met a bug, or an environment that is broken.',
      metric: failuresOf(stage, 'internal', period),
    },
    {
      name: 'upstream-authorization',
      says: 'A Glance token is missing, has expired, or is refused.',
      metric: failuresOf(stage, 'upstream-authorization', period),
    },
    {
      name: 'refused-server',
      says: 'The Presence service named a direct server that may not have the token; nothing was sent there.',
      metric: failuresOf(stage, 'refused-server', period),
    },
    {
      name: 'upstream-invalid',
      says: 'The Presence service answers in a way that the relay does not understand.',
      metric: failuresOf(stage, 'upstream-invalid', period),
    },
    {
      name: 'upstream-unavailable',
      says: 'The Presence service, or Secrets Manager, is not reached or overloaded.',
      metric: failuresOf(stage, 'upstream-unavailable', period),
      threshold: 5,
    },
    {
      name: 'upstream-timeout',
      says: 'The Presence service, or Secrets Manager, does not answer in time.',
      metric: failuresOf(stage, 'upstream-timeout', period),
      threshold: 5,
    },
    {
      name: 'delivery-unknown',
      says: 'A message was sent, and nothing says whether it arrived.',
      metric: failuresOf(stage, 'delivery-unknown', period),
    },
    {
      name: 'stream-cut',
      says: 'An answer to /query was broken off: too long, too late, or cut by the Presence service.',
      metric: failuresOf(stage, 'stream-cut', period),
    },
    {
      name: 'forbidden-caller',
      says: 'Somebody who may call the relay keeps calling what they are not granted.',
      metric: failuresOf(stage, 'forbidden-caller', period),
      threshold: 10,
    },
    {
      name: 'gateway-refusals',
      says: 'Somebody keeps calling whose role or signature API Gateway does not accept.',
      metric: gatewayRefusals(scope, api, stage).with({ period }),
      threshold: 10,
    },
  ];
}

function alarmsOfFunction({ spec: { name: of }, lambda }: RelayFunction): readonly AlarmSpec[] {
  return [
    {
      name: 'function-errors',
      of,
      says: `The function ${of} crashed, ran out of memory or time, or broke off an answer.`,
      metric: lambda.metricErrors({ period }),
    },
    {
      name: 'function-throttles',
      of,
      says: `Lambda refused a call of ${of}: no concurrency is left, or the function is switched off.`,
      metric: lambda.metricThrottles({ period }),
    },
  ];
}
