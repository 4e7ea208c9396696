import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startSnapshots, withSnapshots } from '../../../infra/local/snapshots.ts';
import { defineRelay } from '../../../shared/api/config/relay.ts';
import { readSnapshotRequest } from '../../../shared/snapshots/request.ts';
import { slotTime } from '../../../shared/snapshots/slot.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-11-22T12:03:17Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What the function was asked for, for 30 minutes. */
async function asked(config: ReturnType<typeof defineRelay>): Promise<string[]> {
  const requests: string[] = [];
  const invoke = (event: unknown) => {
    const { groupid, slot } = readSnapshotRequest(event);
    return Promise.resolve(requests.push(`${groupid} ${slotTime(slot)}`));
  };
  using _ = startSnapshots({ config, target: { invoke }, log: () => {} });
  await vi.advanceTimersByTimeAsync(30 * 60_000);
  return requests;
}

test('the function is asked for each group that has snapshots, at its times', async () => {
  const config = defineRelay({
    groups: { 11: { snapshots: { everyMinutes: 15 } }, 22: {}, 33: { snapshots: { everyMinutes: 20 } } },
  });
  expect(await asked(config)).toEqual([
    '11 2026-11-22T12:15:00Z',
    '33 2026-11-22T12:20:00Z',
    '11 2026-11-22T12:30:00Z',
  ]);
});

test('nothing is asked for after its end', async () => {
  const config = defineRelay({ groups: { 11: { snapshots: { everyMinutes: 1 } } } });
  const before = await asked(config);
  const { length } = before;
  await vi.advanceTimersByTimeAsync(30 * 60_000);
  expect(before).toHaveLength(length);
});

test('locally every group has snapshots: its own, or one a minute', () => {
  const own = { everyMinutes: 15, fields: ['url'] };
  expect(withSnapshots(defineRelay({ groups: { 11: { snapshots: own }, 22: {} } })).groups).toMatchObject({
    11: { snapshots: own },
    22: { snapshots: { everyMinutes: 1, fields: 'all' } },
  });
});
