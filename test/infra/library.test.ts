import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { buildLibrary } from '../../infra/library.ts';
import { startPresenceEmulator } from '../../infra/local/presence/emulator.ts';
import { connectVisitor } from '../support/visitor.ts';

const root = path.resolve(import.meta.dirname, '../..');

const program = `
import { PresenceClient } from './library/presence/client.js';
import { serverRules } from './library/presence/address.js';
import { groupId, visitorId } from './library/presence/ids.js';
import { deadlineIn } from './library/runtime/deadline.js';

const [, , presenceUrl, token] = process.argv;
const presence = new PresenceClient({
  groups: new Map([['12345', serverRules({ presence: presenceUrl })]]),
  tokens: { get: async () => token, refused() {} },
});
const message = { mtype: 'signal', data: { text: 'Hello' } };
const send = (id) => presence.signal(groupId.parse('12345'), visitorId.parse(id), message, deadlineIn(5_000));
console.log(await send('ada'), await send('nobody'));
await presence.close();
`;

test('a plain JavaScript program signals a visitor with the client alone', async () => {
  await mkdir(path.join(root, 'dist'), { recursive: true });
  const folder = await mkdtemp(path.join(root, 'dist/program-'));
  await using emulator = await startPresenceEmulator();
  await using visitor = await connectVisitor({ presenceUrl: emulator.url, groupid: 12345, visitorid: 'ada' });
  await buildLibrary(path.join(folder, 'library'));
  await writeFile(path.join(folder, 'program.mjs'), program);

  const { token } = emulator.issueToken({ groupid: 12345, seconds: 60 });
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [path.join(folder, 'program.mjs'), emulator.url, token]);

  expect(stdout).toBe('sent not-present\n');
  expect(await visitor.next()).toEqual({ mtype: 'signal', data: { text: 'Hello' } });
  await rm(folder, { recursive: true });
});
