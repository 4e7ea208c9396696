import { expect, test } from 'vitest';
import type { DeployedGroup } from '../../../../infra/cli/verify/relay.ts';
import { refreshedTwice } from '../../../../infra/cli/verify/token.ts';
import { readRequest } from '../../../../shared/authorization/request.ts';
import { groupId } from '../../../../shared/presence/ids.ts';
import { readToken } from '../../../../shared/presence/token.ts';
import { note, standIn, token } from '../credentials/stand-in.ts';
import { alone } from './aws-servers.ts';
import { relayAt } from './called.ts';

const relay = relayAt('https://relay.example');

async function found(stack: Awaited<ReturnType<typeof standIn>>, wanted?: string, signal?: AbortSignal) {
  const surroundings = alone(signal);
  const one = await refreshedTwice(relay, wanted, surroundings, () => stack.place);
  return { ...one, told: surroundings.told };
}

test('a token is asked for twice, as an operator does, and replaced each time by another one', async () => {
  const stack = await standIn();
  stack.grants();
  const { verdict, says, told } = await found(stack);
  expect([verdict, says]).toEqual([
    'ok',
    expect.stringMatching(/^the token of group 12345 was replaced twice, .*: \d+\.\d s and \d+\.\d s$/),
  ]);
  expect(told[0]).toContain('a new token of group 12345, the first: 0 s');
  const requests = stack.messages.map(({ body }) => readRequest(body).because);
  expect(requests).toEqual(['operator', 'operator']);
  expect(new Set(stack.messages.map(({ deduplication }) => deduplication)).size).toBe(2);
  const value = readToken(stack.secrets.current(stack.place.token) ?? '').value;
  expect(says + told.join()).not.toContain(value.slice(0, 10));
});

test('one that is granted once, and then refused, fails with the reason', async () => {
  const stack = await standIn();
  stack.onMessage(async (vault) => {
    if (stack.messages.length === 1) await vault.putToken(stack.place.token, token());
    else await vault.putNote(stack.place.token, note());
  });
  const { verdict, says, hint } = await found(stack);
  expect([verdict, says]).toEqual([
    'fail',
    expect.stringContaining('the second new token: no new token (authorization-refused)'),
  ]);
  expect(hint).toContain('npm run credentials -- 12345');
});

test('a service that grants the same token again is found out', async () => {
  const stack = await standIn();
  const { value } = token();
  stack.onMessage((vault) => vault.putToken(stack.place.token, token({ value })));
  const { verdict, says } = await found(stack);
  expect([verdict, says]).toEqual(['warn', expect.stringContaining('one was granted that was there before')]);
  expect(says).not.toContain(value.slice(0, 10));
});

test('the group that is wanted is the one', async () => {
  const asked: string[] = [];
  const [group] = relay.groups;
  const groups = group ? [group, { ...group, groupid: groupId.parse('72') }] : [];
  const place = ({ groupid }: DeployedGroup) => {
    asked.push(groupid);
    throw new Error('enough');
  };
  await expect(refreshedTwice({ ...relay, groups }, '72', alone(), place)).rejects.toThrow('enough');
  expect(asked).toEqual(['72']);
});

test('an interruption ends it, before a second token is asked for', async () => {
  const stack = await standIn();
  const stop = new AbortController();
  stack.onMessage(() => Promise.resolve(stop.abort(new Error('enough'))));
  await expect(found(stack, undefined, stop.signal)).rejects.toThrow();
  expect(stack.messages).toHaveLength(1);
});

test('a group whose tokens come from elsewhere is told, and nothing is asked for', async () => {
  const stack = await standIn();
  const [group] = relay.groups;
  const groups = group ? [{ ...group, credentials: undefined }] : [];
  const { verdict, says } = await refreshedTwice({ ...relay, groups }, undefined, alone(), () => stack.place);
  expect([verdict, says]).toEqual(['warn', 'not checked: the tokens of all groups come from elsewhere']);
  expect(stack.messages).toEqual([]);
});
