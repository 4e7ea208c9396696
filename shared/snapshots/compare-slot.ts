import { randomBytes } from 'node:crypto';
import type { EventBus } from '../runtime/bus.ts';
import type { Deadline } from '../runtime/deadline.ts';
import type { SnapshotBucket } from './bucket.ts';
import type { SlotHold, SnapshotClaims } from './claims.ts';
import { type Changes, compare, firstState } from './compare.ts';
import { SlotLost } from './errors.ts';
import type { SortedHashes } from './id-hashes.ts';
import { IdHashes } from './id-hashes.ts';
import { snapshotKey, stateKey } from './keys.ts';
import { idOfLine } from './lines.ts';
import type { SnapshotPlan } from './plan.ts';
import { type Slot, slotsBetween } from './slot.ts';
import { readState, type State, writeState } from './state.ts';
import { storedLines } from './stored-lines.ts';
import { tellChanges } from './tell.ts';

interface CompareOptions {
  readonly bucket: SnapshotBucket;
  readonly claims: SnapshotClaims;
  readonly bus: EventBus;
  readonly hold: SlotHold;
  readonly deadline: Deadline;
  readonly visitors: number;
  /** Of the ids of the snapshot; without them, its ids are read anew. */
  readonly hashes?: IdHashes | undefined;
  /** What a worker who is dead has compared it with. */
  readonly comparedWith?: Slot | null | undefined;
}

/** Who came and who left, and of how many that could not be told on the bus. */
export interface SlotComparison {
  readonly arrivals: number;
  readonly departures: number;
  readonly unsent: number;
}

/** So often somebody else may have compared another snapshot meanwhile. */
const mostTries = 5;

/** What the ids of the next snapshot of a group are hashed with, so that they can be compared with those before. */
export async function hashKeyOf(
  groupid: string,
  { bucket, claims }: Pick<CompareOptions, 'bucket' | 'claims'>,
): Promise<Uint8Array> {
  const cursor = await claims.cursor(groupid);
  const before = cursor === undefined ? undefined : await stateOf(bucket, groupid, cursor);
  return before?.key ?? randomBytes(8);
}

/**
 * Compares a snapshot that is stored with the one that was compared last, whether slots are missing between them or not,
 * and tells on the bus what has changed. Nothing where there is none to compare with, or a later one was compared
 * already. Whoever does it again for the same slot tells the same events. Throws `SlotLost`.
 */
export async function compareSlot(
  slot: Slot,
  plan: SnapshotPlan,
  options: CompareOptions,
): Promise<SlotComparison | undefined> {
  for (let tries = 1; tries <= mostTries; tries++) {
    const cursor = await options.claims.cursor(plan.groupid);
    if (cursor !== undefined && cursor >= slot) {
      // Whoever was here before us may not have told all of it; who came here meanwhile, has the slot now.
      const wasCompared = tries === 1 && (await isBehind(cursor, slot, plan.groupid, options.claims));
      return wasCompared ? await tellAgain(slot, plan, options) : undefined;
    }
    const compared = await compareFrom(cursor, slot, plan, options);
    if (compared !== 'moved') return compared;
  }
  return undefined;
}

/** Begins where the last comparison ended; `moved` when somebody else has begun there meanwhile. */
async function compareFrom(
  cursor: Slot | undefined,
  slot: Slot,
  plan: SnapshotPlan,
  options: CompareOptions,
): Promise<SlotComparison | undefined | 'moved'> {
  const { bucket, claims, hold } = options;
  const { groupid, leftAfter } = plan;
  const before = cursor === undefined ? undefined : await stateOf(bucket, groupid, cursor);
  const { key, now } = await idsOf(groupid, slot, before, options);
  const compared = before && compare(before, now, slot, leftAfter);
  const state = compared?.state ?? firstState(key, slot, now);
  if (!(await hold.comparing(before ? before.slot : null))) throw new SlotLost();
  await bucket.put(stateKey(groupid, slot), writeState(state));
  if (!(await claims.advance(groupid, cursor, slot))) return 'moved';
  return compared && before && (await tell(slot, before, compared.changes, plan, options));
}

/** Whether the cursor was at the slot on its way: that somebody meant to compare it, does not say that it came to it. */
async function isBehind(
  cursor: Slot,
  slot: Slot,
  groupid: string,
  claims: Pick<SnapshotClaims, 'comparedWith'>,
): Promise<boolean> {
  let at = cursor;
  while (at > slot) {
    const before = await claims.comparedWith(groupid, at);
    if (before === undefined || before === null) return false;
    at = before;
  }
  return at === slot;
}

/** What a worker who is dead has compared, without a trace but the events, which are the same. */
async function tellAgain(
  slot: Slot,
  plan: SnapshotPlan,
  options: CompareOptions,
): Promise<SlotComparison | undefined> {
  const { bucket, comparedWith = null } = options;
  const before = comparedWith === null ? undefined : await stateOf(bucket, plan.groupid, comparedWith);
  if (!before) return undefined;
  const { now } = await idsOf(plan.groupid, slot, before, options);
  return await tell(slot, before, compare(before, now, slot, plan.leftAfter).changes, plan, options);
}

async function tell(
  slot: Slot,
  before: State,
  changes: Changes,
  { groupid, periodSeconds, mostEvents }: SnapshotPlan,
  options: CompareOptions,
): Promise<SlotComparison> {
  const missed = slotsBetween(before.slot, slot, periodSeconds);
  const between = { groupid, slot, before: before.slot, missed };
  const unsent = await tellChanges(changes, { ...options, between, key: before.key, mostEvents });
  return { arrivals: changes.arrivals, departures: changes.departures, unsent };
}

/** Hashed as those of the snapshot before are. */
async function idsOf(
  groupid: string,
  slot: Slot,
  before: State | undefined,
  { bucket, hashes }: Pick<CompareOptions, 'bucket' | 'hashes'>,
): Promise<{ key: Uint8Array; now: SortedHashes }> {
  const key = before?.key ?? hashes?.key ?? randomBytes(8);
  const isFit = hashes !== undefined && Buffer.compare(hashes.key, key) === 0;
  const ids = isFit ? hashes : await hashesOf(bucket, groupid, slot, key);
  return { key, now: ids.sorted() };
}

/**
 * Nothing where it is gone, since it is not kept for as long as the cursor; or cannot be read, which no later snapshot
 * could mend.
 */
async function stateOf(bucket: SnapshotBucket, groupid: string, slot: Slot): Promise<State | undefined> {
  const bytes = await bucket.read(stateKey(groupid, slot));
  try {
    return bytes && readState(bytes);
  } catch {
    return undefined;
  }
}

/** Of the ids of a snapshot that is stored. */
async function hashesOf(
  bucket: SnapshotBucket,
  groupid: string,
  slot: Slot,
  key: Uint8Array,
): Promise<IdHashes> {
  const hashes = new IdHashes(key);
  for await (const line of storedLines(bucket, snapshotKey(groupid, slot))) {
    const id = idOfLine(line);
    if (id === undefined) continue;
    const bytes = Buffer.from(id);
    hashes.add(bytes, 0, bytes.length);
  }
  return hashes;
}
