import { Aws, Duration } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IWidget,
  LogQueryWidget,
  MathExpression,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import type { Endpoint } from '../../shared/api/endpoints.ts';
import { failureNames } from '../../shared/api/metrics.ts';
import { refreshFailureNames } from '../../shared/authorization/metrics.ts';
import { stackName } from '../names.ts';
import type { Alarms } from './alarms.ts';
import type { RelayApi } from './api.ts';
import type { EndpointFunction } from './endpoint-function.ts';
import { authorizationsOf, failuresOf, refreshFailuresOf, renewalsOf, upstreamOf } from './metrics.ts';
import type { Refresh } from './refresh.ts';
import type { RelayFunction } from './relay-function.ts';
import { signalWidgets, webhookWidgets } from './signal-widgets.ts';
import type { Signals } from './signals.ts';
import { snapshotWidgets } from './snapshot-widgets.ts';
import type { Snapshots } from './snapshots.ts';
import type { Webhooks } from './webhooks.ts';
import { half, period, third } from './widget-size.ts';

interface RelayDashboardProps {
  readonly stage: string;
  readonly config: RelayConfig;
  readonly endpoints: readonly EndpointFunction[];
  readonly api: RelayApi;
  readonly refresh: Refresh | undefined;
  readonly signals: Signals;
  readonly webhooks: Webhooks | undefined;
  readonly snapshots: Snapshots | undefined;
  readonly alarms: Alarms;
}

/** Whether all is well, at a glance: alarms, calls, what failed and why, and where the time goes. */
export class RelayDashboard extends Construct {
  /** Where it is in the console. */
  readonly address: string;

  constructor(scope: Construct, id: string, props: RelayDashboardProps) {
    super(scope, id);
    const { stage, config, endpoints, refresh, signals, webhooks, snapshots } = props;
    const name = stackName(stage);
    const behind = [refresh, signals, webhooks, snapshots].flatMap((part) => part?.function ?? []);
    const functions = [...endpoints, ...behind];
    new Dashboard(this, 'Dashboard', {
      dashboardName: name,
      defaultInterval: Duration.hours(3),
      widgets: [
        [heading(name, props)],
        [alarmStatus(props)],
        [calls(props), failed(props)],
        [latency(props), waited(props), share(props)],
        ...(webhooks ? [webhookWidgets(stage, config)] : []),
        ...signalWidgets(stage, signals),
        ...(snapshots ? [snapshotWidgets(stage, config)] : []),
        ...(refresh ? [[renewals(stage, refresh), failedRenewals(stage), authorizations(stage)]] : []),
        [durations(functions), errors(functions), concurrency(functions)],
        [lastErrors(functions)],
      ],
    });
    this.address = `https://${Aws.REGION}.console.aws.amazon.com/cloudwatch/home?region=${Aws.REGION}#dashboards/dashboard/${name}`;
  }
}

function heading(name: string, { api }: RelayDashboardProps): IWidget {
  const markdown = `# ${name}\n${api.address} · what an alarm means and what to do: \`docs/runbook.md\``;
  return new TextWidget({ markdown, width: 24, height: 2 });
}

function alarmStatus({ alarms }: RelayDashboardProps): IWidget {
  return new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms.all], width: 24, height: 6 });
}

function calls({ endpoints }: RelayDashboardProps): IWidget {
  const left = endpoints.map(({ spec, lambda }) =>
    lambda.metricInvocations({ period, statistic: Stats.SUM, label: spec.name }),
  );
  return new GraphWidget({ title: 'Calls', left, stacked: true, ...half });
}

function failed({ stage }: RelayDashboardProps): IWidget {
  const left = failureNames.map((name) => failuresOf(stage, name, period).with({ label: name }));
  return new GraphWidget({ title: 'Failures by code', left, stacked: true, ...half });
}

function latency({ api }: RelayDashboardProps): IWidget {
  const left = ['p50', 'p95', 'p99'].map((statistic) =>
    api.rest.deploymentStage.metricLatency({ period, statistic, label: statistic }),
  );
  return new GraphWidget({ title: 'Latency of all calls (ms)', left, ...third });
}

function waited({ stage, endpoints }: RelayDashboardProps): IWidget {
  const left = endpointsThatAsk(endpoints).map(({ name }) => upstreamOf(stage, name, 'p95', period));
  return new GraphWidget({ title: 'Waited for the Presence service, p95 (ms)', left, ...third });
}

/** The endpoints for which the Presence service is asked. */
function endpointsThatAsk(functions: readonly EndpointFunction[]): readonly Endpoint[] {
  return functions.flatMap(({ asksPresence, spec }) => (asksPresence ? spec.endpoints : []));
}

/** Of the functions that answer at once: a stream is all waiting. */
function share({ stage, endpoints }: RelayDashboardProps): IWidget {
  const left = endpoints
    .filter(({ asksPresence, spec }) => asksPresence && !spec.endpoints[0].streams)
    .map(({ spec, lambda }, at) => {
      const usingMetrics = {
        [`waited${at}`]: upstreamOf(stage, spec.endpoints[0].name, Stats.SUM, period),
        [`took${at}`]: lambda.metricDuration({ period, statistic: Stats.SUM }),
      };
      const expression = `100 * waited${at} / took${at}`;
      return new MathExpression({ expression, usingMetrics, period, label: spec.name });
    });
  return new GraphWidget({
    title: 'Upstream share of the functions’ time (%)',
    left,
    leftYAxis: { min: 0, max: 100 },
    ...third,
  });
}

function renewals(stage: string, { groupids }: Refresh): IWidget {
  const left = groupids.map((groupid) => renewalsOf(stage, groupid, period).with({ label: groupid }));
  return new GraphWidget({ title: 'Tokens renewed, by group', left, stacked: true, ...third });
}

function failedRenewals(stage: string): IWidget {
  const left = refreshFailureNames.map((name) =>
    refreshFailuresOf(stage, name, period).with({ label: name }),
  );
  return new GraphWidget({ title: 'Tokens not renewed, by reason', left, stacked: true, ...third });
}

function authorizations(stage: string): IWidget {
  const left = [authorizationsOf(stage, period).with({ label: 'requests' })];
  return new GraphWidget({ title: 'Requests to the Authorization API', left, ...third });
}

function durations(functions: readonly RelayFunction[]): IWidget {
  const left = functions.map(({ spec, lambda }) =>
    lambda.metricDuration({ period, statistic: 'p95', label: spec.name }),
  );
  return new GraphWidget({ title: 'Duration of the functions, p95 (ms)', left, ...third });
}

function errors(functions: readonly RelayFunction[]): IWidget {
  const left = functions.flatMap(({ spec, lambda }) => [
    lambda.metricErrors({ period, label: `${spec.name} errors` }),
    lambda.metricThrottles({ period, label: `${spec.name} throttles` }),
  ]);
  return new GraphWidget({ title: 'Crashes and throttles', left, ...third });
}

function concurrency(functions: readonly RelayFunction[]): IWidget {
  const left = functions.map(({ spec, lambda }) =>
    lambda.metric('ConcurrentExecutions', { period, statistic: Stats.MAXIMUM, label: spec.name }),
  );
  return new GraphWidget({ title: 'Calls at the same time', left, stacked: true, ...third });
}

function lastErrors(functions: readonly RelayFunction[]): IWidget {
  return new LogQueryWidget({
    title: 'The last failures',
    logGroupNames: functions.map(({ logs }) => logs.logGroupName),
    queryLines: [
      'fields @timestamp, function, Failure, reason, caller, groupid, requestId',
      'filter level = "ERROR"',
      'sort @timestamp desc',
      'limit 20',
    ],
    width: 24,
    height: 8,
  });
}
