import { describe, expect, onTestFinished, test } from 'vitest';
import { type PresenceEmulator, startPresenceEmulator } from '../../../infra/local/presence/emulator.ts';
import { startSecretsManager } from '../../../infra/local/secrets/server.ts';
import { secretName } from '../../../infra/names.ts';
import { freePorts } from '../../support/ports.ts';
import { type Secret, startSecrets } from '../../support/secrets-server.ts';
import { jwt } from '../../support/tokens.ts';
import { houseWith, run, someAws } from './running.ts';

const outcome = (args: readonly string[], options: object = {}) =>
  run('probe', args, { input: '', ...options });

/** What `npm start` brings up, as far as a probe sees it. */
async function localRun(secret: (emulator: PresenceEmulator) => string) {
  const port = await freePorts(6);
  const emulator = await startPresenceEmulator({ port: port + 1, groups: [12345] });
  const secrets = await startSecretsManager({ port: port + 5 });
  onTestFinished(async () => {
    await emulator.close();
    await secrets.close();
  });
  secrets.put(secretName('local', 12345), secret(emulator));
  return { emulator, local: ['--local', '--port', String(port)] };
}

const issued = (emulator: PresenceEmulator) => JSON.stringify(emulator.issueToken({ groupid: 12345 }));

describe('a local run', () => {
  test('that is well is told in a few lines, and exit code 0', async () => {
    const { emulator, local } = await localRun(issued);
    emulator.crowd(3);
    const { stdout, stderr, code } = await outcome(['12345', ...local]);
    expect([stderr, code]).toEqual(['', 0]);
    const steps = stdout.match(/^\S+ +\S+/gm)?.slice(0, 8);
    expect(steps?.map((step) => step.replace(/ +/, ' '))).toEqual([
      'ok configuration',
      'ok token',
      'ok lookup-absent',
      'ok find-absent',
      'ok query',
      'ok lookup-present',
      'ok find-present',
      'ok direct-server',
    ]);
    expect(stdout).toMatch(/\n\nAll is well\.\n$/);
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(110);
    expect(stdout).not.toMatch(/eyJ|crowd-|probe-/);
  });

  test('that is well is one line of JSON for scripts', async () => {
    const { local } = await localRun(issued);
    const { stdout, stderr, code } = await outcome([...local, '--json']);
    expect([stderr, code, stdout.trimEnd().split('\n').length]).toEqual(['', 0, 1]);
    expect(JSON.parse(stdout)).toMatchObject({
      groupid: '12345',
      ok: true,
      says: expect.stringContaining('All is well so far.'),
      steps: expect.arrayContaining([
        { name: 'token', verdict: 'ok', says: expect.stringMatching(/min left$/) },
        { name: 'direct-server', verdict: 'skipped', says: expect.any(String) },
      ]),
    });
  });

  test('whose direct server is not allowed is told what to add, with exit code 1', async () => {
    const { emulator, local } = await localRun(issued);
    emulator.crowd(1);
    const elsewhere = { kind: 'direct', host: 'pr10016.glance.net', port: 443 } as const;
    emulator.faults.add({ endpoint: 'findvisitor', visitorid: 'crowd-0', fault: elsewhere });
    const { stdout, code } = await outcome(['12345', ...local, '--visitor', 'crowd-0']);
    expect(stdout).toMatch(/^FAIL {2}direct-server {3}pr10016\.glance\.net:443 is refused/m);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      `add 'pr#####.glance.net' to "directServers" of group 12345`,
    );
    expect([code, stdout.includes('crowd-')]).toEqual([1, false]);
  });

  test('whose token is refused is told so once, with one hint', async () => {
    const { emulator, local } = await localRun(issued);
    emulator.revoke();
    const { stdout, code } = await outcome(['12345', ...local]);
    expect(stdout.match(/refused the token \(401\)/g)).toHaveLength(2);
    expect(stdout.match(/a token of this very group/g)).toHaveLength(1);
    expect([stdout.trimEnd().split('\n').at(-1), code]).toEqual([
      'Not well: lookup-absent, find-absent failed.',
      1,
    ]);
  });

  test('that is not up is told how to bring it up', async () => {
    const { stdout, code } = await outcome(['--local', '--port', String(await freePorts(6))]);
    expect(stdout).toMatch(/^FAIL {2}token /m);
    expect([stdout.includes('npm start'), code]).toEqual([true, 1]);
    expect(stdout).toMatch(/^skip {2}6 steps /m);
  });

  test('may be asked with a token of one’s own, from standard input', async () => {
    const { emulator, local } = await localRun(() => '{"state":"unset"}');
    const { token } = emulator.issueToken({ groupid: 12345 });
    const { stdout, code } = await outcome([...local, '--token-stdin'], { input: `${token}\n` });
    expect(stdout).toMatch(/^ok {4}token {11}standard input: a raw JWT; \d\d min left$/m);
    expect([code, stdout.includes(token)]).toEqual([0, false]);
  });
});

describe('on AWS', () => {
  const secret = secretName('prod', 12345);

  async function told(held: Secret, env: Record<string, string | undefined> = {}) {
    const secrets = await startSecrets({ [secret]: held });
    onTestFinished(() => secrets[Symbol.asyncDispose]());
    const found = { ...someAws, AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url };
    const { stdout, stderr, code } = await outcome(['12345'], { env: { ...found, ...env } });
    expect([stderr, code]).toEqual(['', 1]);
    return { said: stdout.replaceAll(/\s+/g, ' '), reads: secrets.reads };
  }

  test('a token that was never got is told with the command that has it got', async () => {
    const { said } = await told('{"state":"unset"}');
    expect(said).toContain(`FAIL token secret ${secret} holds no token yet`);
    expect(said).toContain('"npm run credentials -- 12345" stores them');
  });

  test('a command that is told is one for the same stage', async () => {
    const secrets = await startSecrets({ [secretName('test', 12345)]: '{"state":"unset"}' });
    onTestFinished(() => secrets[Symbol.asyncDispose]());
    const env = { ...someAws, AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url, RELAY_STAGE: 'test' };
    const { stdout } = await outcome(['12345'], { env });
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('"RELAY_STAGE=test npm run credentials -- 12345"');
  });

  test('a token that comes from outside is told with the command that puts it', async () => {
    const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:glance-AbCdEf';
    const folder = houseWith(`{ 12345: { secret: { arn: '${arn}' } } }`);
    const secrets = await startSecrets({ [arn]: '{"state":"unset"}' });
    onTestFinished(() => secrets[Symbol.asyncDispose]());
    const env = { ...someAws, AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url };
    const { stdout } = await outcome(['12345'], { env, folder });
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      `put-secret-value --secret-id ${arn} --secret-string file://token.txt`,
    );
  });

  test('a token that has expired is told with its time', async () => {
    const { said } = await told(jwt({ exp: 1_700_000_000 }));
    expect(said).toContain('expired at 2023-11-14T22:13:20.000Z');
    expect(said).not.toContain('eyJ');
  });

  test('RELAY_STAGE says whose secret is read', async () => {
    const { said, reads } = await told('', { RELAY_STAGE: 'test' });
    expect(reads).toEqual(['presence-relay/test/12345/token']);
    expect(said).toContain('does not exist in eu-west-1');
    expect(said).toContain('deploy the relay first');
  });

  test('missing credentials are told with what to set', async () => {
    const { said } = await told('', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' });
    expect(said).toContain('cannot be read without AWS credentials');
    expect(said).toContain('AWS_PROFILE');
  });

  test.for([undefined, '', 'nowhere at all'])(
    'a missing region (%j) is told with what to set',
    async (region) => {
      const { said } = await told('', { AWS_REGION: region });
      expect(said).toContain('no AWS region is set → set AWS_REGION');
    },
  );

  test('a secret of one’s own is read in its own region', async () => {
    const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:glance-AbCdEf';
    const folder = houseWith(`{ 777: { secret: { arn: '${arn}' } }, 778: {} }`);
    const secrets = await startSecrets({});
    onTestFinished(() => secrets[Symbol.asyncDispose]());
    const env = { ...someAws, AWS_REGION: undefined, AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url };
    const { stdout } = await outcome(['777'], { env, folder });
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`secret ${arn} does not exist in eu-central-1`);
  });
});

describe('called wrongly, it says how in one line, with exit code 2:', () => {
  const token = jwt();

  test.for([
    [['777'], 'group 777 is none of the configured groups; relay.config.ts has 12345'],
    [[token], 'that is none of the configured groups'],
    [['12345', token], 'one group, please; a token is read by --token-stdin'],
    [['--token', token], "Unknown option '--token'"],
    [['--visitor', 'a b'], '--visitor is 1 to 100 characters'],
    [['--port', '4800'], '--port goes with --local'],
    [['--local', '--port', 'x'], '--port is a whole number from 1 to'],
  ] as const)('%j', async ([args, line]) => {
    const { stdout, stderr, code } = await outcome(args);
    expect([stdout, code]).toEqual(['', 2]);
    expect(stderr).toContain(line);
    expect(stderr).not.toContain(token);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test('no group, where there are several', async () => {
    const { stderr, code } = await outcome([], { folder: houseWith('{ 777: {}, 778: {} }') });
    expect([stderr, code]).toEqual(['which group? relay.config.ts has 777, 778\n', 2]);
  });
});

test('--help tells every option, what it asks, and how it ends', async () => {
  const { stdout, stderr, code } = await outcome(['--help']);
  expect([stderr, code]).toEqual(['', 0]);
  for (const word of [
    '--visitor',
    '--token-stdin',
    '--local',
    '--port',
    '--json',
    'RELAY_STAGE',
    'Exit code 0',
    'no signal',
  ]) {
    expect(stdout).toContain(word);
  }
});
