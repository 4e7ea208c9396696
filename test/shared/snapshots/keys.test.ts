import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  dayPrefix,
  groupPrefix,
  manifestKey,
  snapshotKey,
  stateKey,
} from '../../../shared/snapshots/keys.ts';
import { dayOf, slotAt } from '../../../shared/snapshots/slot.ts';

const keysOf = (time: string) => {
  const slot = slotAt(Date.parse(time));
  return [snapshotKey, manifestKey, stateKey].map((key) => key('12345', slot));
};

test('a slot has its objects below its group and its day', () => {
  expect(keysOf('2026-11-22T12:05:00Z')).toEqual([
    'snapshots/groupid=12345/day=2026-11-22/20261122T120500Z.jsonl.zst',
    'manifests/groupid=12345/day=2026-11-22/20261122T120500Z.json',
    'state/groupid=12345/day=2026-11-22/20261122T120500Z.ids',
  ]);
});

test.each([
  ['2026-11-22T23:59:59Z', '2026-11-22', '2026-11-23T00:00:00Z', '2026-11-23'],
  ['2026-11-30T23:55:00Z', '2026-11-30', '2026-12-01T00:00:00Z', '2026-12-01'],
  ['2026-02-28T23:55:00Z', '2026-02-28', '2026-03-01T00:00:00Z', '2026-03-01'],
  ['2028-02-28T23:55:00Z', '2028-02-28', '2028-02-29T00:00:00Z', '2028-02-29'],
  ['2028-02-29T23:55:00Z', '2028-02-29', '2028-03-01T00:00:00Z', '2028-03-01'],
  ['2100-02-28T23:55:00Z', '2100-02-28', '2100-03-01T00:00:00Z', '2100-03-01'],
  ['2026-12-31T23:55:00Z', '2026-12-31', '2027-01-01T00:00:00Z', '2027-01-01'],
])('%s is of the day %s, and %s of the day %s', (last, before, first, after) => {
  for (const key of keysOf(last)) expect(key).toContain(`/day=${before}/`);
  for (const key of keysOf(first)) expect(key).toContain(`/day=${after}/`);
});

test('within a kind and a group, keys are in the order of time', () => {
  const moment = fc.integer({ min: 0, max: Date.parse('9999-12-31T23:59:59Z') });
  fc.assert(
    fc.property(moment, moment, (one, other) => {
      const [first, second] = [slotAt(Math.min(one, other)), slotAt(Math.max(one, other))];
      for (const key of [snapshotKey, manifestKey, stateKey]) {
        expect(key('12345', first) < key('12345', second)).toBe(first !== second);
      }
    }),
  );
});

test('all of a day is below its prefix, all of a group below its own, and nothing of another group', () => {
  const slot = slotAt(Date.parse('2026-11-22T12:05:00Z'));
  for (const [kind, key] of [
    ['snapshots', snapshotKey],
    ['manifests', manifestKey],
    ['state', stateKey],
  ] as const) {
    expect(key('12345', slot).startsWith(dayPrefix(kind, '12345', dayOf(slot)))).toBe(true);
    expect(dayPrefix(kind, '12345', dayOf(slot)).startsWith(groupPrefix(kind, '12345'))).toBe(true);
    expect(key('123456', slot).startsWith(groupPrefix(kind, '12345'))).toBe(false);
  }
});

/** Hours that come twice, or never, somewhere; and midnights. */
const awkward = [
  // Europe/Berlin: 01:00 UTC.
  ...['2026-03-29T00:55:00Z', '2026-03-29T01:00:00Z', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'],
  // America/New_York: 07:00 and 06:00 UTC.
  ...['2026-03-08T06:55:00Z', '2026-03-08T07:00:00Z', '2026-11-01T05:30:00Z', '2026-11-01T06:30:00Z'],
  // Australia/Lord_Howe, by half an hour: 15:00 and 15:30 UTC of the day before.
  ...['2026-04-04T14:45:00Z', '2026-04-04T15:15:00Z', '2026-10-03T15:25:00Z', '2026-10-03T15:30:00Z'],
  ...['2026-12-31T23:55:00Z', '2027-01-01T00:00:00Z', '2028-02-29T12:00:00Z'],
];

const script = `
  const [keys, slot] = await Promise.all(process.argv.slice(1, 3).map((file) => import(file)));
  const ofText = (text) => slot.slotText.parse(text);
  const texts = process.argv.slice(3);
  console.log(JSON.stringify({
    offsets: [...new Set(texts.map((text) => new Date(text).getTimezoneOffset()))].length,
    keys: texts.map((text) => [keys.snapshotKey, keys.manifestKey, keys.stateKey].map((key) => key('12345', ofText(text)))),
  }));
`;
const files = ['keys.ts', 'slot.ts'].map((file) => {
  return new URL(`../../../shared/snapshots/${file}`, import.meta.url).href;
});

test.each(['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'])(
  'on a machine in %s all keys are the same, through both changes of its clocks',
  async (TZ) => {
    const options = { env: { ...process.env, TZ } };
    const given = ['--input-type=module', '--eval', script, ...files, ...awkward];
    const { stdout } = await promisify(execFile)(process.execPath, given, options);
    const { offsets, keys } = JSON.parse(stdout);
    expect(offsets).toBe(2);
    expect(keys).toEqual(awkward.map(keysOf));
    expect(new Set(keys.flat()).size).toBe(3 * awkward.length);
  },
);
