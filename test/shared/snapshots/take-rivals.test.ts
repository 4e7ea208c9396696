import { PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { snapshotKey } from '../../../shared/snapshots/keys.ts';
import type { Slot } from '../../../shared/snapshots/slot.ts';
import type { GatedRequest } from '../../support/http-gate.ts';
import { group } from '../../support/presence-pair.ts';
import { minute, openSite, type Site } from './site.ts';

const plan = { periodSeconds: 3_600, leftAfter: 1 };
/** How long nobody else may take a slot whose worker gives no sign of life. */
const leaseMs = 60_000;

let site: Site;
beforeEach(async () => {
  site = await openSite();
  return () => site[Symbol.asyncDispose]();
});

function changes(): string[] {
  return site.events.map(({ type, detail: { visitorid } }) => `${type} ${visitorid}`).toSorted();
}

async function take(slot: Slot, ...visitors: readonly string[]): Promise<void> {
  site.visitors(...visitors);
  await site.take(slot, { plan });
}

/** What a run asks AWS for, such as `UpdateItem` and `PUT /bucket/key`. */
function nameOf({ operation, method, path }: GatedRequest): string {
  return operation ?? `${method} ${path}`;
}

async function callsOfOneRun(): Promise<readonly string[]> {
  await using other = await openSite();
  other.visitors('ada', 'bob');
  await other.take(minute(0), { plan });
  other.visitors('bob', 'cy');
  const calls: string[] = [];
  await other.take(minute(60), { plan, fateOf: (call) => void calls.push(nameOf(call)) });
  return calls;
}

const calls = await callsOfOneRun();
const storing = calls.findIndex((call) => /^PUT .*\/snapshots\//.test(call)) + 1;
const last = calls.length;

/** One run, held up at a call until the work is done. Tells what it asked for after that. */
async function heldUp(
  slot: Slot,
  isAt: (call: string, number: number) => boolean,
  work: () => Promise<void>,
) {
  const after: string[] = [];
  let isHeld = false;
  const fateOf = (call: GatedRequest, number: number) => {
    if (isHeld) after.push(nameOf(call));
    if (isHeld || !isAt(nameOf(call), number)) return undefined;
    isHeld = true;
    return work();
  };
  const { outcome } = await site.take(slot, { plan, fateOf });
  return { outcome, after };
}

describe('whoever is so slow that another one takes over', () => {
  const held = calls.map((call, index) => [index + 1, call.replace(/\/.*/s, '')] as const);

  test.each(held)('at call %i, %s, spoils nothing', async (at) => {
    await take(minute(0), 'ada', 'bob');
    site.visitors('bob', 'cy');
    const isAt = (_: string, number: number) => number === at;
    const { outcome, after } = await heldUp(minute(60), isAt, async () => {
      site.clock.time += leaseMs;
      await take(minute(60), 'bob', 'cy', 'late');
    });
    expect(outcome).toBe(at === 1 ? 'over' : 'being-taken');
    expect(after.filter((call) => /^PUT .*\/manifests\//.test(call))).toEqual([]);
    // To be overtaken is no failure.
    expect(site.log.filter(({ event }) => event !== 'snapshot taken')).toEqual([]);

    const ids = await site.idsIn(minute(60));
    const late = ids.includes('late') ? ['Visitor Arrived late'] : [];
    expect(changes()).toEqual(['Visitor Arrived cy', ...late, 'Visitor Left ada']);
    expect(await site.manifest(minute(60))).toMatchObject({
      visitors: ids.length,
      arrivals: ids.length - 1,
      departures: 1,
      bytes: (await site.store.bytes(snapshotKey(group, minute(60)))).length,
    });
    await take(minute(120), 'bob', 'cy', 'late');
    expect(changes()).toEqual(['Visitor Arrived cy', 'Visitor Arrived late', 'Visitor Left ada']);
  });
});

describe('a snapshot before it that is compared meanwhile', () => {
  const isCursor = (call: string, number: number) => call === 'PutItem' && number > 1;

  test.each([
    ['another one was compared before', ['ada', 'bob']],
    ['they are the first two, each hashed with a key of its own', undefined],
  ] as const)('is what it is compared with then: %s', async (_, first) => {
    if (first) await take(minute(0), ...first);
    site.visitors('bob', 'cy');
    await heldUp(minute(60), isCursor, () => take(minute(59), 'ada', 'bob'));
    expect(changes()).toEqual(['Visitor Arrived cy', 'Visitor Left ada']);
    expect(await site.manifest(minute(60))).toMatchObject({ arrivals: 1, departures: 1 });
  });
});

describe('of a worker who is dead', () => {
  async function dieAt(fatal: number): Promise<void> {
    await take(minute(0), 'ada', 'bob');
    site.visitors('bob', 'cy');
    const fateOf = (_: unknown, number: number) => (number < fatal ? undefined : 'unreached');
    await expect(site.take(minute(60), { plan, fateOf })).rejects.toThrow();
    site.clock.time += leaseMs;
  }

  test('the manifest ends the slot, whatever was removed from the visitors since', async () => {
    await dieAt(last);
    const known = await site.manifest(minute(60));
    const { s3, bucket: Bucket } = site.store;
    await s3.send(new PutObjectCommand({ Bucket, Key: snapshotKey(group, minute(60)), Body: 'anything' }));
    const told = site.told.length;
    expect(await site.take(minute(60), { plan })).toEqual({ outcome: 'taken', manifest: known });
    expect(await site.take(minute(60), { plan })).toEqual({ outcome: 'over' });
    expect(site.asked).toBe(2);
    expect(site.told).toHaveLength(told);
  });

  test('whoever was there is known to the slot after it, even if nobody ends this one', async () => {
    const cursorMoved = calls.lastIndexOf('PutItem') + 1;
    await dieAt(cursorMoved + 1);
    await take(minute(120), 'bob', 'cy', 'dan');
    expect(changes()).toEqual(['Visitor Arrived dan']);
  });
});

test('where only the last answer of the bucket is lost, the visitors are not asked for again', async () => {
  await take(minute(0), 'ada', 'bob');
  const fateOf = (_: unknown, number: number) => (number === storing ? 'unanswered' : undefined);
  expect(await site.take(minute(60), { plan, fateOf })).toMatchObject({ outcome: 'taken' });
  expect(site.asked).toBe(2);
});

describe('while visitors are still coming', () => {
  beforeEach(() => {
    // Heartbeats come when the test says so.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    return () => vi.useRealTimers();
  });

  test('others see how many there are, and whoever loses the slot stops with the next ones', async () => {
    const stopped = Promise.withResolvers<void>();
    site.reply = (response) => {
      response.on('close', stopped.resolve);
      response.writeHead(200, { 'content-type': 'application/json' });
      // They come for ever.
      const more = () => response.write('{"visitorid":"ada"},'.repeat(100), () => setTimeout(more, 10));
      response.write('[', more);
    };
    const slow = site.take(minute(0), { plan });
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(2_000);
      expect(await site.progress(minute(0))).toMatchObject({
        visitors: expect.toSatisfy((count) => count >= 100),
      });
    });
    site.clock.time += leaseMs;
    await take(minute(0), 'cy');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await slow).toEqual({ outcome: 'being-taken' });
    await stopped.promise;
    expect(await site.idsIn(minute(0))).toEqual(['cy']);
    expect(site.log.map(({ event }) => event)).toEqual(['snapshot taken']);
    expect(vi.getTimerCount()).toBe(0);
  });
});
