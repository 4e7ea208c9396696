import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { claimsOf, settingsOf, snapshotPlaceOf } from '../../../../infra/cli/snapshot/place.ts';
import { takeNow } from '../../../../infra/cli/snapshot/take-now.ts';
import { defineRelay } from '../../../../shared/api/config/relay.ts';
import { slotAt } from '../../../../shared/snapshots/slot.ts';
import { standIn } from './stand-in.ts';

test('whoever looks on sees how far it is, and nothing of that stays', async () => {
  const going = Promise.withResolvers<{ outcome: string }>();
  const { local } = await standIn({ target: () => going.promise });
  const [, port] = local;
  const place = snapshotPlaceOf({ local: true, port }, defineRelay({ groups: { 12345: {} } }));
  const { RELAY_SIGNAL_TABLE: table } = await settingsOf(place);
  const slot = slotAt(Date.now());
  const shown: (string | undefined)[] = [];
  const taking = takeNow(place, { groupid: '12345', slot, table }, (text) => void shown.push(text));

  await vi.waitFor(() => expect(shown).toContain('asking for it …'), 5_000);
  const claim = await claimsOf(place, table).claim('12345', slot);
  if (claim.outcome !== 'claimed') throw new Error(`it is ${claim.outcome}`);
  await claim.hold.prolong({ visitors: 1_200, bytes: 2_048 });
  await vi.waitFor(() => expect(shown).toContain('taking it: 1,200 visitors, 2 KiB'), 5_000);

  going.resolve({ outcome: 'over' });
  expect(await taking).toEqual({ outcome: 'over' });
  expect(shown.at(-1)).toBeUndefined();
  const count = shown.length;
  await sleep(700);
  expect(shown).toHaveLength(count);
});
