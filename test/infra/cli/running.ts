import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');

interface Run {
  env?: Record<string, string | undefined>;
  /** Standard input; with nothing, it stays open and silent. */
  input?: string | undefined;
  folder?: string;
}

/** Nothing of the AWS settings of whoever runs this. */
const noAws = {
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  AWS_CONFIG_FILE: '/nonexistent',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
};
export const someAws = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none' };

/** What a program of `infra/cli` prints, and how it ends. */
export async function run(program: string, args: readonly string[], options: Run = {}) {
  const { env = {}, folder = root } = options;
  const child = spawn(process.execPath, [`infra/cli/${program}.ts`, ...args], {
    cwd: folder,
    env: { ...noAws, ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdin.on('error', () => undefined); // it need not read what it is given
  if (options.input !== undefined) child.stdin.end(options.input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { stdout, stderr, code };
}

/** A copy of the house that relays these groups. */
export function houseWith(groups: string): string {
  return houseOf(`export default { groups: ${groups} };\n`);
}

/** A copy of the house with this `relay.config.ts`. */
export function houseOf(config: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'presence-relay-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const part of ['infra', 'shared', 'package.json']) {
    cpSync(path.join(root, part), path.join(folder, part), { recursive: true });
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  writeFileSync(path.join(folder, 'relay.config.ts'), config);
  return folder;
}
