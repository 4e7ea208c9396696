import type { Signal, SignalRecord } from '../../../shared/signals/signal.ts';

/** What became of all signals: how many there are of each sort, and those that should not be. */
export interface Account {
  readonly counts: ReadonlyMap<string, number>;
  /** A line for each signal that came twice, or of which nobody knows what became. */
  readonly wrong: readonly string[];
  readonly doubles: number;
  readonly lost: number;
}

/**
 * `sent`: it arrived, once. `failed`, `expired`: it did not, and there is a reason. `unknown`: it may have, once. All
 * else is wrong.
 */
export function accountOf(
  signals: readonly Signal[],
  records: ReadonlyMap<string, SignalRecord | undefined>,
  arrivalsOf: (id: string) => number,
): Account {
  const counts = new Map<string, number>();
  const wrong: string[] = [];
  let doubles = 0;
  let lost = 0;
  for (const { id, visitorid } of signals) {
    const record = records.get(id);
    const arrivals = arrivalsOf(id);
    const sort = sortOf(record, arrivals);
    counts.set(sort ?? 'wrong', (counts.get(sort ?? 'wrong') ?? 0) + 1);
    if (sort !== undefined) continue;
    if (arrivals > 1) doubles += 1;
    else lost += 1;
    const { status = 'no record', reason = 'no reason' } = record ?? {};
    wrong.push(`${id} to ${visitorid}: ${status}, ${reason}, ${arrivals} arrived`);
  }
  return { counts, wrong, doubles, lost };
}

function sortOf(record: SignalRecord | undefined, arrivals: number): string | undefined {
  if (record?.status === 'sent' && arrivals === 1) return 'sent';
  if (record?.status === 'unknown' && arrivals <= 1)
    return arrivals === 1 ? 'unknown, arrived' : 'unknown, not arrived';
  const isOver = record?.status === 'failed' || record?.status === 'expired';
  return isOver && record.reason && arrivals === 0 ? `${record.status}: ${record.reason}` : undefined;
}
