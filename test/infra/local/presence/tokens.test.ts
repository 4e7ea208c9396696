import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PresenceEmulator, startPresenceEmulator } from '../../../../infra/local/presence/emulator.ts';
import { Tokens } from '../../../../infra/local/presence/tokens.ts';
import { agentOf } from './agent.ts';

let emulator: PresenceEmulator;

beforeAll(async () => {
  emulator = await startPresenceEmulator({ groups: [12345, 777] });
});
afterAll(() => emulator.close());

async function answerTo(token: string): Promise<[number, unknown]> {
  const response = await agentOf(emulator, token).lookup('ada');
  return [response.status, await response.json()];
}

test('a token is a JWT that is good for as long as it says', async () => {
  const { token, expires } = emulator.issueToken({ groupid: 12345, minutes: 2 });
  const [header = '', claims = ''] = token
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString());
  expect(JSON.parse(header)).toEqual({ alg: 'HS256', typ: 'JWT' });
  expect(JSON.parse(claims)).toMatchObject({
    groupid: 12345,
    exp: Math.floor(Date.parse(expires) / 1000),
  });
  expect(Date.parse(expires) - Date.now()).toBeGreaterThan(118_000);
  expect(await answerTo(token)).toEqual([200, {}]);
});

test('a call without a token is 401', async () => {
  const response = await fetch(`${emulator.url}/lookupvisitor?groupid=12345&visitorid=ada`);
  expect([response.status, await response.json()]).toMatchObject([401, { err: 'authorization' }]);
});

test('an expired token is 401', async () => {
  const { token } = emulator.issueToken({ groupid: 12345, seconds: -1 });
  expect(await answerTo(token)).toEqual([401, { err: 'authorization', msg: 'The token has expired' }]);
});

test('a revoked token is 401, others are not', async () => {
  const { token } = emulator.issueToken({ groupid: 12345 });
  const other = emulator.issueToken({ groupid: 12345 });
  emulator.revoke(token);
  expect(await answerTo(token)).toMatchObject([401, { err: 'authorization' }]);
  expect(await answerTo(other.token)).toEqual([200, {}]);
});

test('when all tokens are revoked, only those issued later are good', async () => {
  const { token } = emulator.issueToken({ groupid: 12345 });
  emulator.revoke();
  expect(await answerTo(token)).toMatchObject([401, { err: 'authorization' }]);
  expect(await answerTo(emulator.issueToken({ groupid: 12345 }).token)).toEqual([200, {}]);
});

test("another group's token, and one without the privilege, are 403", async () => {
  expect(await answerTo(emulator.issueToken({ groupid: 777 }).token)).toMatchObject([
    403,
    { err: 'authorization' },
  ]);
  const { token } = emulator.issueToken({ groupid: 12345, presence: false });
  expect(await answerTo(token)).toMatchObject([403, { err: 'authorization' }]);
});

test('no token is issued for a group that there is not', () => {
  expect(() => emulator.issueToken({ groupid: 1 })).toThrow('no such group');
});

test('a token is checked with the key that the emulator was given', async () => {
  await using other = await startPresenceEmulator({ signingKey: 'known to the test' });
  const lookup = (token: string) => agentOf(other, token).lookup('ada');
  expect((await lookup(new Tokens('known to the test').issue({ groupid: 12345 }).token)).status).toBe(200);
  expect((await lookup(new Tokens('another').issue({ groupid: 12345 }).token)).status).toBe(401);
});

test('no other text passes for a token', () => {
  const tokens = new Tokens('key');
  const { token } = tokens.issue({ groupid: 12345 });
  const spoilt = fc
    .tuple(fc.nat(token.length - 1), fc.constantFrom(...'.-_abc019'))
    .map(([at, char]) => token.slice(0, at) + char + token.slice(at + 1))
    .filter((text) => text !== token);
  fc.assert(
    fc.property(fc.oneof(fc.string(), spoilt), (text) => {
      expect(() => tokens.check(text)).toThrow();
    }),
  );
});
