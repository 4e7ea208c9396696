import { setTimeout as sleep } from 'node:timers/promises';
import { isEnding, type SignalId, type SignalRecord } from '../../../shared/signals/signal.ts';
import { DeadLetterQueue } from '../redrive/dead-letters.ts';
import type { Letter } from '../redrive/letter.ts';
import { fromTable, type SignalPlace, signalTableOf } from '../signals/place.ts';

/** The records of these signals, of those that have one. */
export type Records = ReadonlyMap<SignalId, SignalRecord>;

export async function recordsNow(place: SignalPlace, ids: readonly SignalId[]): Promise<Records> {
  const table = signalTableOf(place);
  const read = (id: SignalId) => fromTable(place, 'read', 'dynamodb:GetItem', table.read(id));
  const found = await Promise.all(ids.map(async (id) => [id, await read(id)] as const));
  return new Map(found.flatMap(([id, record]) => (record ? [[id, record]] : [])));
}

const pollMs = 50;
const limitMs = 15_000;

/** Waits until each signal has ended, or waits for its visitor, and tells how many have. Not for ever. */
export async function follow(
  place: SignalPlace,
  ids: readonly SignalId[],
  progress: (settled: number) => void,
): Promise<Records> {
  const until = Date.now() + limitMs;
  const records = new Map<SignalId, SignalRecord>();
  for (;;) {
    const open = ids.filter((id) => !isSettled(records.get(id)));
    progress(ids.length - open.length);
    if (open.length === 0 || Date.now() >= until) return records;
    for (const [id, record] of await recordsNow(place, open)) records.set(id, record);
    if (open.some((id) => !isSettled(records.get(id)))) await sleep(pollMs);
  }
}

function isSettled(record: SignalRecord | undefined): boolean {
  return record !== undefined && (isEnding(record.status) || record.status === 'waiting');
}

/** The events of a source that were put with the dead letters since then. They stay there. */
export async function parkedSince(place: SignalPlace, source: string, since: number): Promise<Letter[]> {
  const queue = await DeadLetterQueue.open(place);
  const found: Letter[] = [];
  try {
    for await (const letters of queue.read()) found.push(...letters);
  } finally {
    await queue.putBack();
  }
  return found.filter(
    ({ content }) => 'parked' in content && content.parked.source === source && content.parked.at >= since,
  );
}
