import type { PresenceClient } from '../presence/client.ts';
import type { EventBus } from '../runtime/bus.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { type Deadline, deadlineIn } from '../runtime/deadline.ts';
import type { SnapshotBucket } from './bucket.ts';
import type { Written } from './claim-record.ts';
import type { SlotClaim, SnapshotClaims } from './claims.ts';
import { compareSlot, hashKeyOf } from './compare-slot.ts';
import { SlotLost } from './errors.ts';
import type { Heartbeat } from './heartbeat.ts';
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
import { isLate, lateAt, type Slot, slotsBetween } from './slot.ts';
import { storeAnswer } from './store-answer.ts';
import { storedNumbers } from './stored-numbers.ts';

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

/** One run for one slot, which is ours. */
export class SnapshotRun {
  readonly #slot: Slot;
  readonly #plan: SnapshotPlan;
  readonly #deps: SnapshotDependencies;
  readonly #clock: Clock;
  readonly #claim: Held;
  readonly #heartbeat: Heartbeat;
  readonly #deadline: Deadline;
  /** The numbers that were put down last, right before an upload. */
  #putDown: Written | undefined;

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
    this.#putDown = claim.written;
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

  /** A worker who is dead may have done all, but for saying so; or that was so long ago that its claim is gone. */
  async #knownManifest(): Promise<Manifest | undefined> {
    if (!this.#claim.written && !this.#isLate()) return undefined;
    const bytes = await this.#deps.bucket.read(manifestKey(this.#plan.groupid, this.#slot));
    return bytes && readManifest(bytes.toString('utf8'));
  }

  async #endAgain(manifest: Manifest): Promise<SnapshotOutcome> {
    const isTaken = manifest.status === 'taken';
    const isKnown = isTaken && this.#claim.written !== undefined;
    if (!(await this.#claim.hold.end(isKnown ? 'done' : 'gap'))) throw new SlotLost();
    return { outcome: isTaken ? 'taken' : 'gap', manifest };
  }

  /** What a worker who is dead has put there, or we ourselves without hearing of it. */
  async #foundStored(): Promise<Stored | undefined> {
    const key = snapshotKey(this.#plan.groupid, this.#slot);
    const found = this.#putDown && (await storedNumbers(this.#deps.bucket, key, this.#putDown));
    if (!found) return undefined;
    const { takenAt, visitors, unnamed, bytes, lineBytes } = found;
    const comparedWith = this.#claim.written?.comparedWith;
    return {
      numbers: { takenAt, visitors, unnamed, bytes, lineBytes },
      ...(comparedWith !== undefined && { comparedWith }),
    };
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
      if (this.#isLate()) return await this.#foundStored();
    }
    return undefined;
  }

  async #storeOnce(): Promise<Stored> {
    const { bucket, claims, presence } = this.#deps;
    let isPutDown = false;
    try {
      return await storeAnswer(this.#slot, this.#plan, {
        presence,
        bucket,
        clock: this.#clock,
        deadline: this.#deadline,
        askUntil: this.#untilLate(),
        heartbeat: this.#heartbeat,
        hashKey: await hashKeyOf(this.#plan.groupid, { bucket, claims }),
        beforehand: async (numbers) => {
          if (!(await this.#claim.hold.written(numbers))) throw new SlotLost();
          this.#putDown = numbers;
          isPutDown = true;
        },
      });
    } catch (error) {
      // It may be there all the same, and only the answer was lost; or somebody else was faster.
      const mayBeThere = isPutDown && !(error instanceof SlotLost);
      const found = mayBeThere ? await this.#foundStored().catch(() => undefined) : undefined;
      if (found) return found;
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

  /** To the last millisecond that is not late. */
  #untilLate(): Deadline {
    const late = lateAt(this.#slot, this.#plan.periodSeconds) + 1;
    return deadlineIn(late - this.#clock.now(), this.#clock);
  }

  #isLate(): boolean {
    return isLate(this.#slot, this.#plan.periodSeconds, this.#clock.now());
  }
}
