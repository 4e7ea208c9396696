import { decompressed } from '../../../shared/snapshots/compression.ts';
import { linesOf, readLine } from '../../../shared/snapshots/lines.ts';
import type { TakenManifest } from '../../../shared/snapshots/manifest.ts';
import { bucketOf, fromBucket, type SnapshotPlace } from '../snapshot/place.ts';
import { PageCounts, pageOf } from './page.ts';

interface VisitOptions {
  readonly place: SnapshotPlace;
  /** Name of the bucket. */
  readonly name: string;
  readonly progress: (done: number, all: number) => void;
}

export interface Visits {
  readonly counts: PageCounts;
  /** How many snapshots were read. */
  readonly read: number;
  /** How many are damaged, or gone. */
  readonly unreadable: number;
}

/** Counts on which pages the visitors of these snapshots were, in constant memory. Throws `AwsTrouble`. */
export async function visitsOf(
  snapshots: readonly TakenManifest[],
  { place, name, progress }: VisitOptions,
): Promise<Visits> {
  const bucket = bucketOf(place, name);
  const counts = new PageCounts();
  let unreadable = 0;
  for (const [index, { object }] of snapshots.entries()) {
    progress(index, snapshots.length);
    const rights = 's3:GetObject on snapshots/*';
    const stored = await fromBucket(place, name, rights, bucket.stream(object));
    if (!stored || !(await countLines(stored.body, counts))) unreadable += 1;
  }
  return { counts, read: snapshots.length - unreadable, unreadable };
}

/** False when they are damaged, or cut off; those before are counted. */
async function countLines(body: NodeJS.ReadableStream, counts: PageCounts): Promise<boolean> {
  try {
    for await (const line of linesOf(decompressed(body))) counts.add(pageOf(readLine(line).visitor));
    return true;
  } catch {
    return false;
  }
}

const mostSnapshots = 200;
const mostBytes = 2 * 2 ** 30;

/** Some of them, evenly chosen: so many that reading them does not take minutes. */
export function sampleOf(snapshots: readonly TakenManifest[]): readonly TakenManifest[] {
  const bytes = snapshots.reduce((sum, { lineBytes }) => sum + lineBytes, 0);
  const affordable = Math.floor((snapshots.length * mostBytes) / Math.max(bytes, mostBytes));
  const count = Math.min(mostSnapshots, Math.max(affordable, 1));
  if (count >= snapshots.length) return snapshots;
  const step = snapshots.length / count;
  return Array.from({ length: count }, (_, index) => Math.floor((index + 0.5) * step)).flatMap(
    (index) => snapshots[index] ?? [],
  );
}
