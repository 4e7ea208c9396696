import { randomBytes } from 'node:crypto';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test } from 'vitest';
import { slotTime } from '../../../shared/snapshots/slot.ts';
import { group } from '../../support/presence-pair.ts';
import { cutBody, cutChunks, json, reset, status, text } from '../../support/presence-server.ts';
import { minute, openSite, type Site } from './site.ts';

let site: Site;
beforeEach(async () => {
  site = await openSite();
  return () => site[Symbol.asyncDispose]();
});

/** What changed, as the events tell it. */
function changes(): string[] {
  return site.events.map(({ type, detail }) => `${type} ${detail.visitorid ?? ''}`.trim());
}

describe('a snapshot', () => {
  test('holds everybody, one line each, and its manifest tells of it', async () => {
    site.visitors('ada', 'bob');
    const ended = await site.take(minute(0));
    expect(ended).toMatchObject({ outcome: 'taken', manifest: { visitors: 2, unnamed: 0 } });
    const [key = ''] = await site.store.keys('snapshots/');
    expect(key).toBe('snapshots/groupid=12345/day=2026-11-22/20261122T120000Z.jsonl.zst');
    expect((await site.store.lines(key)).map((line) => JSON.parse(line))).toEqual(
      ['ada', 'bob'].map((visitorid) => ({
        snapshot: '2026-11-22T12:00:00Z',
        visitor: { visitorid, url: 'https://shop.example/' },
        visitorid,
      })),
    );
    const known = await site.manifest(minute(0));
    expect(known).toMatchObject({
      status: 'taken',
      object: key,
      bytes: (await site.store.bytes(key)).length,
      previous: null,
      missed: 0,
      arrivals: null,
      departures: null,
    });
  });

  test('of nobody is one of nobody, and no gap', async () => {
    site.visitors();
    await site.take(minute(0));
    expect(await site.manifest(minute(0))).toMatchObject({ status: 'taken', visitors: 0 });
    expect(await site.idsIn(minute(0))).toEqual([]);
  });

  test('tells which one was before it, and how many are missing between', async () => {
    site.visitors('ada');
    await site.take(minute(0));
    await site.take(minute(1));
    await site.take(minute(4));
    expect(await site.manifest(minute(1))).toMatchObject({ previous: minute(0), missed: 0 });
    expect(await site.manifest(minute(4))).toMatchObject({ previous: minute(1), missed: 2 });
  });

  test('is taken once, however often its time is told', async () => {
    site.visitors('ada');
    await site.take(minute(0));
    site.visitors('bob');
    expect(await site.take(minute(0))).toEqual({ outcome: 'over' });
    expect(await site.idsIn(minute(0))).toEqual(['ada']);
    expect(site.asked).toBe(1);
  });

  test('that two take at once is taken by one of them', async () => {
    site.visitors('ada');
    const ended = await Promise.all([1, 2, 3].map(() => site.take(minute(0))));
    const outcomes = ended.map(({ outcome }) => outcome);
    expect(outcomes.filter((one) => one === 'taken')).toHaveLength(1);
    expect(outcomes.filter((one) => one === 'being-taken' || one === 'over')).toHaveLength(2);
    expect(site.asked).toBe(1);
  });

  test('half a period late is a gap, and not filled with those who are there now', async () => {
    site.visitors('ada');
    site.clock.time = minute(0) + 30_001;
    expect(await site.take(minute(0))).toMatchObject({ outcome: 'gap', manifest: { reason: 'late' } });
    expect(await site.store.keys('snapshots/')).toEqual([]);
    expect(await site.manifest(minute(0))).toEqual({
      status: 'gap',
      groupid: group,
      snapshot: minute(0),
      reason: 'late',
    });
    expect(site.asked).toBe(0);
  });

  test('tells when it was asked for, and how long it took', async () => {
    site.reply = (response, request) => {
      site.clock.time += 5_000;
      json([])(response, request);
    };
    await site.take(minute(0));
    const takenAt = '2026-11-22T12:00:00.000Z';
    expect(await site.manifest(minute(0))).toMatchObject({ takenAt, durationMs: 5_000 });
  });

  test('just within half a period is taken', async () => {
    site.visitors('ada');
    site.clock.time = minute(0) + 30_000;
    expect(await site.take(minute(0))).toMatchObject({ outcome: 'taken' });
  });

  test('goes in parts when it is long, and comes together again', async () => {
    const ids = Array.from({ length: 12_000 }, () => crypto.randomUUID());
    site.reply = json(ids.map((visitorid) => ({ visitorid, noise: randomBytes(750).toString('base64') })));
    const methods: string[] = [];
    const fateOf = ({ method, service }: { method: string; service: string }) => {
      if (service === 's3') methods.push(method);
      return undefined;
    };
    await site.take(minute(0), { partBytes: 5 * 2 ** 20, fateOf });
    // The upload is begun, and made whole.
    expect(methods.filter((method) => method === 'POST')).toHaveLength(2);
    expect(await site.idsIn(minute(0))).toEqual(ids);
  });
});

describe('an answer that is not whole', () => {
  test.each<[string, Parameters<typeof Object>[0]]>([
    ['is cut off by its length', cutBody],
    ['is cut off in the middle of a piece', cutChunks],
    ['ends in the middle of a visitor', text('{"visitors":[{"visitorid":"ada"},{"visi')],
    ['ends before the last bracket', text('[{"visitorid":"ada"}')],
    ['is of no known shape', json({ total: 3, page: {} })],
    ['is refused', status(403)],
    ['breaks off at once', reset],
  ])('that %s leaves nothing behind', async (_, reply) => {
    site.reply = reply as Site['reply'];
    await expect(site.take(minute(0), { plan: { periodSeconds: 3_600 } })).rejects.toThrow();
    expect(await site.store.keys()).toEqual([]);
    expect(site.log.every(({ event }) => event === 'snapshot failed')).toBe(true);
  });

  test('of which parts were stored already leaves none of them', async () => {
    const long = JSON.stringify([{ visitorid: 'ada', noise: randomBytes(6 * 2 ** 20).toString('base64') }]);
    site.reply = text(long.slice(0, -1));
    const s3: string[] = [];
    await expect(
      site.take(minute(0), {
        plan: { periodSeconds: 3_600 },
        timeMs: 10_000,
        partBytes: 5 * 2 ** 20,
        fateOf: ({ service, method }) => void (service === 's3' && s3.push(method)),
      }),
    ).rejects.toThrow();
    expect(s3.filter((method) => method === 'DELETE')).toHaveLength(
      s3.filter((one) => one === 'POST').length,
    );
    expect(s3).toContain('DELETE');
  });

  test('is asked for again, a few times', async () => {
    const whole = json([{ visitorid: 'ada' }]);
    let answers = 0;
    site.reply = (response, request) => (++answers < 3 ? cutChunks : whole)(response, request);
    expect(await site.take(minute(0), { plan: { periodSeconds: 3_600 } })).toMatchObject({
      outcome: 'taken',
    });
    expect(await site.idsIn(minute(0))).toEqual(['ada']);
  });

  test('makes a gap once half a period is over, and not before', async () => {
    // Whoever asks too late gets a whole answer, and must not take it.
    site.reply = (response, request) =>
      (site.clock.time > minute(0) + 2_000 ? json([]) : cutChunks)(response, request);
    expect(await site.take(minute(0), { plan: { periodSeconds: 4 } })).toMatchObject({
      outcome: 'gap',
      manifest: { reason: 'failed' },
    });
    expect(await site.store.keys('snapshots/')).toEqual([]);
  });

  test('that comes when it is too late makes a gap, even if there is no time for another try', async () => {
    site.reply = (response, request) => {
      site.clock.time += 30_001;
      cutChunks(response, request);
    };
    expect(await site.take(minute(0), { timeMs: 1_000 })).toMatchObject({
      outcome: 'gap',
      manifest: { reason: 'failed' },
    });
  });

  test('is not asked for again when there is no time to wait for it', async () => {
    site.reply = cutChunks;
    const taken = site.take(minute(0), { plan: { periodSeconds: 3_600 }, timeMs: 5_000 });
    await expect(taken).rejects.toThrow();
    expect(site.clock.sleeps).toEqual([2_000]);
  });

  test('is taken again by the next run', async () => {
    site.reply = cutChunks;
    const plan = { periodSeconds: 3_600 };
    await expect(site.take(minute(0), { plan })).rejects.toThrow();
    site.visitors('ada');
    expect(await site.take(minute(0), { plan })).toMatchObject({ outcome: 'taken' });
  });
});

describe('changes', () => {
  async function sequence(...snapshots: (readonly string[] | 'gap')[]): Promise<void> {
    for (const [at, ids] of snapshots.entries()) {
      if (ids === 'gap') continue;
      site.visitors(...ids);
      await site.take(minute(at));
    }
  }

  test('of the first snapshot are none', async () => {
    await sequence(['ada', 'bob']);
    expect(changes()).toEqual([]);
  });

  test('who comes is told of at once, with what is known of them', async () => {
    await sequence([], ['ada']);
    expect(site.events).toEqual([
      {
        type: 'Visitor Arrived',
        detail: {
          id: expect.stringMatching(/^[0-9a-f]{32}$/),
          groupid: group,
          visitorid: 'ada',
          snapshot: '2026-11-22T12:01:00Z',
          previous: '2026-11-22T12:00:00Z',
          missed: 0,
          visitor: { visitorid: 'ada', url: 'https://shop.example/' },
        },
      },
    ]);
  });

  test('who leaves is told of one snapshot later, with when they were last seen', async () => {
    await sequence(['ada'], []);
    expect(changes()).toEqual([]);
    site.visitors();
    await site.take(minute(2));
    expect(site.events.map(({ detail: { id: _, ...detail } }) => detail)).toEqual([
      {
        groupid: group,
        visitorid: 'ada',
        snapshot: '2026-11-22T12:02:00Z',
        lastSeen: '2026-11-22T12:00:00Z',
        missed: 0,
      },
    ]);
  });

  test('who is missing once and back has neither left nor come', async () => {
    await sequence(['ada'], [], ['ada'], ['ada']);
    expect(changes()).toEqual([]);
  });

  test('who left and comes back has come', async () => {
    await sequence(['ada'], [], [], ['ada']);
    expect(changes()).toEqual(['Visitor Left ada', 'Visitor Arrived ada']);
  });

  test('across a gap are told as such, and are no mass departure', async () => {
    await sequence(['ada', 'bob', 'cy'], 'gap', 'gap', ['bob', 'cy', 'dan']);
    expect(changes()).toEqual(['Visitor Arrived dan']);
    expect(site.events[0]?.detail).toMatchObject({ previous: slotTime(minute(0)), missed: 2 });
  });

  test('as many as wanted are told one by one, and each once, even of who was twice in the answer', async () => {
    site.reply = json([]);
    await site.take(minute(0));
    site.reply = json(['ada', 'bob', 'ada'].map((visitorid) => ({ visitorid })));
    await site.take(minute(1), { plan: { mostEvents: 2 } });
    expect(site.told.map(({ detail }) => detail.visitorid)).toEqual(['ada', 'bob']);
  });

  test('more than wanted are told by one event', async () => {
    const many = Array.from({ length: 101 }, (_, at) => `v${at}`);
    await sequence([], many);
    expect(site.events.map(({ detail: { id: _, ...detail } }) => detail)).toEqual([
      {
        groupid: group,
        snapshot: '2026-11-22T12:01:00Z',
        previous: '2026-11-22T12:00:00Z',
        missed: 0,
        visitors: 101,
        arrivals: 101,
        departures: 0,
      },
    ]);
    expect(await site.manifest(minute(1))).toMatchObject({ arrivals: 101, departures: 0 });
  });

  test('are none for a slot that comes after a later one was compared', async () => {
    site.visitors('ada');
    await site.take(minute(0), { plan: { periodSeconds: 3_600 } });
    site.visitors('ada', 'bob');
    await site.take(minute(2), { plan: { periodSeconds: 3_600 } });
    site.visitors('cy');
    await site.take(minute(1), { plan: { periodSeconds: 3_600 } });
    expect(changes()).toEqual(['Visitor Arrived bob']);
    expect(await site.manifest(minute(1))).toMatchObject({ visitors: 1, arrivals: null, departures: null });
  });

  test('begin anew when the last state is gone', async () => {
    await sequence(['ada']);
    const [state = ''] = await site.store.keys('state/');
    await site.store.s3.send(new DeleteObjectCommand({ Bucket: site.store.bucket, Key: state }));
    site.visitors('bob');
    await site.take(minute(1));
    site.visitors('bob', 'cy');
    await site.take(minute(2));
    expect(changes()).toEqual(['Visitor Arrived cy']);
  });

  test('name digests where digests are kept', async () => {
    const plan = { digest: (id: string) => `digest-of-${id.length}` };
    site.visitors();
    await site.take(minute(0), { plan });
    site.visitors('ada');
    await site.take(minute(1), { plan });
    expect(changes()).toEqual(['Visitor Arrived digest-of-3']);
    expect(JSON.stringify(site.told)).not.toContain('ada');
    expect(
      JSON.stringify(await site.store.lines((await site.store.keys('snapshots/'))[1] ?? '')),
    ).not.toContain('ada');
  });
});

describe('the log', () => {
  test('has the numbers of a snapshot as metrics of its group, and nobody in it', async () => {
    site.visitors();
    await site.take(minute(0));
    site.visitors('ada');
    await site.take(minute(1));
    expect(site.log.at(-1)).toMatchObject({
      event: 'snapshot taken',
      Group: group,
      VisitorsPresent: 1,
      VisitorArrivals: 1,
      VisitorDepartures: 0,
      SnapshotsTaken: 1,
      SnapshotAge: expect.any(Number),
    });
    expect(JSON.stringify(site.log)).not.toContain('ada');
  });

  test('says how old the newest one is while none succeeds', async () => {
    site.visitors('ada');
    await site.take(minute(0));
    site.clock.time = minute(10);
    await site.take(minute(9));
    expect(site.log.at(-1)).toMatchObject({
      event: 'snapshot missing',
      reason: 'late',
      SnapshotGaps: 1,
      SnapshotAge: 600_000,
    });
  });
});
