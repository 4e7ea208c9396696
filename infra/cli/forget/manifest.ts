import { text } from 'node:stream/consumers';
import { type Manifest, readManifest, writeManifest } from '../../../shared/snapshots/manifest.ts';
import type { Rewritten } from './rewrite.ts';
import { Damaged, Passing, triedAgain } from './setbacks.ts';
import { isOvertaken, type SnapshotStore } from './store.ts';

/** Has the manifest of an object tell what stands there now; if there is none, that is all right. Throws a `Setback`. */
export function correctManifest(
  { bucket }: SnapshotStore,
  key: string,
  { lines, bytes, lineBytes }: Rewritten,
): Promise<void> {
  return triedAgain(async () => {
    const found = await bucket.stream(key);
    if (!found) return;
    const known = manifestOf(await text(found.body));
    if (known.status !== 'taken') return;
    const corrected = { ...known, bytes, lineBytes, forgotten: (known.forgotten ?? 0) + lines };
    const options = { contentType: 'application/json', ifMatch: found.etag };
    try {
      await bucket.put(key, `${writeManifest(corrected)}\n`, options);
    } catch (error) {
      throw isOvertaken(error) ? new Passing('its manifest is replaced by others all the time') : error;
    }
  });
}

function manifestOf(found: string): Manifest {
  try {
    return readManifest(found);
  } catch (cause) {
    throw new Damaged('the person is gone from it, but its manifest is none, and was left as it is', {
      cause,
    });
  }
}
