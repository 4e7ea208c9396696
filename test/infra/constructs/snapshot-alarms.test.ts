import { beforeAll, describe, expect, test } from 'vitest';
import { alarmsNamed, alarmsOf, dimensionsOf, nameOf } from '../../support/alarms.ts';
import { full, minimal, only, templateOf, textOf, watched } from '../../support/stack.ts';

type Template = ReturnType<typeof templateOf>;

let everything: Template;
beforeAll(() => {
  everything = templateOf(full);
});

describe('alarms', () => {
  test('tell of snapshots too where there are any', () => {
    const before = alarmsOf(templateOf(minimal)).map(nameOf);
    const more = alarmsOf(templateOf(watched))
      .map(nameOf)
      .filter((name) => !before.includes(name));
    expect(more.toSorted()).toEqual([
      'function-errors-snapshot',
      'function-throttles-snapshot',
      'snapshot-gap-12345',
      'snapshot-missing-12345',
    ]);
  });

  test.each([
    ['snapshot-missing', 'SnapshotsTaken'],
    ['snapshot-gap', 'SnapshotGaps'],
  ])('%s looks at each group that has snapshots', (name, MetricName) => {
    const alarms = alarmsNamed(everything, name);
    expect(alarms.map(nameOf)).toEqual([`${name}-7`, `${name}-12345`]);
    for (const alarm of alarms) {
      expect(alarm).toMatchObject({ Namespace: 'PresenceRelay', MetricName, Statistic: 'Sum', Threshold: 1 });
      expect(dimensionsOf(alarm)).toEqual({ Stage: 'prod', Group: nameOf(alarm).replace(`${name}-`, '') });
    }
  });

  test.each([
    [1, 3, 300, '15 minutes'],
    [5, 3, 300, '15 minutes'],
    [10, 6, 300, '30 minutes'],
    [60, 36, 300, '180 minutes'],
    [480, 288, 300, '1440 minutes'],
    [720, 36, 3_600, '2160 minutes'],
    [1_440, 72, 3_600, '4320 minutes'],
  ])(
    'where one is due every %d minutes, wait for three of them, and no longer than CloudWatch looks back',
    (everyMinutes, count, seconds, said) => {
      const groups = { 12345: { snapshots: { everyMinutes } } };
      const [alarm] = alarmsNamed(templateOf({ ...minimal, groups }), 'snapshot-missing');
      expect([alarm?.EvaluationPeriods, alarm?.DatapointsToAlarm, alarm?.Period]).toEqual([
        count,
        count,
        seconds,
      ]);
      expect(alarm?.AlarmDescription).toContain(said);
      expect(count * seconds).toBeGreaterThanOrEqual(3 * 60 * everyMinutes);
      expect(count * seconds).toBeLessThanOrEqual(seconds < 3_600 ? 86_400 : 604_800);
    },
  );
});

test('The dashboard shows who is there, who comes and goes, and how the snapshots do, of each group', () => {
  const body = textOf(only(everything, 'AWS::CloudWatch::Dashboard').Properties.DashboardBody);
  for (const metric of [
    'VisitorsPresent',
    'VisitorArrivals',
    'VisitorDepartures',
    'SnapshotAge',
    'SnapshotDuration',
    'SnapshotGaps',
  ])
    for (const group of ['7', '12345'])
      expect(body).toContain(`"${metric}","Group","${group}","Stage","prod"`);
  const without = textOf(only(templateOf(), 'AWS::CloudWatch::Dashboard').Properties.DashboardBody);
  expect(without).not.toMatch(/snapshot|VisitorsPresent/i);
});
