import { randomUUID } from 'node:crypto';
import { notPresent, type SignalCall, type Trace } from './trace.ts';

/** Now or never, and nothing is left behind. */
export async function send({ query, body, presence, deadline }: SignalCall, trace: Trace): Promise<'sent'> {
  trace.id = randomUUID();
  const outcome = await presence.signal(query.groupid, query.visitorid, body, deadline);
  if (outcome !== 'sent') throw notPresent();
  return outcome;
}
