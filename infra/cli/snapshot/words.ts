import type * as z from 'zod/mini';
import type { snapshotAnswer } from '../../../shared/snapshots/answer.ts';
import type { TakenManifest } from '../../../shared/snapshots/manifest.ts';
import { counted, number, size, time } from '../history/words.ts';
import type { SnapshotPlace } from './place.ts';

type Answer = z.infer<typeof snapshotAnswer>;

interface Progress {
  readonly status: 'taking' | 'written' | 'done' | 'gap';
  readonly visitors: number;
  readonly bytes: number;
}

/** How far it is: `taking it: 12,345 visitors, 1.2 MiB`. */
export function progressText(progress: Progress | undefined): string {
  if (!progress) return 'asking for it …';
  const far = `${counted(progress.visitors, 'visitor')}, ${size(progress.bytes)}`;
  return progress.status === 'taking' ? `taking it: ${far}` : `comparing it: ${far}`;
}

/** Why none was taken. */
export function whyNone(answer: Answer, { log }: Pick<SnapshotPlace, 'log'>): string {
  if (answer.outcome === 'being-taken') return 'somebody else is taking it at this moment';
  if (answer.outcome === 'over')
    return 'that of this second is over, as when the schedule was faster; try again';
  if ('manifest' in answer && answer.manifest.status === 'gap' && answer.manifest.reason === 'late')
    return 'the function came to it too late, and would not say of now what was then; is the clock of this machine right?';
  return `every try failed, until half a period had passed; ${log} tells why`;
}

/** A snapshot as people read of it. */
export function snapshotLines(
  manifest: TakenManifest,
  bucket: string,
  { command }: Pick<SnapshotPlace, 'command'>,
): string[] {
  const { groupid, snapshot, visitors, unnamed, bytes, lineBytes, durationMs, object } = manifest;
  const ratio = lineBytes > 0 ? `; ${number(lineBytes / bytes)} to 1` : '';
  return [
    `Snapshot of group ${groupid}, ${time(snapshot)} UTC`,
    '',
    row('visitors', number(visitors) + (unnamed > 0 ? `; ${number(unnamed)} of them without an id` : '')),
    row('stored', `${size(bytes)}, of ${size(lineBytes)} before compression${ratio}`),
    row('took', durationMs < 1_000 ? `${durationMs} ms` : `${number(durationMs / 1_000)} s`),
    row('changes', changesOf(manifest)),
    row('object', `s3://${bucket}/${object}`),
    '',
    `"${command(`history -- ${groupid}`)}" shows it with the others.`,
  ];
}

function changesOf({ previous, arrivals, departures }: TakenManifest): string {
  if (arrivals !== null && departures !== null) {
    const since = previous === null ? '' : ` since ${time(previous)}`;
    return `${number(arrivals)} came, ${number(departures)} left${since}`;
  }
  if (previous === null) return 'not known: it is the first, so there is none to compare it with';
  return 'not known: a later snapshot was compared already';
}

function row(name: string, says: string): string {
  return `${name.padEnd(12)}${says}`;
}
