import * as z from 'zod/mini';
import { queueJson } from './queue-json.ts';

/**
 * An event of an authentic webhook that made no signal, since it could not be read or mapped. It is kept with the dead
 * letters, so that it can be mapped again with another `relay.config.ts`.
 */
const parkedEvent = z.object({
  /** The name of the source in `relay.config.ts`. */
  source: z.string(),
  /** Milliseconds since 1970. */
  at: z.number(),
  requestId: z.string(),
  /** The vendor's name for this kind of event. */
  type: z.optional(z.string()),
  key: z.optional(z.string()),
  keySeconds: z.optional(z.number()),
  /** As the source has read it; missing where it could not. */
  event: z.optional(z.unknown()),
});
export type ParkedEvent = z.infer<typeof parkedEvent>;

/** Why something is among the dead letters; the value of the message attribute `reason`. */
export const deadReasons = [
  /** The webhook's body, or a part of it, is nothing that the source knows. */
  'unreadable',
  /** The mapping threw. */
  'mapping-threw',
  /** The mapping gave something that is no signal, or one that its source may not send. */
  'mapping-invalid',
  /** An event of a bus, whose source is not enabled. */
  'switched-off',
  /** The codes of `PresenceError`: those that another try would not change, or that went on until it was too late. */
  'authorization',
  'refused-server',
  'invalid-answer',
  'unavailable',
  'timeout',
] as const;
export type DeadReason = (typeof deadReasons)[number];

/**
 * The names of the message attributes of a dead letter. One without a `reason` was put there by SQS itself, since it was
 * received too often: its worker died each time, or the table or the queue could not be had.
 */
export const deadAttributes = { reason: 'reason', detail: 'detail', source: 'source' } as const;

const parkedBody = z.object({ parked: parkedEvent });

export function writeParked(parked: ParkedEvent): string {
  return queueJson({ parked } satisfies z.infer<typeof parkedBody>);
}

/** Nothing where the body of a dead letter is no parked event. */
export function readParked(body: string): ParkedEvent | undefined {
  try {
    return parkedBody.safeParse(JSON.parse(body)).data?.parked;
  } catch {
    return undefined;
  }
}
