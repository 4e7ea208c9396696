import { expect, test } from 'vitest';
import { accountsAt } from '../../../infra/emulated/provision.ts';
import { startPresenceEmulator } from '../../../infra/local/presence/emulator.ts';

test('the accounts of the groups are those of the Presence emulator', async () => {
  await using emulator = await startPresenceEmulator({ groups: [1, 22, 333] });
  const found = await accountsAt(emulator.url, ['333', '1']);
  expect(found.map(({ groupid }) => groupid)).toEqual(['333', '1']);
  for (const { partneruserid, apikey } of found) expect([partneruserid, apikey]).not.toContain('');
});

test('a group that it does not serve is named, and what is none is told as that', async () => {
  await using emulator = await startPresenceEmulator({ groups: [1] });
  await expect(accountsAt(emulator.url, ['1', '2'])).rejects.toThrow(
    'does not serve group 2 of relay.config.ts',
  );
  const [named] = emulator.servers;
  await expect(accountsAt(named?.url ?? '', ['1'])).rejects.toThrow(
    'no Presence emulator answers at http://',
  );
  await expect(accountsAt('http://127.0.0.1:1', ['1'])).rejects.toThrow('npm run emulator starts one');
});
