export const metricNamespace = 'PresenceRelay';

/** Which of the stacks of an account measures: the dimension `Stage`. */
export function stageOfMetrics(): string {
  return process.env.RELAY_STAGE ?? 'unknown';
}

/** One measurement, and the fields of its log line by which it is counted. */
export interface Metric {
  readonly name: string;
  readonly unit: 'Count' | 'Milliseconds';
  readonly dimensions: readonly string[];
}

/**
 * What makes CloudWatch take the named fields of a log line for metrics and their dimensions; goes into that line
 * under `_aws`. Dimensions must be text and metrics numbers.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function embeddedMetrics(namespace: string, metrics: readonly Metric[], now = Date.now()): object {
  return {
    Timestamp: now,
    CloudWatchMetrics: metrics.map(({ name, unit, dimensions }) => ({
      Namespace: namespace,
      Dimensions: [dimensions],
      Metrics: [{ Name: name, Unit: unit }],
    })),
  };
}
