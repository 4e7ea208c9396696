import * as z from 'zod/mini';
import { itemOf, valuesOf } from '../runtime/dynamo.ts';
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

/** How a signal ended may be put down as late as that. */
export const afterwardsMs = visibilitySeconds * 1_000;

/** Unix seconds after which DynamoDB may remove the record of a signal, and from which on nobody heeds it. */
export function keptUntil(expiresAt: number, now: number): number {
  return Math.ceil(Math.max(expiresAt, now) / 1_000) + recordSeconds;
}

/** The item of a signal that is taken on now. */
export function newItem(signal: Signal, now: number) {
  const { id, groupid, visitorid, message, source, acceptedAt, expiresAt, sameUntil, fingerprint } = signal;
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
      sameUntil,
      fingerprint,
      ttl: keptUntil(expiresAt, now),
    }),
  };
}
