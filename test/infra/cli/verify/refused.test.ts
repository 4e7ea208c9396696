import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { CallTrouble } from '../../../../infra/cli/verify/call.ts';
import { forged, stale, unsigned } from '../../../../infra/cli/verify/refused.ts';
import { alone } from './aws-servers.ts';
import { caller, relayAt } from './called.ts';
import { iamGate } from './iam-gate.ts';

const behind = (_: unknown, response: ServerResponse) => void response.end('{}');

async function found(check: string, options: Partial<Parameters<typeof iamGate>[0]> = {}) {
  const relay = relayAt(await iamGate({ behind, ...options }));
  if (check === 'unsigned') return await unsigned(relay, alone());
  return await (check === 'forged' ? forged : stale)(relay, caller, alone());
}

describe.each(['unsigned', 'forged', 'stale'] as const)('%s:', (check) => {
  test('a relay that refuses is well', async () => {
    const { verdict, says } = await found(check);
    expect([verdict, says]).toEqual(['ok', expect.stringContaining('401 unauthenticated')]);
  });

  test('a relay that lets somebody in fails', async () => {
    const { verdict, says, hint } = await found(check, { isOpen: true });
    expect([verdict, says]).toEqual(['fail', expect.stringMatching(/not refused/)]);
    expect(hint).toContain('anybody may call that');
  });

  test('one that refuses in other words is warned of', async () => {
    const refuse = (response: ServerResponse) => void response.writeHead(403).end('{"message":"Forbidden"}');
    const { verdict, says } = await found(check, { refuse });
    expect([verdict, says]).toEqual([
      'warn',
      expect.stringMatching(/not in the words of the contract: .*403/),
    ]);
  });

  test('an address at which there is nothing is no refusal', async () => {
    const nowhere = relayAt('http://127.0.0.1:9');
    const made = check === 'unsigned' ? unsigned(nowhere, alone()) : forged(nowhere, caller, alone());
    await expect(made).rejects.toThrow(CallTrouble);
  });
});

test('whether a caller who is not let in anyway was refused for the signature is not claimed', async () => {
  const refuse = (response: ServerResponse) =>
    void response.writeHead(403).end('{"code":"forbidden-caller"}');
  const { verdict, says, hint } = await found('stale', { refuse });
  expect([verdict, says]).toEqual(['warn', expect.stringContaining('of somebody who may not call')]);
  expect(hint).toContain('--role');
});

test('a call that got through to something is not refused, whatever that answers', async () => {
  const refuse = (response: ServerResponse) => void response.writeHead(404).end();
  expect((await found('unsigned', { refuse })).verdict).toBe('fail');
  expect((await found('forged', { refuse })).verdict).toBe('fail');
});

test('what is no problem is not in the words of the contract, whatever its code', async () => {
  const refuse = (response: ServerResponse) => void response.writeHead(401).end('{"code":"unauthenticated"}');
  expect((await found('forged', { refuse })).verdict).toBe('warn');
});

test('a call of each endpoint is made without a signature, and one of an unknown path', async () => {
  const calls: string[] = [];
  const relay = relayAt(
    await iamGate({
      isOpen: true,
      behind: ({ method, url = '' }, response) => {
        calls.push(`${method} ${url.replace(/\?.*/, '')}`);
        response.end('{}');
      },
    }),
  );
  await unsigned(relay, alone());
  expect(calls).toEqual([
    'GET /lookupvisitor',
    'GET /findvisitor',
    'POST /signalvisitor',
    'GET /query',
    'GET /signals/presence-relay-verify',
    'DELETE /signals/presence-relay-verify',
    'GET /presence-relay-verify',
  ]);
});

test('a single method that is open is found, and named', async () => {
  const relay = relayAt(
    await iamGate({
      isOpen: true,
      behind: ({ url = '' }, response) =>
        void response.writeHead(url.startsWith('/query') ? 200 : 401).end('{"code":"unauthenticated"}'),
    }),
  );
  const { verdict, says } = await unsigned(relay, alone());
  expect([verdict, says]).toEqual([
    'fail',
    'not refused without a signature: GET /query: 200 unauthenticated',
  ]);
});
