import { createHash } from 'node:crypto';
import type { BusEvent } from '../runtime/bus.ts';
import { parseExactly } from '../runtime/exact-json.ts';
import { type Slot, slotName, slotTime } from './slot.ts';

/** Between which two snapshots something changed. */
export interface Between {
  readonly groupid: string;
  readonly slot: Slot;
  /** The one that it was compared with. */
  readonly before: Slot;
  /** How many are missing between them. */
  readonly missed: number;
}

/** An event holds at most so much of what the Presence service knows of a visitor. */
const mostVisitorBytes = 16_384;

/**
 * Somebody came who was not there before. Its id is that of whoever was last compared with, so that it is the same when
 * two snapshots are compared with the same one.
 */
export function arrivedEvent(
  { groupid, slot, before, missed }: Between,
  visitorid: string,
  visitor: Buffer,
): BusEvent {
  return {
    type: 'Visitor Arrived',
    time: slot,
    detail: {
      id: eventId('arrived', groupid, visitorid, slotName(before)),
      groupid,
      visitorid,
      snapshot: slotTime(slot),
      previous: slotTime(before),
      missed,
      ...(visitor.length <= mostVisitorBytes && { visitor: parseExactly(visitor.toString('utf8')) }),
    },
  };
}

/** Somebody is held to have left, who was last seen in the snapshot of `lastSeen`. */
export function leftEvent({ groupid, slot, missed }: Between, visitorid: string, lastSeen: Slot): BusEvent {
  return {
    type: 'Visitor Left',
    time: slot,
    detail: {
      id: eventId('left', groupid, visitorid, slotName(lastSeen)),
      groupid,
      visitorid,
      snapshot: slotTime(slot),
      lastSeen: slotTime(lastSeen),
      missed,
    },
  };
}

interface Counts {
  readonly visitors: number;
  readonly arrivals: number;
  readonly departures: number;
}

/** So many came and left that nobody wants an event for each. */
export function changedEvent({ groupid, slot, before, missed }: Between, counts: Counts): BusEvent {
  return {
    type: 'Visitors Changed',
    time: slot,
    detail: {
      id: eventId('changed', groupid, slotName(slot), slotName(before)),
      groupid,
      snapshot: slotTime(slot),
      previous: slotTime(before),
      missed,
      ...counts,
    },
  };
}

/** The same for the same event; 128 bits. */
function eventId(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
