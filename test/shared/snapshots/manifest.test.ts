import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Manifest, readManifest, writeManifest } from '../../../shared/snapshots/manifest.ts';
import { slotAt } from '../../../shared/snapshots/slot.ts';

const slot = fc.integer({ min: 0, max: 253_402_300_799 }).map((seconds) => slotAt(seconds * 1_000));
const count = fc.nat(1_000_000_000);
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });

const taken = fc.record(
  {
    status: fc.constant('taken' as const),
    groupid: fc.string(),
    snapshot: slot,
    takenAt: slot.map((time) => new Date(time).toISOString()),
    durationMs: count,
    visitors: count,
    unnamed: count,
    object: fc.string(),
    bytes: count,
    lineBytes: count,
    forgotten: count,
    previous: orNull(slot),
    missed: count,
    arrivals: orNull(count),
    departures: orNull(count),
  },
  {
    requiredKeys: [
      'status',
      'groupid',
      'snapshot',
      'takenAt',
      'durationMs',
      'visitors',
      'unnamed',
      'object',
      'bytes',
      'lineBytes',
      'previous',
      'missed',
      'arrivals',
      'departures',
    ],
  },
);
const gap = fc.record({
  status: fc.constant('gap' as const),
  groupid: fc.string(),
  snapshot: slot,
  reason: fc.constantFrom('late' as const, 'failed' as const),
});

test('a manifest that is read is the one that was written, in one line', () => {
  fc.assert(
    fc.property(fc.oneof(taken, gap), (manifest) => {
      const text = writeManifest(manifest);
      expect(text).not.toContain('\n');
      expect(readManifest(text)).toEqual(manifest);
      expect(readManifest(`${text}\n`)).toEqual(manifest);
    }),
  );
});

const snapshot = slotAt(Date.parse('2026-11-22T12:05:00Z'));
const complete: Manifest = {
  status: 'taken',
  groupid: '12345',
  snapshot,
  takenAt: '2026-11-22T12:05:01.250Z',
  durationMs: 900,
  visitors: 3,
  unnamed: 1,
  object: 'snapshots/groupid=12345/day=2026-11-22/20261122T120500Z.jsonl.zst',
  bytes: 90,
  lineBytes: 400,
  previous: slotAt(snapshot - 300_000),
  missed: 0,
  arrivals: 1,
  departures: 0,
};

test('times stand in a manifest as people write them', () => {
  expect(JSON.parse(writeManifest(complete))).toMatchObject({
    snapshot: '2026-11-22T12:05:00Z',
    previous: '2026-11-22T12:00:00Z',
  });
  expect(JSON.parse(writeManifest({ ...complete, previous: null }))).toMatchObject({ previous: null });
  expect(writeManifest({ status: 'gap', groupid: '12345', snapshot, reason: 'late' })).toBe(
    '{"status":"gap","groupid":"12345","snapshot":"2026-11-22T12:05:00Z","reason":"late"}',
  );
});

test.each(['', 'null', '[]', '{}', '"taken"', '{"status":"gap"}', '{"status":"done"}'])(
  'what is no manifest is refused: %s',
  (text) => {
    expect(() => readManifest(text)).toThrow();
  },
);

test('a manifest that is cut off anywhere is refused', () => {
  const text = writeManifest(complete);
  for (let length = 0; length < text.length; length++) {
    expect(() => readManifest(text.slice(0, length))).toThrow();
  }
});

test('a manifest that lacks a field is refused, whichever it is', () => {
  const object: Record<string, unknown> = JSON.parse(writeManifest(complete));
  for (const name of Object.keys(object)) {
    const { [name]: _, ...rest } = object;
    expect(() => readManifest(JSON.stringify(rest)), name).toThrow();
  }
});

test.each([
  ['snapshot', '2026-02-30T00:00:00Z'],
  ['snapshot', snapshot],
  ['previous', '2026-11-22'],
  ['visitors', -1],
  ['visitors', 1.5],
  ['bytes', '90'],
  ['arrivals', -1],
  ['status', 'gap'],
  ['groupid', 12_345],
])('a manifest with the wrong %s, %j, is refused', (name, value) => {
  const object = { ...JSON.parse(writeManifest(complete)), [name]: value };
  expect(() => readManifest(JSON.stringify(object))).toThrow();
});
