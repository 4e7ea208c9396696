import type { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, type IFilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { type FailureName, failures, metricNamespace, upstream } from '../../shared/api/metrics.ts';
import type { RelayApi } from './api.ts';

/** Calls that failed by this name, as the functions count them. */
export function failuresOf(stage: string, name: FailureName, period: Duration): Metric {
  return new Metric({
    namespace: metricNamespace,
    metricName: failures.name,
    dimensionsMap: { Stage: stage, Failure: name } satisfies Record<
      (typeof failures.dimensions)[number],
      string
    >,
    statistic: Stats.SUM,
    period,
  });
}

/** How long the calls of an endpoint waited for the Presence service. */
export function upstreamOf(stage: string, endpoint: string, statistic: string, period: Duration): Metric {
  return new Metric({
    namespace: metricNamespace,
    metricName: upstream.name,
    dimensionsMap: { Stage: stage, Endpoint: endpoint } satisfies Record<
      (typeof upstream.dimensions)[number],
      string
    >,
    statistic,
    period,
    label: endpoint,
  });
}

/** One number for all functions, as an alarm wants it. */
export function sumOverFunctions<F extends IFunction>(
  functions: readonly F[],
  metricOf: (each: F) => Metric,
  period: Duration,
): MathExpression {
  const usingMetrics = Object.fromEntries(functions.map((each, at) => [`m${at}`, metricOf(each)]));
  // A plain sum is nothing at all as long as one of the functions is never called.
  const expression = `SUM([${Object.keys(usingMetrics).join(', ')}])`;
  return new MathExpression({ expression, usingMetrics, period });
}

/** Calls that API Gateway refused for their number; it has no metric for them. */
export function gatewayThrottles(scope: Construct, api: RelayApi, stage: string): Metric {
  const pattern = FilterPattern.any(
    FilterPattern.stringValue('$.answeredBy', '=', 'THROTTLED'),
    FilterPattern.stringValue('$.answeredBy', '=', 'QUOTA_EXCEEDED'),
  );
  return fromAccessLog(scope, api, { name: 'GatewayThrottles', pattern, stage });
}

/** Calls that API Gateway failed by itself; its own metric counts the problems that functions tell as well. */
export function gatewayFailures(scope: Construct, api: RelayApi, stage: string): Metric {
  const types = ['INTEGRATION_FAILURE', 'INTEGRATION_TIMEOUT', 'API_CONFIGURATION_ERROR', 'DEFAULT_5XX'];
  const pattern = FilterPattern.any(
    ...types.map((type) => FilterPattern.stringValue('$.answeredBy', '=', type)),
  );
  return fromAccessLog(scope, api, { name: 'GatewayFailures', pattern, stage });
}

interface CountedLines {
  readonly name: string;
  readonly pattern: IFilterPattern;
  readonly stage: string;
}

function fromAccessLog(scope: Construct, { logs }: RelayApi, { name, pattern, stage }: CountedLines): Metric {
  new MetricFilter(scope, name, {
    logGroup: logs.access,
    filterPattern: pattern,
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
