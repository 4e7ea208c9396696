import { describe, expect, test } from 'vitest';
import { snapshotKey } from '../../../shared/snapshots/keys.ts';
import { group } from '../../support/presence-pair.ts';
import { minute, openSite, type Site } from './site.ts';

const plan = { periodSeconds: 3_600, leftAfter: 1 };
/** How long nobody else may take a slot whose worker is dead. */
const leaseMs = 60_000;

async function openSiteWithHistory(): Promise<Site> {
  const site = await openSite();
  site.visitors('ada', 'bob');
  await site.take(minute(0), { plan });
  site.visitors('bob', 'cy');
  return site;
}

function changes(site: Site): string[] {
  return site.events.map(({ type, detail: { visitorid } }) => `${type} ${visitorid}`).toSorted();
}

async function callsOfOneRun(): Promise<number> {
  await using site = await openSiteWithHistory();
  let calls = 0;
  await site.take(minute(60), {
    plan,
    fateOf: (_, number) => {
      calls = number;
      return undefined;
    },
  });
  return calls;
}

const calls = await callsOfOneRun();

test('one run asks AWS a few times', () => {
  expect(calls).toBeGreaterThan(12);
  expect(calls).toBeLessThan(30);
});

describe.each(Array.from({ length: calls }, (_, at) => at + 1))('a worker who dies at call %i', (fatal) => {
  test.each(['unreached', 'unanswered'] as const)(
    'that was %s leaves a slot that the next one ends: one snapshot, each change told, and the next is right',
    async (fate) => {
      await using site = await openSiteWithHistory();
      await site
        .take(minute(60), {
          plan,
          fateOf: (_, number) => (number < fatal ? undefined : number === fatal ? fate : 'unreached'),
        })
        .catch(() => undefined);
      const told = changes(site);

      site.clock.time += leaseMs + 1_000;
      site.visitors('bob', 'cy', 'late');
      await site.take(minute(60), { plan });

      const ids = await site.idsIn(minute(60));
      // Those who were there for the first worker, or, if it had not stored them, for the second.
      expect([
        ['bob', 'cy'],
        ['bob', 'cy', 'late'],
      ]).toContainEqual(ids);
      const late = ids.includes('late') ? ['Visitor Arrived late'] : [];
      expect(changes(site)).toEqual(['Visitor Arrived cy', ...late, 'Visitor Left ada']);
      expect(changes(site)).toEqual(expect.arrayContaining(told));
      expect(await site.manifest(minute(60))).toMatchObject({
        status: 'taken',
        visitors: ids.length,
        arrivals: ids.length - 1,
        departures: 1,
        bytes: (await site.store.bytes(snapshotKey(group, minute(60)))).length,
        previous: minute(0),
      });
      expect(await site.store.keys('snapshots/')).toHaveLength(2);

      site.visitors('bob', 'cy', 'late');
      await site.take(minute(120), { plan });
      expect(changes(site)).toEqual(['Visitor Arrived cy', 'Visitor Arrived late', 'Visitor Left ada']);
    },
  );
});

describe('a worker whose bucket fails once', () => {
  test.each(Array.from({ length: calls }, (_, at) => at + 1))(
    'at call %i, ends the slot, or the next one does',
    async (failing) => {
      await using site = await openSiteWithHistory();
      const fateOf = (_: unknown, number: number) => (number === failing ? { status: 503 } : undefined);
      await site.take(minute(60), { plan, fateOf }).catch(() => undefined);
      await site.take(minute(60), { plan });
      expect(await site.manifest(minute(60))).toMatchObject({ status: 'taken', visitors: 2, departures: 1 });
      expect(changes(site)).toEqual(['Visitor Arrived cy', 'Visitor Left ada']);
    },
  );
});
