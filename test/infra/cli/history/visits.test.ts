import { expect, test } from 'vitest';
import { sampleOf } from '../../../../infra/cli/history/visits.ts';
import { slotsAgo, taken } from '../snapshot/stand-in.ts';

const some = (count: number, lineBytes = 1_000) =>
  Array.from({ length: count }, (_, index) => taken(slotsAgo(count - index), { lineBytes }));

test('of few and small snapshots, all are read', () => {
  const snapshots = some(200);
  expect(sampleOf(snapshots)).toEqual(snapshots);
  expect(sampleOf([])).toEqual([]);
});

test('of many, 200 are read, which are spread evenly', () => {
  const snapshots = some(2_016);
  const chosen = sampleOf(snapshots);
  const places = chosen.map((one) => snapshots.indexOf(one));
  expect(new Set(places).size).toBe(200);
  const steps = places.slice(1).map((place, index) => place - (places[index] ?? 0));
  expect([Math.min(...steps), Math.max(...steps)]).toEqual([10, 11]);
  expect(places[0]).toBe(5);
});

test('of large ones, so many are read as are 2 GiB together, and one at least', () => {
  expect(sampleOf(some(100, 2 ** 26))).toHaveLength(32);
  expect(sampleOf(some(100, 2 ** 40))).toHaveLength(1);
});
