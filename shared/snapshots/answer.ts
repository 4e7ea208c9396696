import * as z from 'zod/mini';
import { manifest, writeManifest } from './manifest.ts';
import type { SnapshotOutcome } from './run.ts';

/** What the function answers to whoever invoked it: what became of the slot by this run. */
export const snapshotAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.enum(['taken', 'gap']), manifest }),
  /** Somebody else is at it; or it was done with before. */
  z.object({ outcome: z.enum(['being-taken', 'over']) }),
]);

/** As JSON has it. */
export function answerOf(ended: SnapshotOutcome): z.input<typeof snapshotAnswer> {
  if (!('manifest' in ended)) return ended;
  return { outcome: ended.outcome, manifest: JSON.parse(writeManifest(ended.manifest)) };
}
