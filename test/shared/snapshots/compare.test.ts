import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Changes, compare, firstState } from '../../../shared/snapshots/compare.ts';
import { IdHash } from '../../../shared/snapshots/id-hash.ts';
import { has, type SortedHashes } from '../../../shared/snapshots/id-hashes.ts';
import { type Slot, slotAt } from '../../../shared/snapshots/slot.ts';
import { readState, type State, writeState } from '../../../shared/snapshots/state.ts';
import { hashesOf, key, numbersOf } from './hashes.ts';

/** The same with words that everybody understands, and all the memory that it likes. */
class Naive {
  #present = new Set<string>();
  #missing = new Map<string, { lastSeen: number; times: number }>();
  #slot: number;

  constructor(slot: number, ids: readonly string[]) {
    this.#slot = slot;
    this.#present = new Set(ids);
  }

  compare(slot: number, ids: readonly string[], leftAfter: number) {
    const now = new Set(ids);
    const arrived = [...now].filter((id) => !this.#present.has(id) && !this.#missing.has(id));
    const left: { id: string; lastSeen: number }[] = [];
    const missing = new Map<string, { lastSeen: number; times: number }>();
    for (const id of [...this.#present, ...this.#missing.keys()]) {
      if (now.has(id)) continue;
      const before = this.#missing.get(id) ?? { lastSeen: this.#slot, times: 0 };
      const times = before.times + 1;
      if (times >= leftAfter) left.push({ id, lastSeen: before.lastSeen });
      else missing.set(id, { lastSeen: before.lastSeen, times });
    }
    this.#present = now;
    this.#missing = missing;
    this.#slot = slot;
    return { arrived, left };
  }
}

const everybody = Array.from({ length: 24 }, (_, at) => `visitor-${at}`);

/** Which of these ids are meant. Those of nobody's hash would be missed. */
function idsOf(hashes: SortedHashes, ids: readonly string[]): string[] {
  const hasher = new IdHash(key);
  const found = ids.filter((id) => {
    const bytes = Buffer.from(id);
    return has(hashes, hasher, bytes, 0, bytes.length);
  });
  expect(hashes.count).toBe(found.length);
  expect(numbersOf(hashes)).toEqual(numbersOf(hashesOf(found)));
  return found.toSorted();
}

function told(changes: Changes, ids: readonly string[]) {
  const left = Array.from(changes.left, ([lastSeen, hashes]) =>
    idsOf(hashes, ids).map((id) => `${id} ${lastSeen}`),
  );
  return { arrived: idsOf(changes.arrived, ids), left: left.flat().toSorted() };
}

const snapshot = fc.record({
  ids: fc.subarray(everybody),
  /** How many slots are missing before it. */
  gap: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 300 })),
  leftAfter: fc.integer({ min: 1, max: 4 }),
});

function check(
  snapshots: readonly { ids: readonly string[]; gap: number; leftAfter: number }[],
  ids: readonly string[],
): void {
  const [first, ...rest] = snapshots;
  let slot = Date.parse('2026-11-22T12:00:00Z');
  const naive = new Naive(slot, first?.ids ?? []);
  let state = firstState(key, slotAt(slot), hashesOf(first?.ids ?? []));
  for (const { ids: now, gap, leftAfter } of rest) {
    slot += (1 + gap) * 300_000;
    const expected = naive.compare(slot, now, leftAfter);
    const { changes, state: next } = compare(state, hashesOf(now), slotAt(slot), leftAfter);
    const left = expected.left.map(({ id, lastSeen }) => `${id} ${lastSeen}`);
    expect(told(changes, ids)).toEqual({ arrived: expected.arrived.toSorted(), left: left.toSorted() });
    expect(changes).toMatchObject({ arrivals: expected.arrived.length, departures: left.length });
    expect(next).toMatchObject({ key, slot });
    state = readState(writeState(next));
  }
}

test('arrivals and departures are those that a plain comparison of ids finds, over gaps and flaps', () => {
  fc.assert(
    fc.property(fc.array(snapshot, { minLength: 2, maxLength: 12 }), (snapshots) =>
      check(snapshots, everybody),
    ),
    { numRuns: 300 },
  );
});

test('so they are where visitors come and go one by one', () => {
  const step = fc.record({
    flips: fc.array(fc.nat(everybody.length - 1), { maxLength: 3 }),
    gap: fc.nat(2),
    leftAfter: fc.constantFrom(2, 2, 2, 3, 1),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 20 }), (steps) => {
      const present = new Set(everybody.slice(0, 12));
      const snapshots = steps.map(({ flips, gap, leftAfter }) => {
        for (const at of flips) {
          const id = everybody[at] ?? '';
          if (!present.delete(id)) present.add(id);
        }
        return { ids: [...present], gap, leftAfter };
      });
      check(snapshots, everybody);
    }),
    { numRuns: 200 },
  );
});

const at = (minute: number): Slot => slotAt(Date.parse('2026-11-22T12:00:00Z') + minute * 60_000);

/** What is told at each snapshot after the first, five minutes apart: `+ada -bob@0` (the minute where he was last seen). */
function story(leftAfter: number, ...snapshots: readonly string[]): string[] {
  const ids = [...new Set(snapshots.flatMap((line) => line.split(' ')))];
  const [first = '', ...rest] = snapshots.map((line) => line.split(' ').filter(Boolean));
  let state: State = firstState(key, at(0), hashesOf(first));
  return rest.map((now, index) => {
    const result = compare(state, hashesOf(now), at(5 * (index + 1)), leftAfter);
    state = result.state;
    const { arrived, left } = told(result.changes, ids);
    const minutes = left
      .map((line) => line.split(' '))
      .map(([id, time]) => `-${id}@${(Number(time) - at(0)) / 60_000}`);
    return [...arrived.map((id) => `+${id}`), ...minutes].join(' ');
  });
}

test('whoever is missing once and back has neither left nor arrived', () => {
  expect(story(2, 'ada bob', 'bob', 'ada bob', 'bob', 'ada bob')).toEqual(['', '', '', '']);
});

test('whoever is missing twice has left, and was last seen before the first time', () => {
  expect(story(2, 'ada bob', 'bob', 'bob', 'bob')).toEqual(['', '-ada@0', '']);
});

test('whoever has left may arrive again', () => {
  expect(story(2, 'ada', '', '', 'ada', '', '')).toEqual(['', '-ada@0', '+ada', '', '-ada@15']);
});

test('whoever is held to have left at once is told at once', () => {
  expect(story(1, 'ada bob', 'bob', 'ada', '')).toEqual(['-ada@0', '+ada -bob@5', '-ada@10']);
});

test('those who leave together need not have been seen together', () => {
  const states = firstState(key, at(0), hashesOf(['ada', 'bob']));
  const { state } = compare(states, hashesOf(['bob']), at(5), 2);
  const { changes } = compare(state, hashesOf([]), at(10), 1);
  expect(told(changes, ['ada', 'bob'])).toEqual({ arrived: [], left: [`ada ${at(0)}`, `bob ${at(5)}`] });
  expect([...changes.left.keys()].toSorted()).toEqual([at(0), at(5)]);
});

test('where patience ends between two snapshots, whoever is missing for long enough has left', () => {
  const first = firstState(key, at(0), hashesOf(['ada', 'bob']));
  let { state } = compare(first, hashesOf(['bob']), at(5), 4);
  state = compare(state, hashesOf(['bob']), at(10), 4).state;
  expect(compare(state, hashesOf(['ada', 'bob']), at(15), 1).changes).toMatchObject({
    arrivals: 0,
    departures: 0,
  });
  expect(told(compare(state, hashesOf(['bob']), at(15), 2).changes, ['ada', 'bob']).left).toEqual([
    `ada ${at(0)}`,
  ]);
});

test('a snapshot of nobody and one of everybody are snapshots like any other', () => {
  expect(story(1, '', 'ada bob', '', '')).toEqual(['+ada +bob', '-ada@5 -bob@5', '']);
});

test('hashes that have one half in common are told apart, from the lowest to the highest', () => {
  const halves = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff];
  const all = halves.flatMap((high) => halves.map((low): [number, number] => [low, high]));
  const some = fc.subarray(all).map((pairs) => {
    return { count: pairs.length, words: Uint32Array.from(pairs.flat()) };
  });
  fc.assert(
    fc.property(some, some, (before, now) => {
      const [first, second] = [numbersOf(before), numbersOf(now)];
      const { changes } = compare(firstState(key, at(0), before), now, at(5), 1);
      expect(numbersOf(changes.arrived)).toEqual(second.filter((one) => !first.includes(one)));
      const left = changes.left.get(at(0));
      expect(left ? numbersOf(left) : []).toEqual(first.filter((one) => !second.includes(one)));
    }),
  );
});

/** Ids by their number, without a text of each in memory. */
function numbered(from: number, to: number): SortedHashes {
  const words = new Uint32Array(2 * (to - from));
  for (let number = from; number < to; number++) {
    words[2 * (number - from)] = Math.imul(number, 0x9e3779b1);
    words[2 * (number - from) + 1] = number;
  }
  return { count: to - from, words };
}

test('a million who are there, a million who come and a million who leave take seconds', {
  timeout: 20_000,
}, () => {
  const million = 1_000_000;
  const started = performance.now();
  const first = firstState(key, at(0), numbered(0, million));
  const same = compare(first, numbered(0, million), at(5), 2);
  const other = compare(same.state, numbered(million, 2 * million), at(10), 2);
  const gone = compare(readState(writeState(other.state)), numbered(million, 2 * million), at(15), 2);
  expect(performance.now() - started).toBeLessThan(5_000);
  expect(same.changes).toMatchObject({ arrivals: 0, departures: 0 });
  expect(other.changes).toMatchObject({ arrivals: million, departures: 0 });
  expect(gone.changes).toMatchObject({ arrivals: 0, departures: million });
  expect(gone.changes.left.get(at(5))?.words).toEqual(numbered(0, million).words);
});
