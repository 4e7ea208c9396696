import * as z from 'zod/mini';
import { signalReasons, signalStatuses } from '../signals/signal.ts';

/** ISO 8601, in UTC. */
const time = z.string().register(z.globalRegistry, { format: 'date-time' });

/** What became of a signal; never its visitor or its message. */
export const receipt = z.strictObject({
  id: z.string(),
  status: z.enum(signalStatuses),
  groupid: z.string(),
  acceptedAt: time,
  expiresAt: time,
  /** How often somebody has tried to deliver it. */
  attempts: z.int().check(z.nonnegative()),
  reason: z.optional(z.enum(signalReasons)),
  waitingSince: z.optional(time),
  sentAt: z.optional(time),
  endedAt: z.optional(time),
});
export type Receipt = z.infer<typeof receipt>;
