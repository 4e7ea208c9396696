import { expect, test } from 'vitest';
import { signed } from '../../../../infra/cli/verify/signed.ts';
import { groupId } from '../../../../shared/presence/ids.ts';
import { alone } from './aws-servers.ts';
import { caller, relayAt } from './called.ts';
import { iamGate } from './iam-gate.ts';

interface Reply {
  readonly status?: number;
  readonly body: unknown;
}

async function found(answer: (url: URL) => Reply, groups = ['12345']) {
  const address = await iamGate({
    behind: ({ url = '' }, response) => {
      const { status = 200, body } = answer(new URL(url, 'http://relay'));
      response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body));
    },
  });
  const all = groups.map((id) => ({ groupid: groupId.parse(id), token: 't', credentials: undefined }));
  return await signed(relayAt(address, { groups: all }), caller, alone());
}

test('a visitor who cannot exist is looked up, under another name each time', async () => {
  const asked: (string | null)[] = [];
  for (const _ of [1, 2]) {
    const { verdict, says } = await found(({ pathname, searchParams }) => {
      asked.push(pathname, searchParams.get('visitorid'));
      return { body: {} };
    });
    expect([verdict, says]).toEqual([
      'ok',
      'a signed look-up of a visitor of group 12345 who cannot exist is answered: 200 {}',
    ]);
  }
  expect([asked[0], asked[1]]).toEqual(['/lookupvisitor', expect.stringMatching(/^verify-[0-9a-f]{16}$/)]);
  expect(asked[1]).not.toBe(asked[3]);
});

test('whoever may call for one group alone is asked about that one', async () => {
  const { verdict, says } = await found(
    ({ searchParams }) =>
      searchParams.get('groupid') === '72'
        ? { body: {} }
        : { status: 403, body: { code: 'forbidden-group' } },
    ['12345', '72'],
  );
  expect([verdict, says]).toEqual(['ok', expect.stringContaining('of group 72')]);
});

test('credentials that may not call are told which role may', async () => {
  const { verdict, says, hint } = await found(() => ({ status: 403, body: { code: 'forbidden-caller' } }));
  expect([verdict, says]).toEqual([
    'warn',
    expect.stringMatching(/may not call: they are of arn:.*agent-desk.*403 forbidden-caller/),
  ]);
  expect(hint).toContain('--role agent-desk');
});

test.each([
  ['upstream-authorization', 502, 'npm run credentials -- 12345 --again'],
  ['unauthenticated', 401, 'is the clock of this machine right?'],
  ['internal', 500, 'npm run probe -- 12345'],
])('%s fails, with what to do', async (code, status, what) => {
  const { verdict, says, hint } = await found(() => ({ status, body: { code } }));
  expect([verdict, says]).toEqual(['fail', expect.stringContaining(`${status} ${code}`)]);
  expect(hint).toContain(what);
});

test('an answer in no words of the contract is told by its status alone', async () => {
  const { says } = await found(() => ({ status: 500, body: { code: 'Ada <ada@shop.example>' } }));
  expect(says).toMatch(/is answered 500$/);
});

test('an interruption ends the call, with its reason', async () => {
  const stop = new AbortController();
  const address = await iamGate({ behind: () => stop.abort(new Error('enough')) });
  await expect(signed(relayAt(address), caller, alone(stop.signal))).rejects.toThrow('enough');
});

test('an answer that is somebody is a failure, and nothing of it is told', async () => {
  const { verdict, says, hint } = await found(() => ({
    body: { visitorid: 'ada', email: 'ada@shop.example' },
  }));
  expect(verdict).toBe('fail');
  expect(`${says}${hint}`).not.toContain('ada');
});
