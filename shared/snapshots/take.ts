import type { PresenceClient } from '../presence/client.ts';
import type { EventBus } from '../runtime/bus.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import type { Deadline } from '../runtime/deadline.ts';
import type { SnapshotBucket } from './bucket.ts';
import type { SlotClaim, SnapshotClaims, Written } from './claims.ts';
import { compareSlot, hashKeyOf } from './compare-slot.ts';
import { SlotLost } from './errors.ts';
import { Heartbeat } from './heartbeat.ts';
import type { IdHashes } from './id-hashes.ts';
import { manifestKey, snapshotKey } from './keys.ts';
import type { SnapshotLog } from './log.ts';
import {
  type GapManifest,
  type Manifest,
  readManifest,
  type TakenManifest,
  writeManifest,
} from './manifest.ts';
import type { SnapshotPlan } from './plan.ts';
import { isLate, type Slot, slotsBetween } from './slot.ts';
import { storeAnswer } from './store-answer.ts';

export interface SnapshotDependencies {
  readonly presence: Pick<PresenceClient, 'query'>;
  readonly bucket: SnapshotBucket;
  readonly claims: SnapshotClaims;
  readonly bus: EventBus;
  readonly log: SnapshotLog;
  readonly clock?: Clock;
}

/** What became of a slot by this run: a snapshot, a gap; or it is somebody else's, or was done with before. */
export type SnapshotOutcome =
  | { readonly outcome: 'taken' | 'gap'; readonly manifest: Manifest }
  | { readonly outcome: 'being-taken' | 'over' };

type Held = Extract<SlotClaim, { outcome: 'claimed' }>;

/** What stands in the bucket already. */
interface Stored {
  readonly numbers: Written;
  /** Of its ids; without them, they are read from there. */
  readonly hashes?: IdHashes;
  /** What a worker who is dead has compared it with. */
  readonly comparedWith?: Slot | null;
}

/** Between the tries of one run. What lasts longer, the next run may get over. */
const pausesMs = [2_000, 8_000];

/**
 * Takes the snapshot of a slot, once however often and by however many it is asked for: visitors, comparison with the
 * one before, events, manifest, in this order. Past half a period, what is not there becomes a gap: the visitors of now
 * would be those of another time. Rejects when it failed and another run may yet succeed.
 */
export async function takeSnapshot(
  slot: Slot,
  plan: SnapshotPlan,
  dependencies: SnapshotDependencies,
  deadline: Deadline,
): Promise<SnapshotOutcome> {
  const claim = await dependencies.claims.claim(plan.groupid, slot);
  if (claim.outcome === 'taken') return { outcome: 'being-taken' };
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

/** One run for one slot, which is ours. */
class SnapshotRun {
  readonly #slot: Slot;
  readonly #plan: SnapshotPlan;
  readonly #deps: SnapshotDependencies;
  readonly #clock: Clock;
  readonly #claim: Held;
  readonly #heartbeat: Heartbeat;
  readonly #deadline: Deadline;

  constructor(
    slot: Slot,
    plan: SnapshotPlan,
    dependencies: SnapshotDependencies,
    { claim, heartbeat, deadline }: { claim: Held; heartbeat: Heartbeat; deadline: Deadline },
  ) {
    this.#slot = slot;
    this.#plan = plan;
    this.#deps = dependencies;
    this.#clock = dependencies.clock ?? systemClock;
    this.#claim = claim;
    this.#heartbeat = heartbeat;
    this.#deadline = deadline;
  }

  async run(): Promise<SnapshotOutcome> {
    const known = await this.#knownManifest();
    if (known) return await this.#endAgain(known);
    const found = await this.#foundStored();
    if (found) return await this.#complete(found);
    if (this.#isLate()) return await this.#leaveGap('late');
    const stored = await this.#store();
    return stored ? await this.#complete(stored) : await this.#leaveGap('failed');
  }

  /** A worker who is dead may have done all, but for saying so. */
  async #knownManifest(): Promise<Manifest | undefined> {
    if (!this.#claim.written) return undefined;
    const bytes = await this.#deps.bucket.read(manifestKey(this.#plan.groupid, this.#slot));
    return bytes && readManifest(bytes.toString('utf8'));
  }

  async #endAgain(manifest: Manifest): Promise<SnapshotOutcome> {
    const isTaken = manifest.status === 'taken';
    if (!(await this.#claim.hold.end(isTaken ? 'done' : 'gap'))) throw new SlotLost();
    return { outcome: isTaken ? 'taken' : 'gap', manifest };
  }

  /** What a worker who is dead has put there, if it got so far. */
  async #foundStored(): Promise<Stored | undefined> {
    const { written } = this.#claim;
    if (!written || !(await this.#isThere(written))) return undefined;
    const { comparedWith, ...numbers } = written;
    return { numbers, ...(comparedWith !== undefined && { comparedWith }) };
  }

  async #isThere({ bytes }: Written): Promise<boolean> {
    const found = await this.#deps.bucket.head(snapshotKey(this.#plan.groupid, this.#slot));
    return found?.bytes === bytes;
  }

  /** Tries until all visitors are stored; nothing where it is too late for another try. */
  async #store(): Promise<Stored | undefined> {
    for (const pauseMs of [...pausesMs, undefined]) {
      try {
        return await this.#storeOnce();
      } catch (error) {
        if (error instanceof SlotLost) throw error;
        const { groupid } = this.#plan;
        this.#deps.log.failed(groupid, this.#slot, error, await this.#ageOfNewest());
        const mayTry = pauseMs !== undefined && this.#deadline.remaining() > pauseMs;
        if (!mayTry && !this.#isLate()) throw error;
        if (mayTry) await this.#clock.sleep(pauseMs);
      }
      if (this.#isLate()) return undefined;
    }
    return undefined;
  }

  async #storeOnce(): Promise<Stored> {
    const { bucket, claims, presence } = this.#deps;
    const written: Written[] = [];
    try {
      return await storeAnswer(this.#slot, this.#plan, {
        presence,
        bucket,
        clock: this.#clock,
        deadline: this.#deadline,
        heartbeat: this.#heartbeat,
        hashKey: await hashKeyOf(this.#plan.groupid, { bucket, claims }),
        beforehand: async (numbers) => {
          if (!(await this.#claim.hold.written(numbers))) throw new SlotLost();
          written.push(numbers);
        },
      });
    } catch (error) {
      // The bucket may have it all, and only its answer was lost.
      const [numbers] = written;
      if (numbers && !(error instanceof SlotLost) && (await this.#isThere(numbers))) return { numbers };
      throw error;
    }
  }

  async #complete({ numbers, hashes, comparedWith }: Stored): Promise<SnapshotOutcome> {
    const { groupid, periodSeconds } = this.#plan;
    const { bucket, claims, bus, log } = this.#deps;
    const { hold } = this.#claim;
    const { visitors } = numbers;
    this.#heartbeat.visitors = visitors;
    this.#heartbeat.bytes = numbers.bytes;
    const given = { bucket, claims, bus, hold, deadline: this.#deadline, visitors, hashes, comparedWith };
    const comparison = await compareSlot(this.#slot, this.#plan, given);
    const previous = (await claims.before(groupid, this.#slot)) ?? null;
    const { takenAt, ...counted } = numbers;
    const manifest: TakenManifest = {
      status: 'taken',
      groupid,
      snapshot: this.#slot,
      takenAt: new Date(takenAt).toISOString(),
      durationMs: Math.max(0, this.#clock.now() - takenAt),
      ...counted,
      object: snapshotKey(groupid, this.#slot),
      previous,
      missed: previous === null ? 0 : slotsBetween(previous, this.#slot, periodSeconds),
      arrivals: comparison?.arrivals ?? null,
      departures: comparison?.departures ?? null,
    };
    await this.#end('done', manifest);
    log.taken(manifest, this.#clock.now() - this.#slot, comparison);
    return { outcome: 'taken', manifest };
  }

  async #leaveGap(reason: GapManifest['reason']): Promise<SnapshotOutcome> {
    const { groupid } = this.#plan;
    const manifest: GapManifest = { status: 'gap', groupid, snapshot: this.#slot, reason };
    await this.#end('gap', manifest);
    this.#deps.log.gap(manifest, await this.#ageOfNewest());
    return { outcome: 'gap', manifest };
  }

  /** The manifest comes last. Whoever has lost the slot puts none. */
  async #end(status: 'done' | 'gap', manifest: Manifest): Promise<void> {
    await this.#heartbeat.beat(this.#claim.hold);
    const key = manifestKey(this.#plan.groupid, this.#slot);
    await this.#deps.bucket.put(key, `${writeManifest(manifest)}\n`, { contentType: 'application/json' });
    if (!(await this.#claim.hold.end(status))) throw new SlotLost();
  }

  /** In milliseconds; nothing where there is no whole snapshot, or nobody can tell. */
  async #ageOfNewest(): Promise<number | undefined> {
    const newest = await this.#deps.claims.before(this.#plan.groupid, this.#slot).catch(() => undefined);
    return newest === undefined ? undefined : this.#clock.now() - newest;
  }

  #isLate(): boolean {
    return isLate(this.#slot, this.#plan.periodSeconds, this.#clock.now());
  }
}
