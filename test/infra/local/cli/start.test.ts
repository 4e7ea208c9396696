import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { request } from 'undici';
import { expect, onTestFinished, test, vi } from 'vitest';
import { portCount } from '../../../../infra/local/ports.ts';
import { freePorts } from '../../../support/ports.ts';

const root = path.resolve(import.meta.dirname, '../../../..');

function start(args: readonly string[], folder = root) {
  const child = spawn(process.execPath, ['infra/local/cli/start.ts', ...args], { cwd: folder });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** All that it printed, and how it ended. */
async function ended(child: ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream }) {
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { stdout, stderr, code };
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  'It prints one line of JSON once ready, and %s ends it within a second with exit code 0',
  async (signal) => {
    const child = start(['--port', '0']);
    const lines: string[] = [];
    const output = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    await once(output, 'line');
    const addresses = JSON.parse(lines[0] ?? '');
    expect(addresses).toEqual({
      relay: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      presence: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      site: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      secrets: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      queues: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      table: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      events: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      bucket: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      functions: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      groupid: 12345,
    });
    const { statusCode, body } = await request(
      `${addresses.relay}/lookupvisitor?groupid=12345&visitorid=ada`,
    );
    expect([statusCode, await body.json()]).toEqual([200, {}]);

    const begin = Date.now();
    child.kill(signal);
    const [code] = await once(child, 'exit');
    expect([code, lines.length]).toEqual([0, 1]);
    expect(Date.now() - begin).toBeLessThan(1000);
  },
);

test('When its npm is told to end, it ends too', async () => {
  const npm = spawn('npm', ['start', '--silent', '--', '--port', '0'], { cwd: root });
  const [line] = await once(createInterface({ input: npm.stdout }), 'line');
  const { relay } = JSON.parse(line);
  npm.kill('SIGTERM');
  const isGone = () => expect(request(`${relay}/`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await vi.waitFor(isGone, { timeout: 2000 });
});

test('Ctrl-C in the middle of an answer ends it too', async () => {
  const child = start(['--port', '0']);
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { relay, presence } = JSON.parse(line);
  const crowd = {
    method: 'POST',
    body: '{"count":100000,"groupid":12345}',
    headers: { 'content-type': 'application/json' },
  } as const;
  const { statusCode } = await request(`${presence}/emulator/visitors`, crowd);
  expect(statusCode).toBe(200);
  const { body } = await request(`${relay}/query?groupid=12345`);
  const rest = expect(body.text()).rejects.toThrow();
  const begin = Date.now();
  child.kill('SIGINT');
  const [code] = await once(child, 'exit');
  expect([code, Date.now() - begin < 1000]).toEqual([0, true]);
  await rest;
});

test('A taken port is one clear line and exit code 1', async () => {
  const port = await freePorts(portCount);
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  expect(await ended(start(['--port', String(port)]))).toEqual({
    stdout: '',
    stderr: `Port ${port} is not to be had for the relay: it is taken\n`,
    code: 1,
  });
});

function copyOfTheHouse(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'presence-relay-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const part of ['infra', 'shared', 'functions', 'package.json', 'relay.config.ts']) {
    cpSync(path.join(root, part), path.join(folder, part), { recursive: true });
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  return folder;
}

test('A mistake in relay.config.ts is one clear line and exit code 1', async () => {
  const folder = copyOfTheHouse();
  const config = path.join(folder, 'relay.config.ts');
  writeFileSync(
    config,
    readFileSync(config, 'utf8').replace('12345: {}', "12345: { presence: 'http://a.example' }"),
  );
  const { stdout, stderr, code } = await ended(start(['--port', '0'], folder));
  expect([stdout, code]).toEqual(['', 1]);
  expect(stderr).toMatch(/^relay\.config\.ts: groups\.12345\.presence: must be https[^\n]*\n$/);
});

test.each([
  ['no default export', 'export const relay = {};\n', 'must have a default export, made by defineRelay'],
  ['a syntax error', 'export default defineRelay({;\n', ''],
  ['an import that fails', "export { default } from './elsewhere.ts';\n", ''],
])('%s in relay.config.ts is one clear line that names the file', async (_what, source, reason) => {
  const folder = copyOfTheHouse();
  writeFileSync(path.join(folder, 'relay.config.ts'), source);
  const { stdout, stderr, code } = await ended(start(['--port', '0'], folder));
  expect([stdout, code]).toEqual(['', 1]);
  expect(stderr).toMatch(/^relay\.config\.ts(:\d+)?: [^\n]+\n$/);
  expect(stderr).toContain(reason);
});

test('A failed build is one clear line and exit code 1', async () => {
  const folder = copyOfTheHouse();
  writeFileSync(path.join(folder, 'functions/query.ts'), 'export const handler = (;\n');
  const { stdout, stderr, code } = await ended(start(['--port', '0'], folder));
  expect([stdout, code]).toEqual(['', 1]);
  expect(stderr).toMatch(/^[^\n]*functions\/query\.ts:1:[^\n]*\n$/);
});

test.each([['--colour'], ['--port', 'http'], ['--port', '70000'], ['emulator']])(
  'Wrong options (%s %s) are one clear line and exit code 2',
  async (...args) => {
    const { stdout, stderr, code } = await ended(start(args));
    expect([stdout, code]).toEqual(['', 2]);
    expect(stderr).toMatch(/^[^\n]+\n$/);
  },
);

test('--help tells what there is', async () => {
  const { stdout, stderr, code } = await ended(start(['--help']));
  expect([stderr, code]).toEqual(['', 0]);
  expect(stdout).toMatch(/^ {2}--port <number> .*4700/m);
  for (const service of ['SQS (4706)', 'DynamoDB (4707)', 'EventBridge (4708)', 'S3 (4709)', 'Lambda (4710)'])
    expect(stdout).toContain(service);
  expect(stdout).toContain('up to 100 calls at the same time');
  expect(stdout).toContain('on Ctrl-C npm itself ends by the signal');
});
