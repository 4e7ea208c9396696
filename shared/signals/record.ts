import * as z from 'zod/mini';
import { itemOf, valuesOf } from './dynamo.ts';
import { visibilitySeconds } from './limits.ts';
import {
  recordSeconds,
  type Signal,
  type SignalRecord,
  signalId,
  signalReasons,
  signalStatuses,
} from './signal.ts';

/** Where the record of a signal stands in the table. */
export function recordKey(id: string) {
  return { pk: { S: `signal#${id}` }, sk: { S: 'record' } };
}

/** By what a person's records are found. */
export function visitorKey(groupid: string, visitorid: string): string {
  return `${groupid}#${visitorid}`;
}

const time = z.optional(z.number());

const record = z.object({
  id: signalId,
  groupid: z.string(),
  visitorid: z.string(),
  source: z.string(),
  mtype: z.enum(['signal', 'invoke']),
  func: z.optional(z.string()),
  status: z.enum(signalStatuses),
  reason: z.optional(z.enum(signalReasons)),
  attempts: z.number(),
  acceptedAt: z.number(),
  expiresAt: z.number(),
  waitingSince: time,
  sendingAt: time,
  endedAt: time,
  leaseUntil: time,
  fingerprint: z.optional(z.string()),
});

/** What is on the wire of DynamoDB: an attribute for each field. Throws what is no record. */
export function readRecord(item: Parameters<typeof valuesOf>[0]): SignalRecord {
  return record.parse(valuesOf(item));
}

/** How a signal ended is put down after its time, and for so long there has to be a record for it. */
export function endedBy(expiresAt: number): number {
  return expiresAt + visibilitySeconds * 1_000;
}

/** The item of a signal that is taken on now. */
export function newItem(signal: Signal, now: number) {
  const { id, groupid, visitorid, message, source, acceptedAt, expiresAt, sameUntil, fingerprint } = signal;
  const goneAt = Math.max(expiresAt, now) + recordSeconds * 1_000;
  return {
    ...recordKey(id),
    ...itemOf({
      id,
      groupid,
      visitorid,
      visitor: visitorKey(groupid, visitorid),
      source,
      mtype: message.mtype,
      func: message.mtype === 'invoke' ? message.data.func : undefined,
      status: 'accepted',
      attempts: 0,
      acceptedAt,
      expiresAt,
      fingerprint,
      // DynamoDB takes its time to remove what is over; from here on it is as good as gone.
      goneAt: sameUntil === undefined ? goneAt : Math.max(sameUntil, endedBy(expiresAt)),
      ttl: Math.ceil(goneAt / 1_000),
    }),
  };
}
