import { randomUUID } from 'node:crypto';
import { patienceMs, type Signal, type SignalRecord, signalId } from '../../signals/signal.ts';
import { Problem } from '../problem.ts';
import { beforehand, type Kept } from './kept.ts';
import type { SignalCall } from './trace.ts';

/** Whose signals the caller's are, as their records tell. */
export function sourceOf({ name }: SignalCall['caller']): string {
  return `caller:${name}`;
}

/** The signal that a call asks for. With a key, its id is the same each time that this caller comes with that key. */
export async function signalOf(
  { query, headers, body: message, caller }: SignalCall,
  { ids }: Pick<Kept, 'ids'>,
): Promise<Signal> {
  const { groupid, visitorid } = query;
  const { TTL, 'Idempotency-Key': key } = headers;
  const acceptedAt = Date.now();
  const lifeMs = TTL === undefined ? patienceMs : TTL * 1_000;
  const signal = {
    groupid,
    visitorid,
    message,
    source: sourceOf(caller),
    acceptedAt,
    expiresAt: acceptedAt + lifeMs,
    ...(TTL !== undefined && { waits: true as const }),
  };
  if (key === undefined) return { ...signal, id: signalId.parse(randomUUID()) };
  // Keyed as the id is: of a plain digest, somebody who reads the record could guess the message.
  const request = [groupid, visitorid, JSON.stringify(message), String(TTL)];
  const [id, fingerprint] = await beforehand(
    Promise.all([ids.idOf('caller', caller.name, key), ids.idOf('fingerprint', ...request)]),
  );
  return { ...signal, id, fingerprint };
}

/** Whether the record is that of this request, and not of another one with the same key. */
export function isSame(record: SignalRecord, signal: Signal): boolean {
  return record.fingerprint === signal.fingerprint;
}

export function keyReuse(): Problem {
  const detail =
    'Another request has come with this Idempotency-Key: a key is for one request and its repeats.';
  return new Problem('key-reuse', detail);
}
