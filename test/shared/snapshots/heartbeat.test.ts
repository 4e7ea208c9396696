import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SlotLost } from '../../../shared/snapshots/errors.ts';
import { Heartbeat } from '../../../shared/snapshots/heartbeat.ts';

/** How long a claim holds without a sign of life: `claims.test.ts` has it. */
const leaseMs = 30_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A hold that answers so, and what it was told. */
function toyHold(answer: () => Promise<boolean>) {
  const told: { visitors: number; bytes: number }[] = [];
  const hold = {
    prolong(progress: { visitors: number; bytes: number }) {
      told.push(progress);
      return answer();
    },
  };
  return { hold, told };
}

test('a slot is prolonged many times within its lease, each time with how far it is', async () => {
  const { hold, told } = toyHold(() => Promise.resolve(true));
  using heartbeat = new Heartbeat(hold);
  heartbeat.visitors = 3;
  await vi.advanceTimersByTimeAsync(leaseMs / 6);
  heartbeat.visitors = 5;
  heartbeat.bytes = 700;
  await vi.advanceTimersByTimeAsync(leaseMs / 6);
  expect(told[0]).toEqual({ visitors: 3, bytes: 0 });
  expect(told.at(-1)).toEqual({ visitors: 5, bytes: 700 });
  expect(told.length).toBeGreaterThanOrEqual(4);
  expect(heartbeat.lost.aborted).toBe(false);
});

test('one that fails is followed by others, and ends nothing', async () => {
  const { hold, told } = toyHold(() => Promise.reject(new Error('no network')));
  using heartbeat = new Heartbeat(hold);
  await vi.advanceTimersByTimeAsync(leaseMs / 6);
  expect(told.length).toBeGreaterThan(1);
  expect(heartbeat.lost.aborted).toBe(false);
  await expect(heartbeat.beat(hold)).rejects.toThrow('no network');
});

test('whoever works hears of it when the slot is lost, and from then on at every beat', async () => {
  let isOurs = false;
  const { hold } = toyHold(() => Promise.resolve(isOurs));
  using heartbeat = new Heartbeat(hold);
  const heard = vi.fn();
  heartbeat.lost.addEventListener('abort', heard);
  await vi.advanceTimersByTimeAsync(leaseMs / 6);
  expect(heard).toHaveBeenCalledOnce();
  expect(heartbeat.lost.reason).toBeInstanceOf(SlotLost);
  isOurs = true;
  await expect(heartbeat.beat(hold)).rejects.toThrow(SlotLost);
});

test('it ends with the work', async () => {
  const { hold, told } = toyHold(() => Promise.resolve(true));
  new Heartbeat(hold)[Symbol.dispose]();
  await vi.advanceTimersByTimeAsync(leaseMs);
  expect(told).toEqual([]);
});
