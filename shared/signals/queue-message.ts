import * as z from 'zod/mini';
import { groupId, visitorId } from '../presence/ids.ts';
import { flawsOf, flawText } from '../runtime/flaws.ts';
import { signal } from './signal.ts';

/**
 * A message of the signal queue: signals that one request has made, or that a visitor for whom signals wait is to be
 * looked for. `line` tells which of the looks is the one that goes on.
 */
const queueMessage = z.union([
  z.object({ signals: z.array(signal) }),
  z.object({ look: z.object({ groupid: groupId, visitorid: visitorId, line: z.string() }) }),
]);
export type QueueMessage = z.infer<typeof queueMessage>;

/** Reads a message of the queue. Throws when it is none; what it holds is not repeated. */
export function readMessage(body: string): QueueMessage {
  const message = queueMessage.safeParse(parseJson(body), { reportInput: true });
  if (message.success) return message.data;
  throw new Error(`no message of the signal queue: ${flawsOf(message.error).map(flawText).join('; ')}`);
}

export function writeMessage(message: QueueMessage): string {
  return JSON.stringify(message);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
