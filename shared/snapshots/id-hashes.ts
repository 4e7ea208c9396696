import { IdHash } from './id-hash.ts';
import { Words } from './words.ts';

/**
 * Hashes of ids in ascending order, each once. Each has two words, the lower one first: as numbers of 64 bits lie in the
 * memory of a little-endian machine, which all that Node runs on in Lambda are.
 */
export interface SortedHashes {
  readonly count: number;
  readonly words: Uint32Array;
}

/** Of words that are in order. */
export function hashesIn(words: Uint32Array): SortedHashes {
  return { count: words.length / 2, words };
}

/** The ids of all visitors of a snapshot, 8 bytes for each, whatever its length. */
export class IdHashes {
  readonly key: Uint8Array;
  readonly #hasher: IdHash;
  readonly #words = new Words(2_048);
  #count = 0;
  #sorted: SortedHashes | undefined;

  /** Throws unless the key has 8 bytes. */
  constructor(key: Uint8Array) {
    this.key = key;
    this.#hasher = new IdHash(key);
  }

  /** How many were added, equal ones too. */
  get count(): number {
    return this.#count;
  }

  /** The id that stands from `start` until before `end`. */
  add(bytes: Uint8Array, start: number, end: number): void {
    if (this.#sorted) throw new Error('nothing may be added to hashes that are sorted');
    this.#hasher.hash(bytes, start, end);
    this.#words.push(this.#hasher.low);
    this.#words.push(this.#hasher.high);
    this.#count++;
  }

  /** In ascending order, each once; afterwards nothing may be added. */
  sorted(): SortedHashes {
    this.#sorted ??= sortHashes(this.#words.all());
    return this.#sorted;
  }
}

/** Whether the id that stands from `start` until before `end` is among them. */
export function has(
  { count, words }: SortedHashes,
  hasher: IdHash,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  hasher.hash(bytes, start, end);
  let from = 0;
  let to = count;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const order = (words[2 * middle + 1] ?? 0) - hasher.high || (words[2 * middle] ?? 0) - hasher.low;
    if (order === 0) return true;
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return false;
}

/** Puts words in order, two for each hash, and drops what stands there twice. The same memory is used for the result. */
function sortHashes(words: Uint32Array<ArrayBuffer>): SortedHashes {
  // Sorted natively: a loop of our own would make an object of every number of 64 bits.
  new BigUint64Array(words.buffer, words.byteOffset, words.length / 2).sort();
  let kept = 0;
  for (let at = 0; at < words.length; at += 2) {
    const isRepeated = kept > 0 && words[at] === words[kept - 2] && words[at + 1] === words[kept - 1];
    if (isRepeated) continue;
    words.copyWithin(kept, at, at + 2);
    kept += 2;
  }
  return hashesIn(words.subarray(0, kept));
}
