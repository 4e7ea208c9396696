import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromFirst, rangeOf } from '../../../../infra/cli/history/range.ts';
import { UsageError } from '../../../../infra/command.ts';

const now = Date.parse('2026-11-22T12:07:00Z');
const at = (time: string) => Date.parse(`${time}Z`);

test.for([
  [{}, '2026-11-21T12:07', '2026-11-22T12:07'],
  [{ last: '90m' }, '2026-11-22T10:37', '2026-11-22T12:07'],
  [{ last: '7d' }, '2026-11-15T12:07', '2026-11-22T12:07'],
  [{ last: '1h', to: '2026-11-20T06:00' }, '2026-11-20T05:00', '2026-11-20T06:00'],
  [{ from: '2026-11-20' }, '2026-11-20T00:00', '2026-11-22T12:07'],
  [{ from: '2026-11-20', to: '2026-11-20' }, '2026-11-20T00:00', '2026-11-21T00:00'],
  [{ from: '2026-11-20T06:30Z', to: '2026-11-20T06:30:30Z' }, '2026-11-20T06:30', '2026-11-20T06:30:30'],
] as const)('%j is from %s to %s', ([wish, from, to]) => {
  expect(rangeOf(wish, now)).toEqual({ from: at(from), to: at(to) });
});

test('now is the end of this minute, so that what was just taken belongs to it', () => {
  expect(rangeOf({}, now + 1)).toEqual({ from: at('2026-11-21T12:08'), to: at('2026-11-22T12:08') });
});

test.for([
  [{ from: '2026-11-20', last: '1h' }, '--from or --last'],
  [{ from: '2026-11-21', to: '2026-11-20' }, '--from is before --to'],
  [{ from: '2027-01-01' }, '--from is before --to'],
  [{ from: '2026-02-31' }, '--from is a day or a time'],
  [{ to: '2026-11-22T24:30' }, '--to is a day or a time'],
  [{ to: 'yesterday' }, '--to is a day or a time'],
  [{ last: '0h' }, '--last is so many'],
  [{ last: '4000d' }, '--last is so many'],
  [{ last: '2w' }, '--last is so many'],
  [{ from: '1999-01-01' }, 'more than ten years'],
] as const)('%j is refused: %s', ([wish, says]) => {
  expect(() => rangeOf(wish, now)).toThrow(expect.objectContaining({ name: 'UsageError' }));
  expect(() => rangeOf(wish, now)).toThrow(says);
});

test('whatever is given, is a range that has some length, or is refused', () => {
  const text = fc.option(
    fc.oneof(fc.string(), fc.stringMatching(/^2026-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z?)?$/)),
    {
      nil: undefined,
    },
  );
  fc.assert(
    fc.property(fc.record({ from: text, to: text, last: text }), (wish) => {
      try {
        const { from, to } = rangeOf(wish, now);
        expect(from).toBeLessThan(to);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
      }
    }),
  );
});

describe('without a wish', () => {
  const last24 = { from: at('2026-11-21T12:00'), to: at('2026-11-22T12:00') };

  test.each([
    ['there is no snapshot', [], last24.from],
    ['the first snapshot is older', ['2026-11-21T11:00'], last24.from],
    [
      'the first snapshot is of this morning',
      ['2026-11-22T09:00', '2026-11-22T08:00'],
      at('2026-11-22T08:00'),
    ],
    ['the first snapshot is of this minute', ['2026-11-22T11:59'], at('2026-11-22T11:50')],
  ])('where %s, the chart begins there, or a day ago', (_, snapshots, from) => {
    const manifests = snapshots.map((time) => ({ snapshot: at(time) }));
    expect(fromFirst(last24, manifests)).toEqual({ ...last24, from });
  });
});
