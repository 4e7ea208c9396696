import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { manifestKey, snapshotKey } from '../../../shared/snapshots/keys.ts';
import { slotAt, slotTime } from '../../../shared/snapshots/slot.ts';
import { run } from './running.ts';
import { slotsAgo, standIn, taken } from './snapshot/stand-in.ts';

const at = (page: string) => ({ url: `https://shop.example${page}`, title: 'Shop' });

/** Three snapshots, the second and third of which have a gap between. */
async function shop(groups?: Parameters<typeof standIn>[0]) {
  const place = await standIn(groups);
  await place.putSnapshot(slotsAgo(6), [at('/?a=1'), at('/cart'), {}], {
    previous: null,
    arrivals: null,
    departures: null,
  });
  await place.putSnapshot(slotsAgo(5), [at('/?a=2'), at('/#top'), at('/cart'), at('/help')]);
  await place.putManifest({ status: 'gap', groupid: '12345', snapshot: slotsAgo(4), reason: 'failed' });
  await place.putSnapshot(slotsAgo(2), [at('/cart')], {
    previous: slotsAgo(5),
    missed: 2,
    arrivals: 2,
    departures: 5,
  });
  return place;
}

const told = (args: readonly string[], env: Record<string, string | undefined> = {}) =>
  run('history', args, { input: '', env });

describe('the history of a group', () => {
  test('is a chart, the numbers, and the pages with the most visitors', async () => {
    const { local } = await shop();
    const { stdout, stderr, code } = await told([...local, '--last', '40m', '--top', '2']);
    expect([stderr, code]).toEqual(['', 0]);
    for (const part of [
      'Visitors of group 12345, ',
      '\n4 ┤',
      '░░░',
      'most         4, at ',
      'on average   2.7',
      'newest       1, at ',
      'snapshots    3',
      'changes      3 came, 6 left',
      '░ 2 snapshots are missing, of 5: nobody knows who was there then.',
      '  37.5 %  ████████████████████████  shop.example/\n',
      '  37.5 %  ████████████████████████  shop.example/cart\n',
      'Of 3 snapshots. A visitor counts once in each.',
      '1 of 8 had no page.',
    ])
      expect(stdout).toContain(part);
    expect(stdout).not.toContain('/help');
    expect(stdout).not.toContain('?a=');
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(110);
  });

  test('is one line of JSON for scripts, in which nobody knows is not nobody', async () => {
    const { local } = await shop();
    const { stdout, code } = await told([...local, '--last', '40m', '--json', '--top', '1']);
    expect([stdout.trimEnd().split('\n').length, code]).toEqual([1, 0]);
    const [first, second, lost, newest] = [6, 5, 4, 2].map((ago) => slotTime(slotsAgo(ago)));
    expect(JSON.parse(stdout)).toMatchObject({
      ...{
        groupid: '12345',
        snapshots: 3,
        missing: 2,
        arrivals: 3,
        departures: 6,
        compared: 2,
        unreadable: 0,
      },
      peak: { snapshot: second, visitors: 4 },
      newest: { snapshot: newest, visitors: 1 },
      series: [
        { snapshot: first, visitors: 3 },
        { snapshot: second, visitors: 4 },
        { snapshot: lost, visitors: null, reason: 'failed' },
        { snapshot: newest, visitors: 1 },
      ],
      gaps: [{ missing: 2 }],
      pages: {
        top: [{ page: 'shop.example/', visitors: 3, share: 0.375 }],
        ...{ visitors: 8, without: 1, beyond: 0, read: 3, of: 3, unreadable: 0 },
      },
    });
  });

  test('is of the time that was asked for', async () => {
    const { local, putManifest } = await standIn();
    const days = ['19', '20', '21', '22'].map((day) => Date.parse(`2026-10-${day}T00:00:00Z`));
    for (const [index, day] of days.entries()) await putManifest(taken(slotAt(day), { visitors: index }));
    const args = [...local, '--json', '--top', '0', '--from', '2026-10-20', '--to', '2026-10-21'];
    const { snapshots, series, pages } = JSON.parse((await told(args)).stdout);
    expect([snapshots, pages]).toEqual([2, null]);
    expect(series.map(({ visitors }: { visitors: number }) => visitors)).toEqual([1, 2]);
  });

  test('is that of the stage with --deployed, and of one group alone', async () => {
    const snapshots = { everyMinutes: 5 };
    const { environment, putSnapshot } = await shop({ groups: { 12345: { snapshots }, 777: { snapshots } } });
    await putSnapshot(slotsAgo(3), [at('/seven')], {
      groupid: '777',
      object: snapshotKey('777', slotsAgo(3)),
    });
    const { stdout } = await told(['777', '--deployed'], environment);
    expect(stdout).toContain('UTC, stage prod\n');
    expect(stdout).toContain('snapshots    1\n');
    expect(stdout).toContain('shop.example/seven');
    expect(stdout).not.toContain('cart');
  });

  test('where there is none, is told as such', async () => {
    const { local } = await standIn();
    const { stdout, code } = await told(local);
    expect([stdout.split('\n')[2], code]).toEqual(['There is no snapshot of that time.', 0]);
  });
});

test('what a visitor has for a page does nothing to the terminal', async () => {
  const { local, putSnapshot } = await standIn();
  await putSnapshot(slotsAgo(1), [{ url: 'app://\u001b[2J\u001b]0;owned\u0007\nx' }]);
  const { stdout } = await told(local);
  expect(stdout).toContain('app://\u{FFFD}[2J\u{FFFD}]0;owned\u{FFFD}\u{FFFD}x\n');
  expect(stdout).not.toMatch(/(?!\n)\p{C}/u);
});

test('what is damaged or gone is left out, and that is told', async () => {
  const { local, put, putManifest, putSnapshot } = await standIn();
  await putSnapshot(slotsAgo(4), [at('/whole')]);
  await putManifest(taken(slotsAgo(3)));
  await putManifest(taken(slotsAgo(2)));
  await put(snapshotKey('12345', slotsAgo(2)), 'no Zstandard');
  await put(manifestKey('12345', slotsAgo(1)), '{"status":"of another release"}');
  const { stdout, code } = await told(local);
  expect(code).toBe(0);
  for (const part of [
    'snapshots    3\n',
    '1 manifest is of no kind that this release knows, and left out.',
    '100.0 %  ████████████████████████  shop.example/whole',
    'Of 1 snapshot. A visitor counts once in each.',
    '2 snapshots could not be read to the end.',
  ])
    expect(stdout).toContain(part);
});

test('of many snapshots, some are read for the pages, and with --all, all of them', async () => {
  const { local, putSnapshot } = await standIn();
  for (let ago = 202; ago > 0; ago--) await putSnapshot(slotsAgo(ago), [at('/')]);
  const { stdout } = await told(local);
  expect(stdout).toContain('Of 200 snapshots, evenly chosen among 202.');
  expect(stdout).toContain('With --all, all of them are read.');
  expect(stdout).toContain('it shows the one with the most visitors.');
  expect((await told([...local, '--all'])).stdout).toContain('Of 202 snapshots. A visitor');
});

test('a group without "url" is told that pages are not kept', async () => {
  const { local } = await shop({ groups: { 12345: { snapshots: { fields: ['title'] } } } });
  const { stdout } = await told(local);
  expect(stdout).toContain(
    'Pages are not kept: "fields" of the group in relay.config.ts does not have "url".',
  );
});

test('a report is written, and where, is told', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'presence-relay-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { local } = await shop();
  const file = path.join(folder, 'day.html');
  const { stdout, code } = await told([...local, '--report', file]);
  expect([stdout.trimEnd().split('\n').at(-1), code]).toEqual([`The report is in ${file}.`, 0]);
  expect(readFileSync(file, 'utf8')).toContain('<th scope="row">shop.example/cart</th>');
});

test('a bucket that is not to be had is told in one line', async () => {
  const { environment } = await standIn();
  const none = await standIn();
  const env = { ...environment, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${none.ports.relay}` };
  const { stdout, stderr, code } = await told(['--deployed'], env);
  expect([stdout, stderr.trimEnd().split('\n').length, code]).toEqual(['', 1, 1]);
  expect(stderr).toMatch(/^bucket snapshots-of-a-test could not be read: S3 did not answer/);
});

test.for([
  [['--last', '1y'], '--last is so many'],
  [['--from', '2026-11-20', '--last', '1h'], '--from or --last'],
  [['--top', '1001'], '--top is a whole number from 0 to 1000'],
  [['--report', 'week.pdf'], 'ends in .html or .svg'],
] as const)('called wrongly, %j, it says how, with exit code 2', async ([args, line]) => {
  const { stdout, stderr, code } = await told(args);
  expect([stdout, stderr.includes(line), code]).toEqual(['', true, 2]);
});

test('--help tells every option, the rights, and how it ends', async () => {
  const { stdout, code } = await told(['--help']);
  expect(code).toBe(0);
  for (const word of [
    ...[
      '[group]',
      '--last',
      '--from',
      '--to',
      '--top',
      '--all',
      '--report',
      '--deployed',
      '--port',
      '--json',
    ],
    ...['RELAY_STAGE', 'Exit code 0', 'lambda:GetFunctionConfiguration', 's3:ListBucket', 's3:GetObject'],
  ])
    expect(stdout).toContain(word);
  expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(120);
});
