import * as z from 'zod/mini';
import { groupId, visitorId } from '../presence/ids.ts';
import { parseExactly } from '../runtime/exact-json.ts';
import { flawsOf, flawText } from '../runtime/flaws.ts';
import { queueJson } from './queue-json.ts';
import { signal } from './signal.ts';

const look = z.object({
  groupid: groupId,
  visitorid: visitorId,
  line: z.string(),
  after: z.optional(z.string()),
});
export type Look = z.infer<typeof look>;

/**
 * A message of the signal queue: signals that one request has made, or that a visitor for whom signals wait is to be
 * looked for. Each look has a name of its own in `line`, and tells which one it comes `after`.
 */
const queueMessage = z.union([z.object({ signals: z.array(signal) }), z.object({ look })]);
export type QueueMessage = z.infer<typeof queueMessage>;

/** Reads a message of the queue, numbers as they were written. Throws when it is none; what it holds is not repeated. */
export function readMessage(body: string): QueueMessage {
  const message = queueMessage.safeParse(parseJson(body), { reportInput: true });
  if (message.success) return message.data;
  throw new Error(`no message of the signal queue: ${flawsOf(message.error).map(flawText).join('; ')}`);
}

export function writeMessage(message: QueueMessage): string {
  return queueJson(message);
}

function parseJson(body: string): unknown {
  try {
    return parseExactly(body);
  } catch {
    return undefined;
  }
}
