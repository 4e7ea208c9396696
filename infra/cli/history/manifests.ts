import type { SnapshotBucket } from '../../../shared/snapshots/bucket.ts';
import { groupPrefix, manifestKey } from '../../../shared/snapshots/keys.ts';
import { type Manifest, readManifest } from '../../../shared/snapshots/manifest.ts';
import { slotAt } from '../../../shared/snapshots/slot.ts';
import { bucketOf, fromBucket, type SnapshotPlace } from '../snapshot/place.ts';
import type { Range } from './range.ts';

interface ManifestOptions {
  readonly place: SnapshotPlace;
  /** Name of the bucket. */
  readonly name: string;
  readonly groupid: string;
  readonly range: Range;
  readonly progress: (done: number, all: number) => void;
}

interface Manifests {
  /** In the order of time. */
  readonly manifests: readonly Manifest[];
  /** How many are none that this release can read. */
  readonly unreadable: number;
}

const atOnce = 16;

/** What is known of the snapshots of a range. Throws `AwsTrouble`. */
export async function manifestsOf(options: ManifestOptions): Promise<Manifests> {
  const { place, name, progress } = options;
  const bucket = bucketOf(place, name);
  const keys = await keysOf(bucket, options);
  const read: (Manifest | undefined)[] = Array.from({ length: keys.length });
  const rest = keys.entries();
  let done = 0;
  const work = async () => {
    for (const [index, key] of rest) {
      const text = await fromBucket(place, name, 's3:GetObject on manifests/*', bucket.read(key));
      read[index] = text && manifestIn(text.toString());
      progress(++done, keys.length);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const manifests = read.filter((manifest) => manifest !== undefined);
  return { manifests, unreadable: keys.length - manifests.length };
}

async function keysOf(
  bucket: SnapshotBucket,
  { place, name, groupid, range }: ManifestOptions,
): Promise<string[]> {
  // Keys are in the order of time; the first is that of a slot not before `from`.
  const before = manifestKey(groupid, slotAt(range.from - 1));
  const end = manifestKey(groupid, slotAt(range.to + 999));
  const listed = bucket.list(groupPrefix('manifests', groupid), before);
  const step = () => fromBucket(place, name, 's3:ListBucket', listed.next());
  const keys: string[] = [];
  for (let next = await step(); !next.done && next.value.key < end; next = await step())
    keys.push(next.value.key);
  return keys;
}

function manifestIn(text: string): Manifest | undefined {
  try {
    return readManifest(text);
  } catch {
    return undefined;
  }
}
