import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildLibrary } from '../../infra/library.ts';
import { startPresenceEmulator } from '../../infra/local/presence/emulator.ts';
import { connectVisitor } from '../support/visitor.ts';

const root = path.resolve(import.meta.dirname, '../..');

const program = `
import { PresenceClient } from 'presence-relay/presence/client';
import { serverRules } from 'presence-relay/presence/address';
import { groupId, visitorId } from 'presence-relay/presence/ids';
import { deadlineIn } from 'presence-relay/runtime/deadline';

const [, , presenceUrl, token] = process.argv;
const presence = new PresenceClient({
  groups: new Map([['12345', serverRules({ presence: presenceUrl })]]),
  tokens: { get: async () => token, instead: async () => undefined },
});
const message = { mtype: 'signal', data: { text: 'Hello' } };
const send = (id) => presence.signal(groupId.parse('12345'), visitorId.parse(id), message, deadlineIn(5_000));
console.log(await send('ada'), await send('nobody'));
await presence.close();
`;

const typedProgram = `
import { PresenceClient } from 'presence-relay/presence/client';
import { groupId, visitorId } from 'presence-relay/presence/ids';
import { deadlineIn } from 'presence-relay/runtime/deadline';
export async function send(presence: PresenceClient): Promise<'sent' | 'not-present'> {
  return presence.signal(groupId.parse('1'), visitorId.parse('a'), { mtype: 'signal', data: 1 }, deadlineIn(5));
}
// @ts-expect-error: a visitor id that nobody has checked
export const unchecked = (presence: PresenceClient) => presence.lookup(groupId.parse('1'), 'a', deadlineIn(5));
`;

const run = promisify(execFile);
let folder: string;
beforeAll(async () => {
  await mkdir(path.join(root, 'dist'), { recursive: true });
  folder = await mkdtemp(path.join(root, 'dist/program-'));
  await buildLibrary(path.join(folder, 'node_modules/presence-relay'));
});
afterAll(() => rm(folder, { recursive: true }));

test('a plain JavaScript program signals a visitor with the client alone', async () => {
  await using emulator = await startPresenceEmulator();
  await using visitor = await connectVisitor({ presenceUrl: emulator.url, groupid: 12345, visitorid: 'ada' });
  const { token } = emulator.issueToken({ groupid: 12345, seconds: 60 });
  const file = path.join(folder, 'program.mjs');
  await writeFile(file, program);

  const { stdout } = await run(process.execPath, [file, emulator.url, token]);

  expect(stdout).toBe('sent not-present\n');
  expect(await visitor.next()).toEqual({ mtype: 'signal', data: { text: 'Hello' } });
});

test('a typed program is checked against the types that come with it', async () => {
  const file = path.join(folder, 'program.mts');
  await writeFile(file, typedProgram);
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node'];
  await run(process.execPath, [tsc, '--ignoreConfig', ...options, file]);
});
