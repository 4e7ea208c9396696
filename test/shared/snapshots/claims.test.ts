import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Written } from '../../../shared/snapshots/claim-record.ts';
import type { SlotHold } from '../../../shared/snapshots/claims.ts';
import { type Slot, slotAt, slotName } from '../../../shared/snapshots/slot.ts';
import { type ClaimsPlace, holdOf, openClaimsPlace } from './claims-place.ts';

const leaseMs = 30_000;
const day = 86_400_000;
let place: ClaimsPlace;
let groupid: string;
let slot: Slot;
beforeAll(async () => {
  place = await openClaimsPlace();
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(() => {
  place.clock.time = Date.parse('2026-11-22T12:05:01Z');
  slot = slotAt(place.clock.time - 1_000);
  groupid = randomUUID();
  place.gate.fateOf = () => undefined;
});

const claim = (of: Slot = slot) => place.claims().claim(groupid, of);
const numbers: Written = { takenAt: 1_795_000_000_123, visitors: 3, unnamed: 1, bytes: 90, lineBytes: 400 };

async function done(of: Slot): Promise<void> {
  const hold = holdOf(await claim(of));
  await hold.written(numbers);
  await hold.end('done');
}

test.each([2, 30])('of %i workers who claim a slot at once, one has it', async (workers) => {
  const claims = await Promise.all(Array.from({ length: workers }, () => claim()));
  const outcomes = claims.map(({ outcome }) => outcome).toSorted();
  expect(outcomes).toEqual([...Array(workers - 1).fill('being-taken'), 'claimed']);
});

test('slots, and groups, have nothing to do with each other', async () => {
  expect((await claim()).outcome).toBe('claimed');
  expect((await claim(slotAt(slot + 60_000))).outcome).toBe('claimed');
  expect((await place.claims().claim(randomUUID(), slot)).outcome).toBe('claimed');
});

test('a dead worker’s slot is taken over once its lease has run out, not before, and by one', async () => {
  await claim();
  place.clock.time += leaseMs - 1;
  expect((await claim()).outcome).toBe('being-taken');
  place.clock.time += 1;
  const claims = await Promise.all(Array.from({ length: 30 }, () => claim()));
  expect(claims.map(({ outcome }) => outcome).toSorted()).toEqual([
    ...Array(29).fill('being-taken'),
    'claimed',
  ]);
  expect(claims.find(({ outcome }) => outcome === 'claimed')).not.toHaveProperty('written');
});

const signsOfLife: readonly [string, (hold: SlotHold) => Promise<boolean>][] = [
  ['progress', (hold) => hold.prolong({ visitors: 1, bytes: 2 })],
  ['the numbers', (hold) => hold.written(numbers)],
  ['a comparison', (hold) => hold.comparing(null)],
];

test.each(signsOfLife)('%s prolongs the lease', async (_, sign) => {
  const hold = holdOf(await claim());
  place.clock.time += leaseMs - 1;
  expect(await sign(hold)).toBe(true);
  place.clock.time += leaseMs - 1;
  expect((await claim()).outcome).toBe('being-taken');
  place.clock.time += 1;
  expect((await claim()).outcome).toBe('claimed');
});

test('whoever was slow, and is not replaced yet, goes on', async () => {
  const hold = holdOf(await claim());
  place.clock.time += 3 * leaseMs;
  expect(await hold.prolong({ visitors: 1, bytes: 2 })).toBe(true);
  expect((await claim()).outcome).toBe('being-taken');
});

test('whoever has lost the slot can do nothing with it any more', async () => {
  const slow = holdOf(await claim());
  place.clock.time += leaseMs;
  const quick = holdOf(await claim());
  const before = await place.read(groupid, slotName(slot));
  expect(await slow.prolong({ visitors: 9, bytes: 9 })).toBe(false);
  expect(await slow.written(numbers)).toBe(false);
  expect(await slow.comparing(slot)).toBe(false);
  expect(await slow.end('done')).toBe(false);
  expect(await slow.end('gap')).toBe(false);
  await slow.release();
  expect(await place.read(groupid, slotName(slot))).toEqual(before);
  expect(await quick.end('gap')).toBe(true);
});

test.each(['done', 'gap'] as const)(
  'a slot that is %s is so for whoever comes later, and for good',
  async (status) => {
    const hold = holdOf(await claim());
    await hold.written(numbers);
    expect(await hold.end(status)).toBe(true);
    expect(await hold.prolong({ visitors: 9, bytes: 9 })).toBe(false);
    expect(await hold.written(numbers)).toBe(false);
    expect(await hold.comparing(null)).toBe(false);
    expect(await hold.end(status === 'done' ? 'gap' : 'done')).toBe(false);
    await hold.release();
    for (const days of [0, 1, 29.9]) {
      place.clock.time = slot + days * day;
      expect(await claim()).toEqual({ outcome: status });
      expect(await place.claims().progress(groupid, slot)).toMatchObject({ status });
    }
  },
);

test('what is not written cannot be done', async () => {
  const hold = holdOf(await claim());
  expect(await hold.end('done')).toBe(false);
  expect(await place.claims().progress(groupid, slot)).toMatchObject({ status: 'taking' });
  expect(await hold.written(numbers)).toBe(true);
  expect(await hold.end('done')).toBe(true);
});

test('a slot that was released is anybody’s at once', async () => {
  const first = holdOf(await claim());
  await first.prolong({ visitors: 9, bytes: 9 });
  await first.release();
  expect(await first.prolong({ visitors: 9, bytes: 9 })).toBe(false);
  expect(await place.claims().progress(groupid, slot)).toEqual({ status: 'taking', visitors: 0, bytes: 0 });
  const claims = await Promise.all([claim(), claim()]);
  expect(claims.map(({ outcome }) => outcome).toSorted()).toEqual(['being-taken', 'claimed']);
});

test('whoever goes on in a dead worker’s place knows its numbers, and what it has compared with', async () => {
  const compared = slotAt(slot - 300_000);
  const first = holdOf(await claim());
  await first.prolong({ visitors: 2, bytes: 50 });
  await first.written(numbers);
  place.clock.time += leaseMs;
  const second = await claim();
  expect(second).toEqual({ outcome: 'claimed', hold: expect.anything(), written: numbers });
  await holdOf(second).comparing(compared);
  place.clock.time += leaseMs;
  const third = await claim();
  expect(third).toMatchObject({ written: { ...numbers, comparedWith: compared } });
  await holdOf(third).comparing(null);
  await holdOf(third).release();
  expect(await claim()).toMatchObject({ written: { ...numbers, comparedWith: null } });
});

test('who takes it anew does not spoil the numbers by telling how far it is; the new ones count then', async () => {
  const first = holdOf(await claim());
  await first.written(numbers);
  await first.release();
  const second = holdOf(await claim());
  await second.prolong({ visitors: 1, bytes: 10 });
  expect(await place.claims().progress(groupid, slot)).toEqual({ status: 'written', visitors: 1, bytes: 10 });
  await second.release();
  const claimed = await claim();
  expect(claimed).toMatchObject({ written: numbers });
  const more = { ...numbers, visitors: 8, bytes: 200 };
  await holdOf(claimed).written(more);
  await holdOf(claimed).release();
  expect(await claim()).toMatchObject({ written: more });
});

test('how far it is can be asked from the beginning to the end', async () => {
  const progress = () => place.claims().progress(groupid, slot);
  expect(await progress()).toBeUndefined();
  const hold = holdOf(await claim());
  expect(await progress()).toEqual({ status: 'taking', visitors: 0, bytes: 0 });
  await hold.prolong({ visitors: 2, bytes: 50 });
  expect(await progress()).toEqual({ status: 'taking', visitors: 2, bytes: 50 });
  await hold.written(numbers);
  expect(await progress()).toEqual({ status: 'written', visitors: 3, bytes: 90 });
  await hold.prolong({ visitors: 3, bytes: 90 });
  await hold.end('done');
  expect(await progress()).toEqual({ status: 'done', visitors: 3, bytes: 90 });
});

test('after thirty days a slot is forgotten, whether it was removed or not; one of long ago is kept as long', async () => {
  await done(slot);
  const old = slotAt(slot - 100 * day);
  await done(old);
  for (const one of [slot, old]) expect(await claim(one)).toEqual({ outcome: 'done' });
  place.clock.time += 30 * day + 2_000;
  for (const one of [slot, old]) {
    expect(await place.claims().progress(groupid, one)).toBeUndefined();
    expect(await place.claims().before(groupid, slotAt(place.clock.time))).toBeUndefined();
  }
  const again = await Promise.all([claim(), claim(), claim()]);
  expect(again.map(({ outcome }) => outcome).toSorted()).toEqual(['being-taken', 'being-taken', 'claimed']);
  expect(again.find(({ outcome }) => outcome === 'claimed')).not.toHaveProperty('written');
});

test('what expires carries its time in seconds, and the cursor never expires', async () => {
  await done(slot);
  await place.claims().advance(groupid, undefined, slot);
  const item = await place.read(groupid, slotName(slot));
  expect(Number(item?.ttl?.N)).toBe(Math.ceil(place.clock.time / 1_000) + 30 * 86_400);
  expect(await place.read(groupid, 'cursor')).not.toHaveProperty('ttl');
});

test('the newest whole one before a slot is found over gaps, dead and unfinished ones', async () => {
  const at = (minutes: number) => slotAt(slot + minutes * 60_000);
  const before = (of: Slot) => place.claims().before(groupid, of);
  expect(await before(at(0))).toBeUndefined();
  await place.claims().advance(groupid, undefined, at(100));
  await done(at(0));
  await done(at(5));
  for (let minutes = 10; minutes < 60; minutes += 5) {
    const hold = holdOf(await claim(at(minutes)));
    if (minutes % 3 === 0) await hold.end('gap');
    if (minutes % 3 === 1) await hold.written(numbers);
  }
  await done(at(60));
  await place.claims().advance(groupid, at(100), at(5));
  expect(await before(at(0))).toBeUndefined();
  expect(await before(at(5))).toBe(at(0));
  expect(await before(at(7))).toBe(at(5));
  expect(await before(at(60))).toBe(at(5));
  expect(await before(at(61))).toBe(at(60));
  expect(await place.claims().before(randomUUID(), at(61))).toBeUndefined();
});

test('usually the newest whole one is found at the first look, and behind hundreds of gaps with few', async () => {
  const begin = slot;
  const gaps = Array.from({ length: 300 }, (_, at) => slotAt(begin + (at + 1) * 60_000));
  await done(begin);
  const ttl = { N: String(Math.floor(place.clock.time / 1_000) + 86_400) };
  const pk = { S: `snapshot#${groupid}` };
  for (const gap of gaps) {
    await place.put({ pk, sk: { S: slotName(gap) }, slot: { N: String(gap) }, status: { S: 'gap' }, ttl });
  }
  const looks = async (of: Slot) => {
    const calls = place.gate.calls.length;
    expect(await place.claims().before(groupid, of)).toBe(begin);
    return place.gate.calls.length - calls;
  };
  expect(await looks(slotAt(begin + 60_000))).toBe(1);
  expect(await looks(slotAt(begin + 301 * 60_000))).toBeLessThan(6);
});

test.each([
  ['2026-11-22T23:55:00Z', '2026-11-23T00:00:00Z'],
  ['2026-11-30T23:55:00Z', '2026-12-01T00:00:00Z'],
  ['2026-12-31T23:55:00Z', '2027-01-01T00:00:00Z'],
  ['2028-02-28T23:55:00Z', '2028-02-29T00:00:00Z'],
  ['2028-02-29T23:55:00Z', '2028-03-01T00:00:00Z'],
])('the one before %s and the one after follow each other: %s', async (last, first) => {
  const [before, after] = [slotAt(Date.parse(last)), slotAt(Date.parse(first))];
  place.clock.time = after;
  await done(after);
  await done(before);
  expect(await place.claims().before(groupid, after)).toBe(before);
  expect(await place.claims().before(groupid, slotAt(after + 1_000))).toBe(after);
  expect(await place.claims().before(groupid, before)).toBeUndefined();
});

test('the cursor moves from where it was thought to be, and from nowhere else', async () => {
  const claims = place.claims();
  const [one, two, three] = [slot, slotAt(slot + 300_000), slotAt(slot + 600_000)];
  expect(await claims.cursor(groupid)).toBeUndefined();
  expect(await claims.advance(groupid, one, two)).toBe(false);
  expect(await claims.cursor(groupid)).toBeUndefined();
  expect(await claims.advance(groupid, undefined, one)).toBe(true);
  expect(await claims.advance(groupid, undefined, two)).toBe(false);
  expect(await claims.advance(groupid, one, two)).toBe(true);
  expect(await claims.advance(groupid, one, three)).toBe(false);
  expect(await claims.cursor(groupid)).toBe(two);
});

test('of workers of different slots who move the cursor at once, one does; whoever goes on for that one does, too', async () => {
  const later = Array.from({ length: 8 }, (_, at) => slotAt(slot + (at + 1) * 300_000));
  for (const from of [undefined, slot]) {
    groupid = randomUUID();
    if (from) await place.claims().advance(groupid, undefined, from);
    const moved = await Promise.all(later.map((to) => place.claims().advance(groupid, from, to)));
    expect(moved.filter(Boolean)).toHaveLength(1);
    const to = later[moved.indexOf(true)] ?? slot;
    expect(await place.claims().cursor(groupid)).toBe(to);
    expect(await place.claims().advance(groupid, from, to)).toBe(true);
  }
});

const repeats: readonly [string, string, () => Promise<void>][] = [
  [
    'a first claim',
    'PutItem',
    async () => {
      const hold = holdOf(await claim());
      expect((await claim()).outcome).toBe('being-taken');
      expect(await hold.end('gap')).toBe(true);
    },
  ],
  [
    'a take-over',
    'UpdateItem',
    async () => {
      await claim();
      place.clock.time += leaseMs;
      const hold = holdOf(await claim());
      expect((await claim()).outcome).toBe('being-taken');
      expect(await hold.end('gap')).toBe(true);
    },
  ],
  ...signsOfLife.map(([name, sign]): [string, string, () => Promise<void>] => [
    name,
    'UpdateItem',
    async () => expect(await sign(holdOf(await claim()))).toBe(true),
  ]),
  ...(['done', 'gap'] as const).map((status): [string, string, () => Promise<void>] => [
    `“${status}”`,
    'UpdateItem',
    async () => {
      const hold = holdOf(await claim());
      if (status === 'done') {
        // The second of the two updates is the one whose answer is lost.
        const { fateOf } = place.gate;
        place.gate.fateOf = () => undefined;
        await hold.written(numbers);
        place.gate.fateOf = fateOf;
      }
      expect(await hold.end(status)).toBe(true);
      expect(await claim()).toEqual({ outcome: status });
    },
  ]),
  [
    'a release',
    'UpdateItem',
    async () => {
      await holdOf(await claim()).release();
      expect((await claim()).outcome).toBe('claimed');
    },
  ],
  [
    'a first move of the cursor',
    'PutItem',
    async () => expect(await place.claims().advance(groupid, undefined, slot)).toBe(true),
  ],
  [
    'a move of the cursor',
    'PutItem',
    async () => {
      const { fateOf } = place.gate;
      place.gate.fateOf = () => undefined;
      await place.claims().advance(groupid, undefined, slot);
      place.gate.fateOf = fateOf;
      expect(await place.claims().advance(groupid, slot, slotAt(slot + 1_000))).toBe(true);
    },
  ],
];

test.each(repeats)('where the answer to %s is lost, it counts all the same', async (_, operation, use) => {
  place.loseAnAnswer(operation);
  const calls = place.gate.calls.length;
  await use();
  const lost = place.gate.calls.slice(calls).filter((call) => call.operation === operation);
  expect(lost.some((call, at) => JSON.stringify(call) === JSON.stringify(lost[at + 1]))).toBe(true);
});

test('what was put down a moment ago is seen: every read asks for it', async () => {
  const calls = place.gate.calls.length;
  await done(slot);
  await claim();
  await place.claims().cursor(groupid);
  await place.claims().before(groupid, slotAt(slot + 1_000));
  const reads = place.gate.calls.slice(calls).filter(({ operation }) => /^(GetItem|Query)$/.test(operation));
  expect(reads.map(({ operation }) => operation)).toEqual(['GetItem', 'GetItem', 'Query']);
  for (const { input } of reads) expect(input).toMatchObject({ ConsistentRead: true });
});

test('whoever takes over begins at nothing', async () => {
  await holdOf(await claim()).prolong({ visitors: 9, bytes: 9 });
  place.clock.time += leaseMs;
  await claim();
  expect(await place.claims().progress(groupid, slot)).toEqual({ status: 'taking', visitors: 0, bytes: 0 });
});

test('what the table refuses for other reasons is no answer', async () => {
  const hold = holdOf(await claim());
  place.gate.fateOf = () => ({ error: 'com.amazonaws.dynamodb.v20120810#AccessDeniedException' });
  await expect(claim()).rejects.toThrow(/AccessDenied|as the test has it/);
  await expect(hold.end('done')).rejects.toThrow();
  await expect(hold.release()).rejects.toThrow();
  await expect(place.claims().before(groupid, slot)).rejects.toThrow();
  await expect(place.claims().advance(groupid, undefined, slot)).rejects.toThrow();
});
