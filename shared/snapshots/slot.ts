import * as z from 'zod/mini';

/**
 * The time that a snapshot is for, in milliseconds since 1970, to the second: what the schedule planned, and not when it
 * was taken. Everything is named by it, in UTC, so neither daylight saving nor the machine's time zone matters.
 */
export type Slot = number & z.$brand<'Slot'>;

/** What a schedule says: `2026-11-22T12:05:00Z`. Fractions of a second are let go. */
export const slotText = z.pipe(
  z.string().check(
    z.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/, 'must be a time in UTC: 2026-11-22T12:05:00Z'),
    z.refine((text) => isTime(text), 'is no time that there is'),
  ),
  z.transform((text) => slotAt(Date.parse(text))),
);

/** `Date.parse` takes the 31st of February for the 3rd of March. */
function isTime(text: string): boolean {
  const time = Date.parse(text);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(text.slice(0, 19));
}

/** The slot of a moment: its second. */
export function slotAt(time: number): Slot {
  return (Math.floor(time / 1_000) * 1_000) as Slot; // whole seconds now
}

/** As schedules, manifests and lines have it: `2026-11-22T12:05:00Z`. */
export function slotTime(slot: Slot): string {
  return `${new Date(slot).toISOString().slice(0, 19)}Z`;
}

/** As keys have it: `20261122T120500Z`; in the order of time. */
export function slotName(slot: Slot): string {
  return slotTime(slot).replaceAll(/[-:]/g, '');
}

/** The UTC day: `2026-11-22`. */
export function dayOf(slot: Slot): string {
  return slotTime(slot).slice(0, 10);
}

/** Whether the visitors of now are not those of the slot any more: later than half a period after it. */
export function isLate(slot: Slot, periodSeconds: number, now: number): boolean {
  return now > lateAt(slot, periodSeconds);
}

/** Until when they are. */
export function lateAt(slot: Slot, periodSeconds: number): number {
  return slot + periodSeconds * 500;
}

/**
 * How many times of the schedule lie between two snapshots that follow each other, none unless some are missing. They are
 * the multiples of the period, since that divides a day; a snapshot that was taken by hand may lie anywhere.
 */
export function slotsBetween(before: Slot, slot: Slot, periodSeconds: number): number {
  const periodMs = periodSeconds * 1_000;
  return Math.max(0, Math.ceil(slot / periodMs) - 1 - Math.floor(before / periodMs));
}
