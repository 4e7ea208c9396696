import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdHash } from '../../../shared/snapshots/id-hash.ts';
import { has, IdHashes } from '../../../shared/snapshots/id-hashes.ts';
import { hashesOf, key, numbersOf } from './hashes.ts';

const ids = fc.array(fc.string({ unit: 'grapheme', maxLength: 40 }), { maxLength: 200 });

test('hashes stand in ascending order, each once, however often an id came', () => {
  fc.assert(
    fc.property(ids, fc.nat(200), (some, again) => {
      const numbers = numbersOf(hashesOf([...some, ...some.slice(0, again)]));
      const sorted = [...new Set(some.flatMap((id) => numbersOf(hashesOf([id]))))].sort((a, b) =>
        a < b ? -1 : 1,
      );
      expect(numbers).toEqual(sorted);
      expect(numbers).toHaveLength(new Set(some).size);
    }),
  );
});

test('the number of ids is counted with those that came twice', () => {
  const hashes = new IdHashes(key);
  const id = Buffer.from('xadax');
  for (let times = 0; times < 3; times++) hashes.add(id, 1, 4);
  expect(hashes.count).toBe(3);
  expect(hashes.sorted().count).toBe(1);
});

test('of any number of ids all are kept, and found again; others are not found', () => {
  for (const count of [0, 1, 2, 1_023, 1_024, 1_025, 5_000]) {
    const hashes = hashesOf(Array.from({ length: count }, (_, at) => `visitor-${at}`));
    const hasher = new IdHash(key);
    const isIn = (id: string) => {
      const bytes = Buffer.from(`"${id}"`);
      return has(hashes, hasher, bytes, 1, bytes.length - 1);
    };
    expect(hashes.count).toBe(count);
    for (let at = 0; at < count; at++) expect(isIn(`visitor-${at}`)).toBe(true);
    for (let at = count; at < count + 500; at++) expect(isIn(`visitor-${at}`)).toBe(false);
  }
});

test('a hash that has one half in common with another is another one', () => {
  const hasher = new IdHash(key);
  const ada = Buffer.from('ada');
  hasher.hash(ada, 0, 3);
  const { low, high } = hasher;
  const isAmong = (...words: number[]) => {
    return has({ count: words.length / 2, words: Uint32Array.from(words) }, hasher, ada, 0, 3);
  };
  expect(isAmong(low - 1, high, low + 1, high)).toBe(false);
  expect(isAmong(low, high - 1, low, high + 1)).toBe(false);
  expect(isAmong(low, high - 1, low - 1, high, low, high, low + 1, high)).toBe(true);
});

test('hashes that were sorted stay so; nothing can be added to them', () => {
  const hashes = new IdHashes(key);
  for (const id of ['ada', 'bob', 'ada', 'eve']) hashes.add(Buffer.from(id), 0, 3);
  const numbers = numbersOf(hashes.sorted());
  expect(numbersOf(hashes.sorted())).toEqual(numbers);
  expect(numbers).toHaveLength(3);
  expect(() => hashes.add(Buffer.from('ada'), 0, 3)).toThrow('sorted');
});

test('a million ids have a million hashes, within seconds, with 8 bytes for each in the end', {
  timeout: 20_000,
}, () => {
  const hashes = new IdHashes(key);
  const bytes = Buffer.from('visitor-0000000');
  const started = performance.now();
  for (let at = 0; at < 1_000_000; at++) {
    bytes.write(String(at).padStart(7, '0'), 8);
    hashes.add(bytes, 0, bytes.length);
  }
  const { count, words } = hashes.sorted();
  expect(performance.now() - started).toBeLessThan(5_000);
  expect(count).toBe(1_000_000);
  expect(words.byteLength).toBe(8_000_000);
});
