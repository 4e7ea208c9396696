import { hashesIn, type SortedHashes } from './id-hashes.ts';
import { type Slot, slotAt } from './slot.ts';
import type { Missing, State } from './state.ts';
import { Words } from './words.ts';

/** What changed from one snapshot to the next. */
export interface Changes {
  readonly arrivals: number;
  readonly departures: number;
  readonly arrived: SortedHashes;
  /** By the slot where they were there for the last time. */
  readonly left: ReadonlyMap<Slot, SortedHashes>;
}

/** The state where there is nothing to compare with. */
export function firstState(key: Uint8Array, slot: Slot, now: SortedHashes): State {
  return { key, slot, present: now, missing: new Absent(1).missing };
}

/**
 * What changed since `before`, and the state for the next time. Whoever is missing has left once that was so in
 * `leftAfter` snapshots in a row; whoever is back before that was never away. The hashes must be made with the key of
 * `before`.
 */
export function compare(
  before: State,
  now: SortedHashes,
  slot: Slot,
  leftAfter: number,
): { changes: Changes; state: State } {
  const arrived = new Words();
  const absent = new Absent(leftAfter);
  const { hashes, lastSeen, times } = before.missing;
  const present = new Reader(before.present);
  const missing = new Reader(hashes);
  const here = new Reader(now);
  while (!(present.isOver && missing.isOver && here.isOver)) {
    const known = order(present, missing) < 0 ? present : missing;
    const difference = order(known, here);
    if (difference > 0) put(here, arrived);
    else if (difference < 0 && known === present) absent.add(known, before.slot / 1_000, 1);
    else if (difference < 0) absent.add(known, lastSeen[known.at] ?? 0, (times[known.at] ?? 0) + 1);
    if (difference <= 0) known.next();
    if (difference >= 0) here.next();
  }
  const arrivals = hashesIn(arrived.all());
  const changes = {
    arrivals: arrivals.count,
    departures: absent.departures,
    arrived: arrivals,
    left: absent.left,
  };
  return { changes, state: { key: before.key, slot, present: now, missing: absent.missing } };
}

/** Goes through hashes. Behind the last one stands what is higher than any. */
class Reader {
  at = -1;
  low = 0;
  high = 0;
  readonly #words: Uint32Array;

  constructor({ words }: SortedHashes) {
    this.#words = words;
    this.next();
  }

  get isOver(): boolean {
    return this.high === Number.POSITIVE_INFINITY;
  }

  next(): void {
    this.at++;
    this.low = this.#words[2 * this.at] ?? 0;
    this.high = this.#words[2 * this.at + 1] ?? Number.POSITIVE_INFINITY;
  }
}

/** Below 0: the first one is lower; 0: they are the same, or both are over. */
function order(one: Reader, other: Reader): number {
  return one.high === other.high ? one.low - other.low : one.high - other.high;
}

function put({ low, high }: Reader, words: Words): void {
  words.push(low);
  words.push(high);
}

/** Those who are not there: who has left, and who may come back. */
class Absent {
  departures = 0;
  readonly #leftAfter: number;
  readonly #left = new Map<number, Words>();
  readonly #hashes = new Words();
  readonly #lastSeen = new Words();
  readonly #times = new Words();

  constructor(leftAfter: number) {
    this.#leftAfter = leftAfter;
  }

  add(reader: Reader, lastSeen: number, times: number): void {
    if (times >= this.#leftAfter) {
      this.departures++;
      put(reader, this.#leftAt(lastSeen));
      return;
    }
    put(reader, this.#hashes);
    this.#lastSeen.push(lastSeen);
    this.#times.push(times);
  }

  get missing(): Missing {
    const lastSeen = this.#lastSeen.all();
    return { hashes: hashesIn(this.#hashes.all()), lastSeen, times: this.#times.all() };
  }

  get left(): Changes['left'] {
    const entries = Array.from(this.#left, ([seconds, words]) => {
      return [slotAt(seconds * 1_000), hashesIn(words.all())] as const;
    });
    return new Map(entries);
  }

  #leftAt(lastSeen: number): Words {
    const known = this.#left.get(lastSeen);
    const words = known ?? new Words();
    if (!known) this.#left.set(lastSeen, words);
    return words;
  }
}
