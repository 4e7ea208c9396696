import * as z from 'zod/mini';
import { groupId } from '../presence/ids.ts';
import { flawsOf, flawText } from '../runtime/flaws.ts';

/**
 * A message of the refresh queue: that a group shall have a new token.
 * - `schedule`: it is time
 * - `asked`: a function met a token that is ending, missing or refused; `version` is the version of the secret it was in
 * - `operator`: somebody has put credentials, or wants it now; nothing that failed before holds it up
 */
const refreshRequest = z.discriminatedUnion('because', [
  z.object({ groupid: groupId, because: z.literal('schedule'), at: z.string() }),
  z.object({ groupid: groupId, because: z.literal('asked'), version: z.optional(z.string()) }),
  z.object({ groupid: groupId, because: z.literal('operator'), id: z.string() }),
]);
export type RefreshRequest = z.infer<typeof refreshRequest>;

/** Reads a message of the queue. Throws when it is none; what it holds is not repeated. */
export function readRequest(message: string): RefreshRequest {
  const request = refreshRequest.safeParse(parseJson(message), { reportInput: true });
  if (request.success) return request.data;
  throw new Error(`no request for a token: ${flawsOf(request.error).map(flawText).join('; ')}`);
}

function parseJson(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}

/** What a schedule puts into the queue; the time makes each message one of its own. */
export function scheduledRequest(groupid: string, at: string): string {
  return JSON.stringify({ groupid, because: 'schedule', at } satisfies z.input<typeof refreshRequest>);
}
