import { leaseSeconds } from '../../signals/limits.ts';
import type { SignalRecord, SignalStatus } from '../../signals/signal.ts';
import type { Receipt } from '../receipt.ts';

/** What the caller who made a signal may know of it. The visitor stays in the record. */
export function receiptOf(record: SignalRecord, now = Date.now()): Receipt {
  const { id, groupid, reason, attempts, acceptedAt, expiresAt, waitingSince, sendingAt, endedAt } = record;
  const status = statusOf(record, now);
  const mayHaveArrived = status === 'sent' || status === 'unknown';
  return {
    id,
    status,
    groupid,
    acceptedAt: isoTime(acceptedAt),
    expiresAt: isoTime(expiresAt),
    attempts,
    ...(reason !== undefined && { reason }),
    ...(waitingSince !== undefined && { waitingSince: isoTime(waitingSince) }),
    ...(mayHaveArrived && sendingAt !== undefined && { sentAt: isoTime(sendingAt) }),
    ...(endedAt !== undefined && { endedAt: isoTime(endedAt) }),
  };
}

/** One whose time is long over is not delivered any more, whether somebody has come to put that down or not. */
export function statusOf({ status, expiresAt }: SignalRecord, now = Date.now()): SignalStatus {
  const isOpen = status === 'accepted' || status === 'waiting';
  return isOpen && now > expiresAt + leaseSeconds * 1_000 ? 'expired' : status;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
