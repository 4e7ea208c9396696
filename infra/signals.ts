import { visibilitySeconds } from '../shared/signals/limits.ts';

/** How the queue of signals behaves, on AWS and on this machine alike. */
export const signalQueue = {
  visibilitySeconds,
  /** A signal waits in its record, for a day at most; in the queue it is for minutes. */
  retentionSeconds: 4 * 86_400,
  /**
   * Then a message is put with the dead letters, which are kept for so long. All that fails a message is that the table or
   * the queue is not to be had, which may last for minutes; and to repeat it does no harm.
   */
  receives: 20,
  deadLetterSeconds: 14 * 86_400,
  batchSize: 10,
} as const;

/** How the table of their records looks, on AWS and on this machine alike. */
export const signalTable = {
  partitionKey: 'pk',
  sortKey: 'sk',
  /** Unix seconds after which DynamoDB may remove an item. */
  expiry: 'ttl',
  /** Finds the records of a visitor, by `<groupid>#<visitorid>`, in the order in which they were accepted. */
  visitorIndex: { name: 'visitor', partitionKey: 'visitor', sortKey: 'acceptedAt' },
} as const;
