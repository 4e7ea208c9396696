import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { startCron } from '../../../infra/local/cron.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-11-22T12:03:17.250Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

function toyCron(everySeconds: number) {
  const fired: { planned: string; at: string }[] = [];
  const cron = startCron({
    everySeconds,
    fire: (planned) => fired.push({ planned, at: new Date().toISOString() }),
  });
  onTestFinished(() => cron[Symbol.dispose]());
  return { cron, fired };
}

test('it fires at the full multiples of the day, and not at its start', async () => {
  const { fired } = toyCron(300);
  await vi.advanceTimersByTimeAsync(102_749);
  expect(fired).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(fired).toEqual([{ planned: '2026-11-22T12:05:00Z', at: '2026-11-22T12:05:00.000Z' }]);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(fired.map(({ planned }) => planned)).toEqual([
    '2026-11-22T12:05:00Z',
    '2026-11-22T12:10:00Z',
    '2026-11-22T12:15:00Z',
  ]);
});

test('once a day is at midnight, in UTC', async () => {
  const { fired } = toyCron(86_400);
  await vi.advanceTimersByTimeAsync(86_400_000);
  expect(fired.map(({ planned }) => planned)).toEqual(['2026-11-23T00:00:00Z']);
});

test('of the times that were slept through, the latest is fired, once', async () => {
  const { fired } = toyCron(60);
  vi.setSystemTime('2026-11-22T12:10:30Z');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(fired.map(({ planned }) => planned)).toEqual(['2026-11-22T12:11:00Z']);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(fired.map(({ planned }) => planned)).toEqual(['2026-11-22T12:11:00Z', '2026-11-22T12:12:00Z']);
});

test.each(['2026-11-22T12:03:00Z', '2026-11-22T12:04:01Z'])(
  'no time comes twice when the clock is set back: to %s',
  async (time) => {
    const { fired } = toyCron(60);
    await vi.advanceTimersByTimeAsync(60_000);
    vi.setSystemTime(time);
    await vi.advanceTimersByTimeAsync(Date.parse('2026-11-22T12:05:30Z') - Date.now());
    expect(fired.map(({ planned }) => planned)).toEqual(['2026-11-22T12:04:00Z', '2026-11-22T12:05:00Z']);
  },
);

test('nothing is fired after its end', async () => {
  const { cron, fired } = toyCron(60);
  await vi.advanceTimersByTimeAsync(60_000);
  cron[Symbol.dispose]();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(fired).toHaveLength(1);
});
