import { signalQueue } from '../../signals.ts';
import { width, wrapped } from '../lines.ts';
import { duration, time } from '../signals/words.ts';
import { type Letter, notTaken, receivedTooOften } from './letter.ts';

/** How many of each, by name. */
type Tally = Record<string, number>;

/** All dead letters of one reason. Nothing of a person, nothing of what they hold. */
export interface Heap {
  readonly reason: string;
  readonly count: number;
  /** When the oldest was first put into a queue: ISO 8601. */
  readonly oldest: string;
  readonly sources: Tally;
  readonly groups: Tally;
  readonly details: Tally;
}

/** So many different details of one reason are told. */
const mostDetails = 5;

/** Sorts dead letters by their reasons, as they come. */
export class Heaps {
  readonly #letters = new Map<string, Pick<Letter, 'sources' | 'groups' | 'detail' | 'sentAt'>[]>();

  add({ reason, sources, groups, detail, sentAt }: Letter): void {
    const heap = this.#letters.get(reason) ?? [];
    heap.push({ sources, groups, detail, sentAt });
    this.#letters.set(reason, heap);
  }

  get count(): number {
    return [...this.#letters.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** The largest first. */
  all(): Heap[] {
    const heaps = [...this.#letters].map(([reason, letters]) => ({
      reason,
      count: letters.length,
      oldest: time(letters.reduce((oldest, { sentAt }) => Math.min(oldest, sentAt), Number.MAX_VALUE)),
      sources: tally(letters.flatMap(({ sources }) => sources)),
      groups: tally(letters.flatMap(({ groups }) => groups)),
      details: tally(letters.flatMap(({ detail }) => detail ?? [])),
    }));
    return heaps.sort((one, other) => other.count - one.count);
  }
}

function tally(names: readonly string[]): Tally {
  const counts = Object.entries(Object.groupBy(names, (name) => name)).map(
    ([name, { length } = []]) => [name, length ?? 0] as const,
  );
  return Object.fromEntries(counts.sort(([, one], [, other]) => other - one));
}

const words: Readonly<Record<string, string>> = {
  [receivedTooOften]:
    'received too often, so SQS has put them here: their worker died each time, or the table or the queue was not to be had',
  [notTaken]:
    'events of a partner bus that the function webhook did not take, so EventBridge or Lambda has put them here',
  'switched-off': 'events of a partner bus whose source in relay.config.ts is not enabled',
  unreadable:
    'the source does not understand the webhook, or it was too large, and was not kept: its sender alone can repeat it',
  'mapping-threw': '"signal" of the source in relay.config.ts threw an error',
  'mapping-invalid':
    '"signal" of the source in relay.config.ts gave what is no signal, or one that it may not send',
  authorization: 'the Presence service refused the token, even a fresh one',
  'refused-server': 'the visitor is on a server that "directServers" in relay.config.ts does not allow',
  'invalid-answer': 'the Presence service gave an answer that is not understood',
  unavailable: 'the Presence service could not be reached until it was too late',
  timeout: 'the Presence service did not answer until it was too late',
};

const indent = ' '.repeat(22);

/** For people. */
export function linesOf({ reason, count, oldest, sources, groups, details }: Heap, now: number): string[] {
  const age = now - Date.parse(oldest);
  const left = signalQueue.deadLetterSeconds * 1_000 - age;
  const told = Object.entries(details);
  const says = [
    words[reason] ?? 'a reason that this release does not know',
    `the oldest is of ${duration(age)} ago, and gone in ${duration(left)}`,
    ...(Object.keys(sources).length > 0 ? [listed(sources)] : []),
    ...(Object.keys(groups).length > 0 ? [`group ${listed(groups)}`] : []),
    ...told.slice(0, mostDetails).map(([detail, times]) => `${times} × ${detail}`),
    ...(told.length > mostDetails ? [`and ${told.length - mostDetails} other details`] : []),
  ];
  const lines = says.flatMap((text) => wrapped(text, width - indent.length));
  return [`${reason.padEnd(19)}${String(count)}`, ...lines.map((line) => indent + line)];
}

function listed(counts: Tally): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
