import { expect, test } from 'vitest';
import { progressText, snapshotLines, whyNone } from '../../../../infra/cli/snapshot/words.ts';
import type { GapManifest, TakenManifest } from '../../../../shared/snapshots/manifest.ts';
import { slotsAgo, taken } from './stand-in.ts';

const place = { log: 'the log', command: (text: string) => `npm run ${text}` };
const gap = (reason: GapManifest['reason']): GapManifest => ({
  ...{ status: 'gap', groupid: '12345', snapshot: slotsAgo(0), reason },
});

test.for([
  [{ outcome: 'being-taken' }, 'somebody else is taking it'],
  [{ outcome: 'over' }, 'that of this second is over, as when the schedule was faster; try again'],
  [{ outcome: 'gap', manifest: gap('late') }, 'is the clock of this machine right?'],
  [{ outcome: 'gap', manifest: gap('failed') }, 'every try failed, until half a period had passed; the log'],
] as const)('why there is no snapshot, is told (%#)', ([answer, says]) => {
  expect(whyNone(answer, place)).toContain(says);
});

const textOf = (part: Partial<TakenManifest>) =>
  snapshotLines(taken(slotsAgo(0), part), 'bucket', place).join('\n');

test.for([
  [{ previous: null, arrivals: null, departures: null }, 'not known: it is the first'],
  [{ arrivals: null, departures: null }, 'not known: a later snapshot was compared already'],
  [{ arrivals: 0, departures: 1_200 }, '0 came, 1,200 left since'],
] as const)('what changed, or why nobody knows, is told (%#)', ([part, says]) => {
  expect(textOf(part)).toContain(`changes     ${says}`);
});

test('a snapshot of nobody is told without dividing by nothing', () => {
  const text = textOf({ visitors: 0, bytes: 0, lineBytes: 0 });
  expect(text).toContain('visitors    0\nstored      0 bytes, of 0 bytes before compression\n');
});

test.for([
  [45, '45 ms'],
  [999, '999 ms'],
  [1_400, '1.4 s'],
] as const)('how long it took is never nothing (%i ms)', ([durationMs, says]) => {
  expect(textOf({ durationMs })).toContain(`took        ${says}\n`);
});

test('how far it is, is told from the beginning to the end', () => {
  const far = { visitors: 12_345, bytes: 1_258_291 };
  expect([
    progressText(undefined),
    progressText({ status: 'taking', ...far }),
    progressText({ status: 'written', ...far }),
  ]).toEqual([
    'asking for it …',
    'taking it: 12,345 visitors, 1.2 MiB',
    'comparing it: 12,345 visitors, 1.2 MiB',
  ]);
});
