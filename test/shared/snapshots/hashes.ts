import { IdHashes, type SortedHashes } from '../../../shared/snapshots/id-hashes.ts';

export const key = Uint8Array.from([8, 7, 6, 5, 4, 3, 2, 1]);

/** The hashes of these ids. */
export function hashesOf(ids: Iterable<string>): SortedHashes {
  const hashes = new IdHashes(key);
  for (const id of ids) {
    const bytes = Buffer.from(id);
    hashes.add(bytes, 0, bytes.length);
  }
  return hashes.sorted();
}

/** As numbers, in their order. */
export function numbersOf({ words, count }: SortedHashes): bigint[] {
  return Array.from(
    { length: count },
    (_, at) => (BigInt(words[2 * at + 1] ?? 0) << 32n) | BigInt(words[2 * at] ?? 0),
  );
}
