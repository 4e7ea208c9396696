import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleFunctions } from '../../../infra/bundle.ts';
import { type PresenceEmulator, startPresenceEmulator } from '../../../infra/local/presence/emulator.ts';
import { slotAt, slotTime } from '../../../shared/snapshots/slot.ts';
import { type Measured, measureSnapshots } from '../../support/measured-snapshots.ts';

let emulator: PresenceEmulator;
let folder: string;
beforeAll(async () => {
  emulator = await startPresenceEmulator({ groups: [12345] });
  folder = await mkdtemp(path.join(tmpdir(), 'million-'));
  await bundleFunctions(folder, { maps: false });
});
afterAll(async () => {
  await emulator.close();
  await rm(folder, { recursive: true });
});

/** The last of so many snapshots, by the built function in a process of its own. */
async function last(visitors: number, snapshots: number): Promise<Measured> {
  emulator.crowd(visitors);
  const { token } = emulator.issueToken({ groupid: 12345 });
  const times = Array.from({ length: snapshots }, (_, at) =>
    slotTime(slotAt(Date.now() - (snapshots - at) * 300_000)),
  );
  const bundle = path.join(folder, 'snapshot/index.js');
  const measured = (await measureSnapshots(bundle, emulator.url, { times, token })).at(-1);
  if (!measured) throw new Error('nothing was measured');
  return measured;
}

test('a million visitors fit into 256 MB, compared with a million before; it is little more than of a thousand', async () => {
  const few = await last(1_000, 2);
  const many = await last(1_000_000, 2);
  expect(few.answer).toMatchObject({ outcome: 'taken', manifest: { visitors: 1_000, arrivals: 0 } });
  expect(many.answer).toMatchObject({ outcome: 'taken', manifest: { visitors: 1_000_000, arrivals: 0 } });
  expect(many.peakBytes).toBeLessThan(256e6);
  expect(many.peakBytes - few.peakBytes).toBeLessThan(100e6);
});
