import * as z from 'zod/mini';
import { groupId, visitorId } from '../presence/ids.ts';
import { message } from '../presence/message.ts';

/** Names a signal, in addresses too: a UUID, or 32 hexadecimal digits of a keyed digest. */
export const signalId = z
  .string()
  .check(z.regex(/^[A-Za-z0-9-]{16,64}$/, 'must be 16 to 64 characters of A-Z, a-z, 0-9, "-"'))
  .brand<'SignalId'>();
export type SignalId = z.infer<typeof signalId>;

/** Milliseconds since 1970. */
const time = z.int().check(z.positive());

/** A message for a visitor, that the relay has taken on to deliver. */
export const signal = z.object({
  /** The same when whoever sent it sends it again. */
  id: signalId,
  groupid: groupId,
  visitorid: visitorId,
  message,
  /** `webhook:<name of the source>`, or `caller:<role>`. */
  source: z.string(),
  acceptedAt: time,
  /** After it, nothing is delivered any more. */
  expiresAt: time,
  /** It waits for its visitor until it expires. Without it: now or never, but for failures on the way. */
  waits: z.optional(z.literal(true)),
  /** When nobody knows whether it arrived, it is sent again. */
  resend: z.optional(z.literal(true)),
  /** Until then, a signal of the same id is the same one; without it, as long as its record is kept. */
  sameUntil: z.optional(time),
  /** Of the request that made it, where that carried an `Idempotency-Key`: the same key with another one is a mistake. */
  fingerprint: z.optional(z.string()),
});
export type Signal = z.infer<typeof signal>;

/**
 * - `accepted`: taken on; a worker may have it
 * - `waiting`: for its visitor
 * - `sending`: on its way to the visitor's server
 * - `sent`: that server has taken it
 * - `expired`: the visitor was not there in time
 * - `cancelled`: by whoever made it
 * - `unknown`: it was sent, and nobody knows whether it arrived
 * - `failed`: it was not delivered, for the record's reason
 */
export const signalStatuses = [
  'accepted',
  'waiting',
  'sending',
  'sent',
  'expired',
  'cancelled',
  'unknown',
  'failed',
] as const;
export type SignalStatus = (typeof signalStatuses)[number];

/** How a signal can end. */
export type Ending = Extract<SignalStatus, 'sent' | 'expired' | 'cancelled' | 'unknown' | 'failed'>;

export function isEnding(status: SignalStatus): status is Ending {
  return !['accepted', 'waiting', 'sending'].includes(status);
}

/**
 * Why a signal ended as it did, or is not on its way yet. Codes of `PresenceError` beside:
 * - `visitor-not-present`: the visitor was not there, and it was not to wait, or not any longer
 * - `rate-limited`: the visitor has had as many signals as a person shall get in a minute
 * - `worker-lost`: whoever sent it did not live to hear the answer
 * - `too-late`: it could not be tried in time
 */
export const signalReasons = [
  'visitor-not-present',
  'rate-limited',
  'worker-lost',
  'too-late',
  'authorization',
  'refused-server',
  'invalid-answer',
  'unavailable',
  'timeout',
  'delivery-unknown',
  'internal',
] as const;
export type SignalReason = (typeof signalReasons)[number];

/** What is kept of a signal, and never its message. Times in milliseconds since 1970. */
export interface SignalRecord {
  readonly id: SignalId;
  readonly groupid: string;
  readonly visitorid: string;
  readonly source: string;
  readonly mtype: 'signal' | 'invoke';
  /** The function that an invoke calls. */
  readonly func?: string | undefined;
  readonly status: SignalStatus;
  readonly reason?: SignalReason | undefined;
  /** How often somebody has tried to deliver it. */
  readonly attempts: number;
  readonly acceptedAt: number;
  readonly expiresAt: number;
  /** Since when it waits for its visitor. */
  readonly waitingSince?: number | undefined;
  /** When it was sent to the visitor's server. */
  readonly sendingAt?: number | undefined;
  readonly endedAt?: number | undefined;
  /** Whoever has claimed it may work on it until then. */
  readonly leaseUntil?: number | undefined;
  readonly fingerprint?: string | undefined;
}

/** So long a record is kept: longer than any sender repeats, and than the dead letters are. */
export const recordSeconds = 15 * 86_400;

/** So long a signal that does not wait may take to be delivered, should the Presence service not be reached. */
export const patienceMs = 5 * 60_000;
