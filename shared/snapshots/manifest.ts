import * as z from 'zod/mini';
import { slotText, slotTime } from './slot.ts';

const count = z.int().check(z.gte(0));

const taken = z.object({
  status: z.literal('taken'),
  groupid: z.string(),
  /** The slot. */
  snapshot: slotText,
  /** When the Presence service was asked, to the millisecond. */
  takenAt: z.string(),
  /** From then on, until all was stored and compared. */
  durationMs: count,
  visitors: count,
  /** Of them, those without an id: they are kept, and not compared. */
  unnamed: count,
  /** The object with the visitors, its length, and its length before it was compressed. */
  object: z.string(),
  bytes: count,
  lineBytes: count,
  /** Once a person was removed from it: how many lines are gone since. `visitors` counts them still. */
  forgotten: z.optional(count),
  /** The slot of the whole snapshot before; null for the first one. */
  previous: z.nullable(slotText),
  /** How many are missing between that one and this. */
  missed: count,
  /**
   * Who came, and who is held to have left, since the one before; null where nothing was compared, since it is the first
   * one, or a later one was compared already.
   */
  arrivals: z.nullable(count),
  departures: z.nullable(count),
});

/** Nobody knows who was there: which is not the same as that nobody was. */
const gap = z.object({
  status: z.literal('gap'),
  groupid: z.string(),
  snapshot: slotText,
  /** `late`: when it came to it, half a period had passed. `failed`: every try failed until then. */
  reason: z.enum(['late', 'failed']),
});

/** What is known of a snapshot, as `manifests/…` holds it: one line of JSON. */
export const manifest = z.discriminatedUnion('status', [taken, gap]);
export type Manifest = z.infer<typeof manifest>;
export type TakenManifest = z.infer<typeof taken>;
export type GapManifest = z.infer<typeof gap>;

/** Throws what is no manifest. */
export function readManifest(text: string): Manifest {
  return manifest.parse(JSON.parse(text));
}

/** As `manifests/…` holds it, without a line break. */
export function writeManifest(known: Manifest): string {
  const snapshot = slotTime(known.snapshot);
  if (known.status === 'gap') return JSON.stringify({ ...known, snapshot });
  const previous = known.previous === null ? null : slotTime(known.previous);
  return JSON.stringify({ ...known, snapshot, previous });
}
