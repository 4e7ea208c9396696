import { GraphWidget, type IMetric, type IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { groupsWithSnapshots } from '../../shared/api/config/snapshot-environment.ts';
import { countOf, mostOf } from './snapshot-metrics.ts';
import { period, third } from './widget-size.ts';

/** Who is on the site, who comes and goes, and how the snapshots do. */
export function snapshotWidgets(stage: string, config: RelayConfig): IWidget[] {
  const groups = groupsWithSnapshots(config).map(({ id }) => id);
  const counts = (what: Parameters<typeof countOf>[0], label: string) =>
    groups.map((group) => countOf(what, stage, group, period).with({ label: `${group} ${label}` }));
  const most = (what: Parameters<typeof mostOf>[0], label: string) =>
    groups.map((group) => mostOf(what, stage, group, period).with({ label: `${group} ${label}`.trim() }));
  return [
    graph('Visitors present, by group', most('present', '')),
    graph('Arrivals and departures, by group', [
      ...counts('arrivals', 'arrivals'),
      ...counts('departures', 'departures'),
    ]),
    graph(
      'Snapshots: age, duration (ms), and gaps',
      [...most('age', 'age'), ...most('duration', 'duration')],
      counts('gaps', 'gaps'),
    ),
  ];
}

function graph(title: string, left: IMetric[], right: IMetric[] = []): IWidget {
  return new GraphWidget({ title, left, right, ...third });
}
