import type { SignalRecord } from '../../../shared/signals/signal.ts';
import { fromTable, type SignalPlace, signalTableOf } from './place.ts';

/** All records of a person in these groups, the newest last. Throws `AwsTrouble`. */
export async function recordsOf(
  place: SignalPlace,
  visitorid: string,
  groupids: readonly string[],
): Promise<SignalRecord[]> {
  const table = signalTableOf(place);
  const rights = 'dynamodb:Query on its index "visitor"';
  const records: SignalRecord[] = [];
  for (const groupid of groupids) {
    const all = table.ofVisitor(groupid, visitorid);
    // Each step may be a call of its own, with its own time.
    const step = () => fromTable(place, 'read', rights, all.next());
    for (let next = await step(); !next.done; next = await step()) records.push(next.value);
  }
  return records.sort((one, other) => one.acceptedAt - other.acceptedAt);
}
