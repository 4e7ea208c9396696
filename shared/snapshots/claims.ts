import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../runtime/clock.ts';
import type { Dynamo } from '../runtime/dynamo.ts';
import {
  comparedValue,
  keptUntil,
  newClaim,
  numberValues,
  type SlotStatus,
  type Written,
} from './claim-record.ts';
import { type ClaimChange, ClaimTable } from './claim-table.ts';
import type { Slot } from './slot.ts';

export interface SnapshotClaimsOptions {
  /** Name of the table. */
  readonly table: string;
  readonly clock?: Pick<Clock, 'now'>;
  /** How long a claim holds without a sign of life. */
  readonly leaseMs?: number;
  readonly open: () => Dynamo | Promise<Dynamo>;
}

/**
 * - `claimed`: ours while it is prolonged; with `written`, a worker who is dead got that far
 * - `being-taken`: somebody else works on it
 * - `done`, `gap`: it is over
 */
export type SlotClaim =
  | {
      readonly outcome: 'claimed';
      readonly hold: SlotHold;
      readonly written?: Written & { readonly comparedWith?: Slot | null };
    }
  | { readonly outcome: 'being-taken' | 'done' | 'gap' };

/**
 * What whoever has claimed a slot may do with it. All but the end of it prolongs the claim. False: it is not ours any more,
 * or is over, and nothing has happened.
 */
export interface SlotHold {
  /** Puts down how far it is. */
  prolong(progress: { readonly visitors: number; readonly bytes: number }): Promise<boolean>;
  /** The numbers, right before anybody can see the snapshot. */
  written(numbers: Written): Promise<boolean>;
  /** The slot that it is compared with, null for none: whoever goes on in our place can tell the same events. */
  comparing(comparedWith: Slot | null): Promise<boolean>;
  /** For good. Only what is written can be done. */
  end(status: 'done' | 'gap'): Promise<boolean>;
  /** It failed: whoever comes may claim it at once. What is written stays so. */
  release(): Promise<void>;
}

/**
 * Lambda tries again a minute after a worker died, and no more often once that went well: by then, the slot must be free.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
const defaultLeaseMs = 30_000;
const unfinished = ['taking', 'written'] as const;
const progress = ['visitorsSoFar', 'bytesSoFar'] as const;

/**
 * Who takes the snapshot of which slot, and how far the comparison of a group is. Every write has a condition, so however
 * many workers meet in one slot, one has it; and a write that the client repeats, since it has missed the answer, counts.
 * All methods reject as the client does.
 */
export class SnapshotClaims {
  readonly #table: ClaimTable;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #leaseMs: number;

  constructor({ table, clock = systemClock, leaseMs = defaultLeaseMs, open }: SnapshotClaimsOptions) {
    this.#table = new ClaimTable({ table, clock, open });
    this.#clock = clock;
    this.#leaseMs = leaseMs;
  }

  async claim(groupid: string, slot: Slot): Promise<SlotClaim> {
    const holder = randomUUID();
    const hold = this.#hold(groupid, slot, holder);
    const now = this.#clock.now();
    const ours = { holder, leaseUntil: now + this.#leaseMs, ttl: keptUntil(slot, now) };
    if (await this.#table.add(newClaim(groupid, slot, ours))) return { outcome: 'claimed', hold };
    const record = await this.#table.change(groupid, slot, {
      from: unfinished,
      where: 'holder = :holder OR attribute_not_exists(leaseUntil) OR leaseUntil <= :now',
      values: { ':holder': holder, ':now': now },
      set: ours,
      remove: progress,
    });
    if (record) return { outcome: 'claimed', hold, ...(record.written && { written: record.written }) };
    const found = await this.#table.read(groupid, slot);
    // It went away meanwhile: its time was over.
    if (!found) return await this.claim(groupid, slot);
    return { outcome: found.status === 'done' || found.status === 'gap' ? found.status : 'being-taken' };
  }

  /** How far it is; nothing where nobody has begun. */
  async progress(
    groupid: string,
    slot: Slot,
  ): Promise<{ status: SlotStatus; visitors: number; bytes: number } | undefined> {
    const record = await this.#table.read(groupid, slot);
    if (!record) return undefined;
    const { visitors, bytes } = record.soFar ?? record.written ?? { visitors: 0, bytes: 0 };
    return { status: record.status, visitors, bytes };
  }

  /** The newest whole one before the slot, of the last thirty days. */
  async before(groupid: string, slot: Slot): Promise<Slot | undefined> {
    return await this.#table.newestDone(groupid, slot);
  }

  /** What a slot was compared with, or was to be: null for nothing; undefined where nobody came to it. */
  async comparedWith(groupid: string, slot: Slot): Promise<Slot | null | undefined> {
    const record = await this.#table.read(groupid, slot);
    return record?.written?.comparedWith;
  }

  /** The slot that was compared last. */
  async cursor(groupid: string): Promise<Slot | undefined> {
    return await this.#table.cursor(groupid);
  }

  /**
   * False: it is somewhere else. Where it is at `to` already, whoever works on that slot has moved it there: we ourselves,
   * or the one in whose place we go on.
   */
  async advance(groupid: string, from: Slot | undefined, to: Slot): Promise<boolean> {
    return await this.#table.moveCursor(groupid, from, to);
  }

  #hold(groupid: string, slot: Slot, holder: string): SlotHold {
    const ours = async (change: Partial<Pick<ClaimChange, 'from' | 'set' | 'remove'>>): Promise<boolean> => {
      const condition = { from: unfinished, where: 'holder = :holder', values: { ':holder': holder } };
      return (await this.#table.change(groupid, slot, { ...condition, ...change })) !== undefined;
    };
    const alive = () => ({ leaseUntil: this.#clock.now() + this.#leaseMs });
    return {
      prolong: ({ visitors, bytes }) => {
        return ours({ set: { ...alive(), visitorsSoFar: visitors, bytesSoFar: bytes } });
      },
      written: (numbers) => {
        return ours({ set: { ...alive(), ...numberValues(numbers), status: 'written' }, remove: progress });
      },
      comparing: (comparedWith) => ours({ set: { ...alive(), comparedWith: comparedValue(comparedWith) } }),
      end: (status) => {
        // The holder stays, and an end may follow itself: the client may repeat it.
        const from = status === 'done' ? (['written', status] as const) : [...unfinished, status];
        return ours({ from, set: { status }, remove: ['leaseUntil', ...progress] });
      },
      release: async () => {
        await ours({ remove: ['leaseUntil', 'holder', ...progress] });
      },
    };
  }
}
