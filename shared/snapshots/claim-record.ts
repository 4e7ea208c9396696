import * as z from 'zod/mini';
import { type Item, itemOf, valuesOf } from '../runtime/dynamo.ts';
import { type Slot, slotAt, slotName } from './slot.ts';

/**
 * - `taking`: its visitors are not there yet
 * - `written`: its numbers are put down, and its visitors are there, or will be in a moment
 * - `done`: it is there, with all that belongs to it
 * - `gap`: nobody knows any more who was there
 */
export type SlotStatus = 'taking' | 'written' | 'done' | 'gap';

/** What is known of a snapshot right before anybody can see it. */
export interface Written {
  /** Milliseconds since 1970. */
  readonly takenAt: number;
  readonly visitors: number;
  readonly unnamed: number;
  /** The length of the object, and before it was compressed. */
  readonly bytes: number;
  readonly lineBytes: number;
}

/** So long the slots are known, in seconds: an outage may last as long without the newest whole one being forgotten. */
const keptSeconds = 30 * 86_400;

/** Stands for `null`: only text and numbers are kept. */
const nothing = 'nothing';

const count = z.optional(z.number());

const record = z.object({
  status: z.enum(['taking', 'written', 'done', 'gap'] satisfies SlotStatus[]),
  visitorsSoFar: count,
  bytesSoFar: count,
  comparedWith: z.optional(z.union([z.number(), z.literal(nothing)])),
  ttl: z.number(),
});

const numbers = z.object({
  takenAt: z.number(),
  visitors: z.number(),
  unnamed: z.number(),
  bytes: z.number(),
  lineBytes: z.number(),
});

/** What the table knows of a slot. */
export interface ClaimRecord {
  readonly status: SlotStatus;
  /** How far whoever works on it is. */
  readonly soFar: { readonly visitors: number; readonly bytes: number } | undefined;
  /** The numbers, once they are put down. */
  readonly written?: Written & { readonly comparedWith?: Slot | null };
  /** Unix seconds until which it is heeded. */
  readonly ttl: number;
}

/** Throws what is no record. */
export function readClaim(item: Parameters<typeof valuesOf>[0]): ClaimRecord {
  const values = valuesOf(item);
  const { status, visitorsSoFar, bytesSoFar = 0, comparedWith, ttl } = record.parse(values);
  const soFar = visitorsSoFar === undefined ? undefined : { visitors: visitorsSoFar, bytes: bytesSoFar };
  const claim = { status, soFar, ttl };
  // A gap has none, whatever was put down before.
  if (status !== 'written' && status !== 'done') return claim;
  const written = numbers.parse(values);
  if (comparedWith === undefined) return { ...claim, written };
  return {
    ...claim,
    written: { ...written, comparedWith: comparedWith === nothing ? null : slotAt(comparedWith) },
  };
}

/** The numbers, and nothing else that may come with them. */
export function numberValues({ takenAt, visitors, unnamed, bytes, lineBytes }: Written) {
  return { takenAt, visitors, unnamed, bytes, lineBytes };
}

/** As it is kept what a slot was compared with. */
export function comparedValue(comparedWith: Slot | null): string | number {
  return comparedWith ?? nothing;
}

/** The item of a slot that nobody has claimed before. */
export function newClaim(
  groupid: string,
  slot: Slot,
  lease: { readonly holder: string; readonly leaseUntil: number; readonly ttl: number },
): Item {
  return { ...slotKey(groupid, slot), ...itemOf({ slot, status: 'taking', ...lease }) };
}

/** Unix seconds until which a slot is heeded that is claimed now. */
export function keptUntil(slot: Slot, now: number): number {
  return Math.ceil(Math.max(slot, now) / 1_000) + keptSeconds;
}

export function groupKey(groupid: string): string {
  return `snapshot#${groupid}`;
}

/** Where a slot stands in the table: those of a group in the order of time. */
export function slotKey(groupid: string, slot: Slot) {
  return { pk: { S: groupKey(groupid) }, sk: { S: slotName(slot) } };
}

/** Behind all slots of the group, since they begin with digits. */
export function cursorKey(groupid: string) {
  return { pk: { S: groupKey(groupid) }, sk: { S: 'cursor' } };
}
