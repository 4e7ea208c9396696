import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { functions, snapshot, webhook } from '../../infra/functions.ts';
import { loadRelayConfig } from '../../infra/relay-config.ts';
import { groupsWithSnapshots } from '../../shared/api/config/snapshot-environment.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** In every process of the synthesis, npm and the CDK among them, a connection to another machine fails. */
const noNetwork = `--require ${JSON.stringify(path.join(root, 'test/support/no-network.cjs'))}`;

let house: string;

/** A copy of the house, so that its configuration can be changed. */
beforeAll(async () => {
  house = await mkdtemp(path.join(tmpdir(), 'synth-'));
  for (const name of [
    'functions',
    'infra',
    'shared',
    'relay.config.ts',
    'cdk.json',
    'package.json',
    'tsconfig.json',
  ])
    await cp(path.join(root, name), path.join(house, name), { recursive: true });
  await symlink(path.join(root, 'node_modules'), path.join(house, 'node_modules'), 'junction');
});
afterAll(() => rm(house, { recursive: true }));

function synth(environment: NodeJS.ProcessEnv = {}): Promise<{ code: number; said: string }> {
  const env = {
    PATH: process.env.PATH,
    HOME: house,
    NODE_OPTIONS: noNetwork,
    ...environment,
  };
  return new Promise((resolve) => {
    execFile('npm', ['run', '--silent', 'synth'], { cwd: house, env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, said: stdout + stderr });
    });
  });
}

test('A process without network cannot reach another machine, and can reach this one', async () => {
  const program = `
    const server = require('node:http').createServer((_, answer) => answer.end('here')).listen(0, '127.0.0.1', async () => {
      const own = await fetch('http://127.0.0.1:' + server.address().port).then((answer) => answer.text());
      const other = await fetch('http://192.0.2.1').catch((error) => String(error.cause ?? error));
      console.log(own, other);
      process.exit();
    });`;
  const said = await new Promise((resolve) => {
    execFile(process.execPath, ['-e', program], { env: { NODE_OPTIONS: noNetwork } }, (_, stdout) =>
      resolve(stdout),
    );
  });
  expect(said).toBe('here Error: no network: 192.0.2.1\n');
});

describe('npm run synth', () => {
  test('writes the template of the stage and its assets, with no network and no credentials', {
    timeout: 120_000,
  }, async () => {
    const { code, said } = await synth({ RELAY_STAGE: 'test' });
    expect([code, said]).toEqual([0, expect.stringContaining('alarms: nobody hears of them')]);
    const files = await readdir(path.join(house, 'cdk.out'));
    expect(files).toContain('presence-relay-test.template.json');
    const bundles = files.filter((name) => name.startsWith('asset.'));
    const config = await loadRelayConfig();
    const unused = [
      Object.keys(config.webhooks).length > 0 ? undefined : webhook,
      groupsWithSnapshots(config).length > 0 ? undefined : snapshot,
    ];
    const deployed = functions.filter((each) => !unused.includes(each));
    expect(bundles.length).toBe(deployed.length);
    for (const bundle of bundles)
      expect(await readFile(path.join(house, 'cdk.out', bundle, 'index.js'), 'utf8')).toContain('exports');
  });

  test('of a stage that cannot stand in a name says so', { timeout: 120_000 }, async () => {
    const { code, said } = await synth({ RELAY_STAGE: 'My Stage' });
    expect([code, said]).toEqual([
      expect.any(Number),
      expect.stringContaining('RELAY_STAGE: must be 1 to 20 characters'),
    ]);
    expect(code).not.toBe(0);
  });

  test('of a configuration with snapshots finds nothing wrong either', { timeout: 120_000 }, async () => {
    await writeFile(
      path.join(house, 'relay.config.ts'),
      `import { defineRelay } from './shared/api/config/relay.ts';
       export default defineRelay({
         groups: { 12345: { snapshots: { everyMinutes: 1 } }, 72: { snapshots: { everyMinutes: 1440 } } },
         callers: { desk: { groups: [72] } },
       });\n`,
    );
    const { code, said } = await synth({ RELAY_STAGE: 'test' });
    expect([code, said]).toEqual([0, expect.stringContaining('alarms: nobody hears of them')]);
    const template = await readFile(path.join(house, 'cdk.out/presence-relay-test.template.json'), 'utf8');
    expect(template).toContain('"presence-relay-test-snapshot"');
  });

  test('of a configuration with mistakes names every one, and writes nothing', {
    timeout: 120_000,
  }, async () => {
    await rm(path.join(house, 'cdk.out'), { recursive: true, force: true });
    await writeFile(
      path.join(house, 'relay.config.ts'),
      `import { defineRelay } from './shared/api/config/relay.ts';
       export default defineRelay({ groups: { 12345: { visitorids: 'loose' } }, callers: { desk: {} } } as never);\n`,
    );
    const { code, said } = await synth();
    expect(code).not.toBe(0);
    expect(said).toContain(
      'relay.config.ts: groups.12345.visitorids: must be "lax" or "strict"; callers.desk.groups: is missing',
    );
    const written = await readdir(path.join(house, 'cdk.out')).catch(() => []);
    expect(written.filter((name) => name.endsWith('.template.json'))).toEqual([]);
  });
});
