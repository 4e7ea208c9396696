import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { FunctionError } from '../../../infra/local/lambda/failure.ts';
import { writeManifest } from '../../../shared/snapshots/manifest.ts';
import { slotText } from '../../../shared/snapshots/slot.ts';
import { run } from './running.ts';
import { standIn, taken } from './snapshot/stand-in.ts';

const request = z.object({ groupid: z.string(), scheduledTime: slotText });

function takes(part: Partial<ReturnType<typeof taken>> = {}) {
  const events: unknown[] = [];
  const target = (event: unknown) => {
    events.push(event);
    const { scheduledTime, groupid } = request.parse(event);
    const manifest = taken(scheduledTime, { groupid, ...part });
    return Promise.resolve({ outcome: 'taken', manifest: JSON.parse(writeManifest(manifest)) });
  };
  return { events, target };
}

const told = (args: readonly string[], env: Record<string, string | undefined> = {}) =>
  run('snapshot', args, { input: '', env });

test('a snapshot of now is taken, once, and told', async () => {
  const { events, target } = takes({ visitors: 4_120, unnamed: 3, bytes: 1_258_291, lineBytes: 10_485_760 });
  const { local } = await standIn({ target });
  const before = Date.now();
  const { stdout, stderr, code } = await told(local);
  expect([stderr, code]).toEqual(['', 0]);
  expect(events).toHaveLength(1);
  const { groupid, scheduledTime } = request.parse(events[0]);
  expect(groupid).toBe('12345');
  expect(Math.abs(scheduledTime - before)).toBeLessThan(15_000);
  for (const line of [
    'Snapshot of group 12345, ',
    'visitors    4,120; 3 of them without an id',
    'stored      1.2 MiB, of 10 MiB before compression; 8.3 to 1',
    'took        1.4 s',
    'changes     1 came, 1 left since ',
    'object      s3://snapshots-of-a-test/snapshots/groupid=12345/day=',
    `"npm run history -- 12345 ${local.join(' ')}" shows it`,
  ])
    expect(stdout).toContain(line);
});

test('for scripts, it is one line of JSON', async () => {
  const { local } = await standIn(takes());
  const { stdout, code } = await told([...local, '--json']);
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  expect([JSON.parse(stdout), code]).toEqual([
    {
      ...{ groupid: '12345', outcome: 'taken', bucket: 'snapshots-of-a-test' },
      manifest: expect.objectContaining({
        status: 'taken',
        visitors: 3,
        snapshot: expect.stringMatching(/Z$/),
      }),
    },
    0,
  ]);
});

test('with --deployed, it is the stage on AWS', async () => {
  const { events, target } = takes();
  const { environment } = await standIn({ target });
  const { stdout, code } = await told(['--deployed'], environment);
  expect([events.length, code]).toEqual([1, 0]);
  expect(stdout).toContain('"npm run history -- 12345 --deployed" shows it');
});

test('a function that fails is called once; its error is told by its type, and nothing else of it', async () => {
  let calls = 0;
  const { local } = await standIn({
    target: () => {
      calls += 1;
      return Promise.reject(new FunctionError({ errorType: 'ScanError', errorMessage: 'tell-nobody' }));
    },
  });
  const { stdout, stderr, code } = await told(local);
  expect([stdout, calls, code]).toEqual(['', 1, 1]);
  expect(stderr).toBe(
    'the snapshot was not taken (ScanError); a line "snapshot | …" in the terminal of "npm start" tells why\n',
  );
});

test('where there is none, it is told why, with exit code 1', async () => {
  const manifest = { status: 'gap', groupid: '12345', snapshot: '2026-11-22T12:05:00Z', reason: 'late' };
  const { local } = await standIn({ target: async () => ({ outcome: 'gap', manifest }) });
  const { stdout, stderr, code } = await told(local);
  expect([stdout, code]).toEqual(['', 1]);
  expect(stderr).toMatch(/^No snapshot was taken: .* is the clock of this machine right\?\n$/);
  const json = await told([...local, '--json']);
  const { outcome, ...more } = JSON.parse(json.stdout);
  expect([outcome, more.manifest, json.code]).toEqual(['gap', manifest, 1]);
});

test('an answer of another release is told as such', async () => {
  const { local } = await standIn({ target: async () => ({ outcome: 'something-new' }) });
  const { stderr, code } = await told(local);
  expect([stderr.includes('answers otherwise than these commands know'), code]).toEqual([true, 1]);
});

test('a function of another release is told as such, and what it has in its environment is not', async () => {
  const { local } = await standIn({ variables: { RELAY_STAGE: 'local', RELAY_GROUPS: 'tell-nobody' } });
  const { stderr, code } = await told(local);
  expect([stderr, code]).toEqual([
    'function presence-relay-local-snapshot has an environment of another version; deploy the relay anew, and update these commands with it\n',
    1,
  ]);
});

test('of two groups with snapshots, one has to be named', async () => {
  const snapshots = { everyMinutes: 5 };
  const { events, target } = takes();
  const { local } = await standIn({ groups: { 12345: { snapshots }, 777: { snapshots }, 888: {} }, target });
  const which = await told(local);
  expect([which.stderr, which.code]).toEqual(['which group? there are snapshots of 777, 12345\n', 2]);
  expect((await told(['888', ...local])).stderr).toBe(
    'group 888 has no snapshots; there are snapshots of 777, 12345\n',
  );
  expect((await told(['777', ...local])).code).toBe(0);
  expect(events).toEqual([expect.objectContaining({ groupid: '777' })]);
});

test('where nothing takes snapshots, it is told how to have some', async () => {
  const { environment } = await standIn();
  const { stderr, code } = await told(['--deployed'], { ...environment, RELAY_STAGE: 'test' });
  expect([stderr, code]).toEqual([
    'function presence-relay-test-snapshot does not exist in us-east-1; no group of relay.config.ts has "snapshots", so none are taken; docs/snapshots.md tells how to have some\n',
    1,
  ]);
});

test('a local run that is not up is told how to bring it up', async () => {
  const { stderr, code } = await told(['--port', '9']);
  expect([stderr.includes('npm start'), stderr.trimEnd().split('\n').length, code]).toEqual([true, 1, 1]);
});

test.for([
  [['1', '2', '--deployed'], 'one group, please'],
  [['--deployed', '--port', '4800'], '--port is of the local run'],
  [['--nothing'], '--help tells more'],
] as const)('called wrongly, %j, it says how, with exit code 2', async ([args, line]) => {
  const { environment } = await standIn();
  const { stdout, stderr, code } = await told(args, environment);
  expect([stdout, stderr.includes(line), code]).toEqual(['', true, 2]);
});

test('--help tells every option, the rights, and how it ends', async () => {
  const { stdout, code } = await told(['--help']);
  expect(code).toBe(0);
  for (const word of [
    ...['[group]', '--deployed', '--port', '--json', 'RELAY_STAGE', 'Exit code 0'],
    ...['lambda:GetFunctionConfiguration', 'lambda:InvokeFunction', 'dynamodb:GetItem'],
  ])
    expect(stdout).toContain(word);
  expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(120);
});
