import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compare, firstState } from '../../../shared/snapshots/compare.ts';
import { slotAt } from '../../../shared/snapshots/slot.ts';
import { readState, type State, writeState } from '../../../shared/snapshots/state.ts';
import { hashesOf, numbersOf } from './hashes.ts';

const names = fc.uniqueArray(fc.string({ maxLength: 12 }), { maxLength: 60 });
const seconds = fc.integer({ min: 0, max: 0xffff_fff0 });

const state = fc
  .record({
    key: fc.uint8Array({ minLength: 8, maxLength: 8 }),
    names,
    cut: fc.nat(60),
    at: seconds,
    later: fc.nat(8),
  })
  .map(({ key, names: all, cut, at, later }): State => {
    const first = { ...firstState(key, slotAt(at * 1_000), hashesOf(all)), key };
    return compare(first, hashesOf(all.slice(0, cut)), slotAt((at + later) * 1_000), 4).state;
  });

/** In a form that can be compared, wherever the numbers lie in memory. */
function plain({ key, slot, present, missing }: State) {
  return {
    key: [...key],
    slot,
    present: numbersOf(present),
    missing: numbersOf(missing.hashes),
    lastSeen: [...missing.lastSeen],
    times: [...missing.times],
  };
}

test('a state that is read is the one that was written, wherever its bytes lie in memory', () => {
  fc.assert(
    fc.property(state, fc.nat(9), (written, shift) => {
      const bytes = writeState(written);
      const moved = Buffer.concat([Buffer.alloc(shift), bytes]).subarray(shift);
      expect(plain(readState(bytes))).toEqual(plain(written));
      expect(plain(readState(moved))).toEqual(plain(written));
    }),
  );
});

test('a state that is cut off anywhere, or goes on, is refused', () => {
  fc.assert(
    fc.property(state, fc.uint8Array({ minLength: 1, maxLength: 20 }), (written, more) => {
      const bytes = writeState(written);
      for (let length = 0; length < bytes.length; length++) {
        expect(() => readState(bytes.subarray(0, length))).toThrow('not the state of a snapshot');
      }
      expect(() => readState(Buffer.concat([bytes, more]))).toThrow('not the state of a snapshot');
    }),
    { numRuns: 30 },
  );
});

test('a flipped bit anywhere is refused', () => {
  fc.assert(
    fc.property(state, (written) => {
      const bytes = writeState(written);
      for (let at = 0; at < bytes.length; at++) {
        const flipped = Buffer.from(bytes);
        flipped[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
        expect(() => readState(flipped)).toThrow('not the state of a snapshot');
      }
    }),
    { numRuns: 30 },
  );
});

test('what is no state at all is refused, without a word of it in the message', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(() => readState(Buffer.from(bytes))).toThrow(
        /^this is not the state of a snapshot: it [a-z0-9, ]+$/,
      );
    }),
  );
});

test('what is read does not change the key with the bytes that it came in', () => {
  const bytes = writeState(firstState(new Uint8Array(8).fill(7), slotAt(0), hashesOf(['ada'])));
  const { key } = readState(bytes);
  bytes.fill(0);
  expect([...key]).toEqual(Array(8).fill(7));
});

test('the bytes are laid out as they are described', () => {
  const before = firstState(Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]), slotAt(1_000), {
    count: 2,
    words: Uint32Array.from([0x11, 0x12, 0x21, 0x22]),
  });
  const now = { count: 1, words: Uint32Array.from([0x21, 0x22]) };
  const bytes = writeState(compare(before, now, slotAt(0x01020304 * 1_000), 2).state);
  expect(bytes.toString('latin1', 0, 8)).toBe('prstate1');
  expect(bytes.toString('hex', 8, 16)).toBe('0102030405060708');
  expect(bytes.toString('hex', 20)).toBe(
    ['04030201', '01000000', '01000000', '2100000022000000', '1100000012000000', '01000000', '01000000'].join(
      '',
    ),
  );
});

test.each(['1969-12-31T23:59:59Z', '2106-02-07T06:28:16Z'])(
  'a slot that has no place, %s, is refused',
  (time) => {
    expect(() => writeState(firstState(new Uint8Array(8), slotAt(Date.parse(time)), hashesOf([])))).toThrow(
      RangeError,
    );
  },
);
