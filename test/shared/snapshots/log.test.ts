import { expect, test } from 'vitest';
import { PresenceError } from '../../../shared/presence/errors.ts';
import { SnapshotLog } from '../../../shared/snapshots/log.ts';
import type { TakenManifest } from '../../../shared/snapshots/manifest.ts';
import { ScanError } from '../../../shared/snapshots/scan/scan-error.ts';
import { slotAt } from '../../../shared/snapshots/slot.ts';

const slot = slotAt(Date.parse('2026-11-22T12:05:00Z'));
const taken: TakenManifest = {
  status: 'taken',
  groupid: '12345',
  snapshot: slot,
  takenAt: '2026-11-22T12:05:01.000Z',
  durationMs: 1_500,
  visitors: 3,
  unnamed: 1,
  object: 'snapshots/…',
  bytes: 90,
  lineBytes: 400,
  previous: null,
  missed: 0,
  arrivals: null,
  departures: null,
};

interface Line extends Readonly<Record<string, unknown>> {
  readonly _aws?: { readonly CloudWatchMetrics: { readonly Metrics: { Name: string; Unit: string }[] }[] };
}

function logged(tell: (log: SnapshotLog) => void): Line {
  const lines: string[] = [];
  tell(new SnapshotLog('request-1', { write: (line) => lines.push(line) }));
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '');
}

/** What CloudWatch makes of it. */
function metricsOf(line: Line): Record<string, unknown> {
  const metrics = line._aws?.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics) ?? [];
  return Object.fromEntries(metrics.map(({ Name, Unit }) => [`${Name} ${Unit}`, line[Name]]));
}

test('a snapshot is counted, with what was there, how long it took and how old it is', () => {
  const line = logged((log) => log.taken(taken, 2_500, undefined));
  expect(line).toMatchObject({
    level: 'INFO',
    groupid: '12345',
    snapshot: '2026-11-22T12:05:00Z',
    bytes: 90,
  });
  expect(metricsOf(line)).toEqual({
    'SnapshotsTaken Count': 1,
    'VisitorsPresent Count': 3,
    'SnapshotDuration Milliseconds': 1_500,
    'SnapshotAge Milliseconds': 2_500,
  });
});

test('changes are counted where something was compared, and events that the bus did not take', () => {
  const changes = { arrivals: 2, departures: 0 };
  const all = metricsOf(logged((log) => log.taken(taken, 0, { ...changes, unsent: 0 })));
  expect(all).toMatchObject({ 'VisitorArrivals Count': 2, 'VisitorDepartures Count': 0 });
  expect(all).not.toHaveProperty('EventsUnsent Count');
  const some = metricsOf(logged((log) => log.taken(taken, 0, { ...changes, unsent: 1 })));
  expect(some).toMatchObject({ 'EventsUnsent Count': 1 });
});

test.each([
  [undefined, {}],
  [600_000, { 'SnapshotAge Milliseconds': 600_000 }],
])(
  'a gap, and a try that failed, are errors; the age of the newest is told where it is known: %s',
  (ageMs, age) => {
    const gap = { status: 'gap', groupid: '12345', snapshot: slot, reason: 'late' } as const;
    const missing = logged((log) => log.gap(gap, ageMs));
    expect(missing).toMatchObject({ level: 'ERROR', reason: 'late' });
    expect(metricsOf(missing)).toEqual({ 'SnapshotGaps Count': 1, ...age });
    const failed = logged((log) => log.failed('12345', slot, new Error(), ageMs));
    expect(failed).toMatchObject({ level: 'ERROR', groupid: '12345', snapshot: '2026-11-22T12:05:00Z' });
    expect(metricsOf(failed)).toEqual(age);
  },
);

test.each<[string, unknown, object]>([
  [
    'the Presence service',
    new PresenceError('timeout', 'no answer'),
    { reason: 'timeout', detail: 'no answer' },
  ],
  [
    'its answer',
    new ScanError('cut off at byte 9'),
    { reason: 'invalid-answer', detail: 'cut off at byte 9' },
  ],
])('what is wrong with %s is told', (_, error, reason) => {
  expect(logged((log) => log.failed('12345', slot, error, undefined))).toMatchObject(reason);
});

test.each([[new TypeError('ada was here')], ['ada was here']])(
  'the words of any other error are not told, since nobody knows whom they name: %o',
  (error) => {
    const line = logged((log) => log.failed('12345', slot, error, undefined));
    expect(line.reason).toMatch(/^(TypeError|string)$/);
    expect(JSON.stringify(line)).not.toContain('ada');
  },
);
