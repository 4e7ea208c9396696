import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { createZstdCompress } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { region } from '../../../infra/local/account.ts';
import { startFunctionsApi } from '../../../infra/local/lambda/api.ts';
import { startSecretsManager } from '../../../infra/local/secrets/server.ts';
import { functionName, idKeyName } from '../../../infra/names.ts';
import { visitorDigest } from '../../../shared/snapshots/visitor-digest.ts';
import { lineOf, noon, slot, standIn } from './forget/stand-in.ts';
import { run, someAws } from './running.ts';

interface Options {
  ids?: 'plain' | 'digest';
  /** Of the secret; without it, there is none. */
  key?: string | undefined;
}

/** What a stage is on AWS, as far as this command goes. */
async function deployed({ ids = 'plain', key }: Options = {}) {
  const relay = await standIn();
  const secrets = await startSecretsManager({ port: 0 });
  if (key !== undefined) secrets.put(idKeyName('prod'), key);
  const environment = {
    RELAY_STAGE: 'prod',
    RELAY_GROUPS: '{}',
    RELAY_SNAPSHOTS: JSON.stringify({ 12345: { periodSeconds: 300, ids } }),
    RELAY_SNAPSHOT_BUCKET: relay.bucket,
    RELAY_SIGNAL_TABLE: relay.table,
    RELAY_BUS: 'bus',
  };
  const target = { invoke: () => Promise.reject(new Error('nobody shall call it')) };
  const functions = { [functionName('prod', 'snapshot')]: { target, environment } };
  const api = await startFunctionsApi({ port: 0, functions });
  onTestFinished(async () => {
    await Promise.all([api.close(), secrets.close()]);
  });
  const env = {
    ...someAws,
    AWS_REGION: region,
    AWS_ENDPOINT_URL_S3: relay.gate.url,
    AWS_ENDPOINT_URL_LAMBDA: api.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
  };
  return {
    ...relay,
    env,
    async forget(args: readonly string[], more: object = {}) {
      const result = await run('forget', args, { input: '', env: { ...env, ...more } });
      return { ...result, said: result.stdout.replaceAll(/\s+/g, ' ') };
    },
  };
}

const ada = lineOf('ada');
const grace = lineOf('grace');

describe('a person', () => {
  test('is removed from all snapshots, and it is told what else there may be', async () => {
    const relay = await deployed({ key: 'not-to-be-guessed' });
    const key = await relay.snapshot(noon, [ada, grace]);
    const other = await relay.snapshot(slot(1), [ada, ada], { groupid: '777' });
    await relay.snapshot(slot(2), [grace]);
    const { said, stdout, stderr, code } = await relay.forget(['ada', '--yes']);
    expect([stderr, code]).toEqual(['', 0]);
    expect(said).toContain('3 objects looked through: 3 lines are gone. 2 objects were rewritten');
    expect(said).toContain('npm run signals -- --visitor <id> --forget');
    for (const what of ['docs/privacy.md', 'state/', 'results/', 'events', 'next snapshot', 'age'])
      expect(said).toContain(what);
    expect(stdout).not.toContain('ada');
    expect([await relay.lines(key), await relay.lines(other)]).toEqual([[grace], []]);
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(110);
  });

  test('that is in none of them is told so', async () => {
    const relay = await deployed({ key: 'not-to-be-guessed' });
    await relay.snapshot(noon, [grace]);
    const { said, code } = await relay.forget(['ada', '--yes']);
    expect([said.includes('1 object looked through: the person is in none of them.'), code]).toEqual([
      true,
      0,
    ]);
  });

  test('of a group that has no snapshots was looked for nowhere, which is told', async () => {
    const relay = await deployed({ key: 'not-to-be-guessed' });
    const key = await relay.snapshot(noon, [ada]);
    const { said, code } = await relay.forget(['ada', '--yes', '--group', '1234']);
    expect(said).toContain('There are no snapshots of group 1234, so nothing was looked through.');
    expect([said.includes('none of them'), await relay.lines(key), code]).toEqual([false, [ada], 0]);
  });

  test('is found where digests stand in the place of ids, and where they stood once', async () => {
    const relay = await deployed({ ids: 'digest', key: 'not-to-be-guessed' });
    const digest = visitorDigest('not-to-be-guessed', '12345')('ada');
    const key = await relay.snapshot(noon, [lineOf(digest), ada, grace]);
    const { stdout } = await relay.forget(['ada', '--yes', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ removed: 2, digests: true, left: [] });
    expect(await relay.lines(key)).toEqual([grace]);
  });

  test('is looked for without digests where the key is not to be had, which is told', async () => {
    const relay = await deployed();
    const key = await relay.snapshot(noon, [ada, grace]);
    const { said, code } = await relay.forget(['ada', '--yes']);
    expect(said).toContain('Digests of the id were not looked for: secret presence-relay/prod/signal-ids');
    expect([await relay.lines(key), code]).toEqual([[grace], 0]);
  });

  test('is not looked for where digests stand for sure, and their key is not to be had', async () => {
    const relay = await deployed({ ids: 'digest' });
    const key = await relay.snapshot(noon, [ada, grace]);
    const { stdout, stderr, code } = await relay.forget(['ada', '--yes']);
    expect([stdout, code]).toEqual(['', 1]);
    expect(stderr).toMatch(/^secret presence-relay\/prod\/signal-ids does not exist in us-east-1; .*\n$/);
    expect(await relay.lines(key)).toEqual([ada, grace]);
  });

  test('may have an id that Glance would not take', async () => {
    const relay = await deployed({ key: 'not-to-be-guessed' });
    const key = await relay.snapshot(noon, [lineOf('Ada "Lovelace" é'), grace]);
    const { stderr, code } = await relay.forget(['Ada "Lovelace" é', '--yes']);
    expect([stderr, code]).toEqual(['Glance takes no such visitor id; it is looked for all the same.\n', 0]);
    expect(await relay.lines(key)).toEqual([grace]);
  });
});

test('--dry-run tells how much it would be, and changes nothing', async () => {
  const relay = await deployed({ key: 'not-to-be-guessed' });
  const key = await relay.snapshot(noon, [ada, ada, grace]);
  const { said, code } = await relay.forget(['ada', '--dry-run']);
  expect(said).toBe(
    '1 object looked through: the person is in 1 of them, with 2 lines. Nothing was changed. ',
  );
  expect([await relay.lines(key), code]).toEqual([[ada, ada, grace], 0]);
});

test('nothing is removed where there is nobody to ask', async () => {
  const relay = await deployed({ key: 'not-to-be-guessed' });
  const key = await relay.snapshot(noon, [ada, grace]);
  const { stderr, code } = await relay.forget(['ada']);
  expect([stderr, code]).toEqual(['this wants --yes, or --dry-run, where there is nobody to ask\n', 2]);
  expect(await relay.lines(key)).toEqual([ada, grace]);
});

test('a damaged object is named, all others are done, and the exit code tells', async () => {
  const relay = await deployed({ key: 'not-to-be-guessed' });
  const damaged = await relay.snapshot(noon, [ada]);
  await relay.put(damaged, 'nothing of the kind');
  const key = await relay.snapshot(slot(1), [ada, grace]);
  const { said, code } = await relay.forget(['ada', '--yes']);
  expect(said).toContain(`LEFT ${damaged}: it is damaged`);
  expect([await relay.lines(key), code]).toEqual([[grace], 1]);
});

test('what was done is told where the bucket refuses to go on', async () => {
  const relay = await deployed({ key: 'not-to-be-guessed' });
  await relay.snapshot(noon, [ada]);
  relay.gate.fateOf = ({ line }) =>
    line.startsWith(`PUT /${relay.bucket}/manifests/`) ? { error: 'AccessDenied', status: 403 } : undefined;
  const { said, stderr, code } = await relay.forget(['ada', '--yes']);
  expect(said).toContain('1 line is gone');
  expect(stderr).toMatch(
    /^bucket .* may not be written with these AWS credentials; they need s3:PutObject\n$/,
  );
  expect(code).toBe(1);
});

test('Ctrl-C ends it: what is done is done, and it can be run again', async () => {
  const relay = await deployed({ key: 'not-to-be-guessed' });
  const keys = await Promise.all(
    Array.from({ length: 12 }, (_, at) => relay.snapshot(slot(at), [ada, grace])),
  );
  const child = spawn(process.execPath, ['infra/cli/forget.ts', 'ada', '--yes', '--json'], {
    env: relay.env,
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  relay.gate.fateOf = async ({ method }) => {
    if (method !== 'PUT' || !child.kill('SIGINT')) return undefined;
    relay.gate.fateOf = () => undefined;
    await setTimeout(300);
    return undefined;
  };
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const { interrupted, rewritten } = JSON.parse(stdout);
  expect([interrupted, code]).toEqual([true, 130]);
  const held = await Promise.all(keys.map((key) => relay.lines(key)));
  expect(held.filter(({ length }) => length === 1)).toHaveLength(rewritten);
  expect(rewritten).toBeLessThan(12);
  const again = await relay.forget(['ada', '--yes', '--json']);
  expect(JSON.parse(again.stdout)).toMatchObject({ rewritten: 12 - rewritten });
});

test('a large object takes no more memory than a small one', async () => {
  const relay = await deployed({ key: 'not-to-be-guessed' });
  const peakOf = async (count: number) => {
    const key = await relay.snapshot(noon, [ada]);
    function* thousands() {
      for (let first = 0; first < count; first += 1_000) {
        const line = (at: number) =>
          lineOf(at % 1_000 === 7 ? 'ada' : `visitor-${at}`, `"${'x'.repeat(450)}${at}"`);
        yield Array.from({ length: 1_000 }, (_, at) => `${line(first + at)}\n`).join('');
      }
    }
    await relay.put(key, await buffer(Readable.from(thousands()).pipe(createZstdCompress())));
    const atEnd = 'process.on("exit",()=>process.stderr.write(String(process.resourceUsage().maxRSS)))';
    const peak = `data:text/javascript,${encodeURIComponent(atEnd)}`;
    const { stdout, stderr } = await relay.forget(['ada', '--yes', '--json'], {
      NODE_OPTIONS: `--import=${peak} --max-old-space-size=48`,
    });
    expect(JSON.parse(stdout)).toMatchObject({ rewritten: 1, removed: count / 1_000 });
    return Number(stderr) / 1_024;
  };
  const small = await peakOf(1_000);
  const large = await peakOf(100_000);
  expect(large - small).toBeLessThan(60);
});

test('a stage that is not deployed is told in one line', async () => {
  const relay = await deployed();
  const { stdout, stderr, code } = await relay.forget(['ada'], { RELAY_STAGE: 'test' });
  expect([stdout, stderr.trimEnd().split('\n').length, code]).toEqual(['', 1, 1]);
  expect(stderr).toContain('function presence-relay-test-snapshot does not exist');
});

test('a local run that is not up is told how to bring it up', async () => {
  const { stderr, code } = await run('forget', ['ada', '--local', '--port', '9'], { input: '' });
  expect([stderr.includes('npm start'), stderr.trimEnd().split('\n').length, code]).toEqual([true, 1, 1]);
});

test.for([
  ['nobody', [], 'whom? The visitor id'],
  ['two', ['ada', 'grace'], 'one visitor id, please'],
  ['an empty id', [''], 'a visitor id is 1 to 1000 characters'],
  ['a line break', ['a\nb'], 'a visitor id is 1 to 1000 characters'],
  ['a long id', ['x'.repeat(1_001)], 'a visitor id is 1 to 1000 characters'],
  ['a group of letters', ['ada', '--group', 'x'], '--group is digits'],
  ['both', ['ada', '--dry-run', '--yes'], '--dry-run or --yes, not both'],
  ['an unknown option', ['ada', '--go'], '--help tells more'],
] as const)('called wrongly, with %s, it says how, with exit code 2', async ([, args, line]) => {
  const { stdout, stderr, code } = await run('forget', args, { input: '' });
  expect([stdout, code]).toEqual(['', 2]);
  expect(stderr).toContain(line);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
});

test('--help tells every option, the rights, and how it ends', async () => {
  const { stdout, code } = await run('forget', ['--help'], { input: '' });
  expect(code).toBe(0);
  for (const word of [
    ...['--group', '--dry-run', '--yes', '--local', '--port', '--json', 'RELAY_STAGE', 'Exit code 0'],
    ...['s3:ListBucket', 's3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload', 's3:DeleteObjectVersion'],
    ...[
      'lambda:GetFunctionConfiguration',
      'secretsmanager:GetSecretValue',
      'kms:Decrypt',
      'kms:GenerateDataKey',
    ],
  ]) {
    expect(stdout).toContain(word);
  }
  expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(120);
});
