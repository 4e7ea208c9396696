import { PresenceError } from '../presence/errors.ts';
import { eventsUnsent } from '../runtime/bus-metrics.ts';
import { createLog, type Log } from '../runtime/log.ts';
import { embeddedMetrics, type Metric, metricNamespace, stageOfMetrics } from '../runtime/metrics.ts';
import type { SlotComparison } from './compare-slot.ts';
import type { GapManifest, TakenManifest } from './manifest.ts';
import {
  snapshotAge,
  snapshotDuration,
  snapshotGaps,
  snapshotsTaken,
  visitorArrivals,
  visitorDepartures,
  visitorsPresent,
} from './metrics.ts';
import { ScanError } from './scan/scan-error.ts';
import { type Slot, slotTime } from './slot.ts';

/** What is told of snapshots: numbers alone, and never who was there. */
export class SnapshotLog {
  readonly #log: Log;

  constructor(requestId: string, { write }: { write?: (line: string) => void } = {}) {
    this.#log = createLog({ function: 'snapshot', requestId }, write);
  }

  taken(known: TakenManifest, ageMs: number, comparison: SlotComparison | undefined): void {
    const { groupid, snapshot, visitors, durationMs, unnamed, bytes, lineBytes, missed } = known;
    const unsent = comparison?.unsent ?? 0;
    const measured: [Metric, number][] = [
      [snapshotsTaken, 1],
      [visitorsPresent, visitors],
      [snapshotDuration, durationMs],
      [snapshotAge, ageMs],
      ...(comparison ? changed(comparison) : []),
      ...(unsent > 0 ? [[eventsUnsent, unsent] satisfies [Metric, number]] : []),
    ];
    const fields = { unnamed, bytes, lineBytes, missed };
    this.#tell('info', 'snapshot taken', { groupid, snapshot, ...fields }, measured);
  }

  gap({ groupid, snapshot, reason }: GapManifest, ageMs: number | undefined): void {
    this.#tell('error', 'snapshot missing', { groupid, snapshot, reason }, [
      [snapshotGaps, 1],
      ...aged(ageMs),
    ]);
  }

  /** A try that failed; there may be another one. */
  failed(groupid: string, snapshot: Slot, error: unknown, ageMs: number | undefined): void {
    this.#tell('error', 'snapshot failed', { groupid, snapshot, ...reasonOf(error) }, aged(ageMs));
  }

  #tell(
    level: keyof Log,
    event: string,
    { groupid, snapshot, ...fields }: { groupid: string; snapshot: Slot } & Parameters<Log['info']>[1],
    measured: readonly [Metric, number][],
  ): void {
    const counted = Object.fromEntries(measured.map(([{ name }, value]) => [name, value]));
    const metrics = measured.map(([metric]) => metric);
    const dimensions = { Stage: stageOfMetrics(), Group: groupid };
    this.#log[level](
      event,
      { groupid, snapshot: slotTime(snapshot), ...fields, ...dimensions, ...counted },
      metrics.length > 0 ? embeddedMetrics(metricNamespace, metrics) : undefined,
    );
  }
}

function changed({ arrivals, departures }: SlotComparison): [Metric, number][] {
  return [
    [visitorArrivals, arrivals],
    [visitorDepartures, departures],
  ];
}

function aged(ageMs: number | undefined): [Metric, number][] {
  return ageMs === undefined ? [] : [[snapshotAge, ageMs]];
}

/** The messages of these name no visitor; of others, nobody knows what they hold. */
function reasonOf(error: unknown): { reason: string; detail?: string } {
  if (error instanceof PresenceError) return { reason: error.code, detail: error.message };
  if (error instanceof ScanError) return { reason: 'invalid-answer', detail: error.message };
  return { reason: error instanceof Error ? error.name : typeof error };
}
