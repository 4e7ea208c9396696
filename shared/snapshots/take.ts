import { systemClock } from '../runtime/clock.ts';
import type { Deadline } from '../runtime/deadline.ts';
import { SlotLost, SlotToCome } from './errors.ts';
import { Heartbeat } from './heartbeat.ts';
import type { SnapshotPlan } from './plan.ts';
import { type SnapshotDependencies, type SnapshotOutcome, SnapshotRun } from './run.ts';
import type { Slot } from './slot.ts';

/** So much may the clocks of two machines differ. */
const clockSkewMs = 60_000;

/**
 * Takes the snapshot of a slot, once however often and by however many it is asked for: visitors, comparison with the
 * one before, events, manifest, in this order. Past half a period, what is not there becomes a gap: the visitors of now
 * would be those of another time. Rejects when it failed and another run may yet succeed; with `SlotToCome` before its
 * time, since no slot before it could be compared any more.
 */
export async function takeSnapshot(
  slot: Slot,
  plan: SnapshotPlan,
  dependencies: SnapshotDependencies,
  deadline: Deadline,
): Promise<SnapshotOutcome> {
  const { clock = systemClock } = dependencies;
  if (slot - clock.now() > clockSkewMs) throw new SlotToCome();
  const claim = await dependencies.claims.claim(plan.groupid, slot);
  if (claim.outcome === 'being-taken') return { outcome: 'being-taken' };
  if (claim.outcome !== 'claimed') return { outcome: 'over' };
  using heartbeat = new Heartbeat(claim.hold);
  try {
    return await new SnapshotRun(slot, plan, dependencies, { claim, heartbeat, deadline }).run();
  } catch (error) {
    if (error instanceof SlotLost) return { outcome: 'being-taken' };
    // Whoever comes need not wait until the claim runs out.
    await claim.hold.release().catch(() => {});
    throw error;
  }
}
