import type { PresenceClient } from '../presence/client.ts';
import type { CallRecord } from './record.ts';

export type MeasuredPresence = Pick<PresenceClient, 'lookup' | 'find' | 'signal' | 'query'>;

/** The client of the Presence service, with the time that one call waits for it going down in the record of that call. */
export function measured(presence: MeasuredPresence, record: CallRecord): MeasuredPresence {
  const signal = (...asked: Parameters<PresenceClient['signal']>) =>
    record.upstream(presence.signal(...asked));
  return {
    lookup: (...asked) => record.upstream(presence.lookup(...asked)),
    find: (...asked) => record.upstream(presence.find(...asked)),
    signal: signal as PresenceClient['signal'], // `Parameters` knows but the last form of a method
    query: (...asked) => record.upstream(presence.query(...asked)),
  };
}
