import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startSchedule } from '../../../infra/local/schedule.ts';

/** What was sent: for when, and when. A `send` that fails is not among it. */
function toySchedule(everyMs: number, send: (time: Date) => void = () => {}) {
  const begin = Date.now();
  const sent: { planned: number; at: number }[] = [];
  const lines: string[] = [];
  const schedule = startSchedule({
    everyMs,
    log: (line) => lines.push(line),
    send: async (time) => {
      await send(time);
      sent.push({ planned: time.getTime() - begin, at: Date.now() - begin });
    },
  });
  onTestFinished(() => schedule.close());
  return { schedule, sent, lines };
}

/** As a machine that sleeps: nothing happens on this thread. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test('It fires at once, then at each interval from the start, without drift', async () => {
  const { sent } = toySchedule(100);
  await vi.waitFor(() => expect(sent).toHaveLength(6), { timeout: 5000 });
  for (const [index, { planned, at }] of sent.entries()) {
    expect(planned).toBeGreaterThanOrEqual(index * 100 - 5);
    expect(planned).toBeLessThan(index * 100 + 25);
    expect(at).toBeLessThan(index * 100 + 90);
  }
});

test('Intervals that were slept through do not come in a burst', async () => {
  const { sent } = toySchedule(100);
  block(450);
  await sleep(30);
  expect(sent).toHaveLength(2);
  expect(sent[1]?.planned).toBeGreaterThanOrEqual(395);
  await vi.waitFor(() => expect(sent).toHaveLength(3));
  expect(sent[2]?.planned).toBeLessThan(525);
});

test('A send that fails is tried again, for the same time', async () => {
  const times: number[] = [];
  const { sent, lines } = toySchedule(60_000, (time) => {
    if (times.push(time.getTime()) < 3) throw new Error('not now');
  });
  await vi.waitFor(() => expect(sent).toHaveLength(1), { timeout: 5000 });
  expect(times).toHaveLength(3);
  expect(new Set(times).size).toBe(1);
  expect(lines).toEqual([]);
});

test('A send that goes on failing is let go with a line, and the schedule goes on', async () => {
  let isDown = true;
  const { sent, lines } = toySchedule(2000, () => {
    if (isDown) throw new Error('queue is gone');
  });
  await vi.waitFor(() => expect(lines).toHaveLength(1), { timeout: 5000 });
  expect(lines[0]).toMatch(/^not sent, planned for \d{4}-\d\d-\d\dT.*Z: Error: queue is gone$/);
  isDown = false;
  await vi.waitFor(() => expect(sent).toHaveLength(1), { timeout: 5000 });
  expect(sent[0]?.planned).toBeGreaterThanOrEqual(1995);
});

test('Once closed it sends nothing more and says nothing', async () => {
  let attempts = 0;
  const { schedule, lines } = toySchedule(50, () => {
    attempts += 1;
    throw new Error('closed');
  });
  schedule.close();
  await sleep(300);
  expect(attempts).toBe(1);
  expect(lines).toEqual([]);
});
