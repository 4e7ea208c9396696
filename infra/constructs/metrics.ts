import type { Duration } from 'aws-cdk-lib';
import { Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { type FailureName, failures, upstream } from '../../shared/api/metrics.ts';
import {
  authorizations,
  type RefreshFailureName,
  refreshes,
  refreshFailures,
} from '../../shared/authorization/metrics.ts';
import { metricNamespace } from '../../shared/runtime/metrics.ts';
import type { RelayApi } from './api.ts';
import type { GatewayAnswer } from './gateway-responses.ts';

/** Calls that failed by this name, as the functions count them. */
export function failuresOf(stage: string, name: FailureName, period: Duration): Metric {
  return metricOf(failures, { Stage: stage, Failure: name }, { statistic: Stats.SUM, period });
}

/** How long the calls of an endpoint waited for the Presence service. */
export function upstreamOf(stage: string, endpoint: string, statistic: string, period: Duration): Metric {
  return metricOf(upstream, { Stage: stage, Endpoint: endpoint }, { statistic, period, label: endpoint });
}

/** How often the token of a group was replaced. */
export function renewalsOf(stage: string, groupid: string, period: Duration): Metric {
  return metricOf(refreshes, { Stage: stage, Group: groupid }, { statistic: Stats.SUM, period });
}

/** How often a token could not be replaced, by this name. */
export function refreshFailuresOf(stage: string, name: RefreshFailureName, period: Duration): Metric {
  return metricOf(refreshFailures, { Stage: stage, Failure: name }, { statistic: Stats.SUM, period });
}

/** Requests to the Authorization API. */
export function authorizationsOf(stage: string, period: Duration): Metric {
  return metricOf(authorizations, { Stage: stage }, { statistic: Stats.SUM, period });
}

/** What the functions count by this name and these dimensions. */
export function metricOf<Dimension extends string>(
  { name: metricName }: { name: string; dimensions: readonly Dimension[] },
  dimensionsMap: Record<Dimension, string>,
  options: MetricOptions,
): Metric {
  return new Metric({ namespace: metricNamespace, metricName, dimensionsMap, ...options });
}

/** Calls that API Gateway refused for their number; it has no metric for them. */
export function gatewayThrottles(scope: Construct, api: RelayApi, stage: string): Metric {
  return fromAccessLog(scope, api, {
    name: 'GatewayThrottles',
    types: ['THROTTLED', 'QUOTA_EXCEEDED'],
    stage,
  });
}

/** Calls with a wrong signature, or of a role that nothing lets in. Those without any are the noise of the net. */
export function gatewayRefusals(scope: Construct, api: RelayApi, stage: string): Metric {
  const types = ['ACCESS_DENIED', 'INVALID_SIGNATURE', 'EXPIRED_TOKEN'] as const;
  return fromAccessLog(scope, api, { name: 'GatewayRefusals', types, stage });
}

/** Calls that API Gateway failed by itself; its own metric counts the problems that functions tell as well. */
export function gatewayFailures(scope: Construct, api: RelayApi, stage: string): Metric {
  const types = [
    'INTEGRATION_FAILURE',
    'INTEGRATION_TIMEOUT',
    'API_CONFIGURATION_ERROR',
    'DEFAULT_5XX',
  ] as const;
  return fromAccessLog(scope, api, { name: 'GatewayFailures', types, stage });
}

interface CountedAnswers {
  readonly name: string;
  /** Which of API Gateway's own answers. */
  readonly types: readonly GatewayAnswer[];
  readonly stage: string;
}

function fromAccessLog(scope: Construct, { logs }: RelayApi, { name, types, stage }: CountedAnswers): Metric {
  new MetricFilter(scope, name, {
    logGroup: logs.access,
    filterPattern: FilterPattern.any(
      ...types.map((type) => FilterPattern.stringValue('$.answeredBy', '=', type)),
    ),
    metricNamespace,
    metricName: name,
    metricValue: '1',
    dimensions: { Stage: '$.stage' },
  });
  return new Metric({
    namespace: metricNamespace,
    metricName: name,
    dimensionsMap: { Stage: stage },
    statistic: Stats.SUM,
  });
}
