import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RelayUnderTest } from '../support/relay.ts';

let relay: RelayUnderTest;
beforeAll(async () => {
  relay = await RelayUnderTest.open();
});
afterAll(() => relay[Symbol.asyncDispose]());
beforeEach(() => relay.emulator('POST', '/reset', {}));

describe('a signal arrives whatever the Presence service answers with', () => {
  test.each([
    [{ find: 'nested' }],
    [{ find: 'nested-array' }],
    [{ find: 'without-host', loadBalanced: true }],
    [{ signalSuccess: 'empty' }],
    [{ signalSuccess: 'text' }],
    [{ contentType: 'text' }],
  ])('%j', async (switches) => {
    await relay.emulator('PATCH', '/switches', switches);
    const id = randomUUID();
    await using visitor = await relay.visitor(id);
    expect(await relay.signal(id, 'hello')).toMatchObject({ status: 200, json: { status: 'sent' } });
    expect(await visitor.next()).toEqual({ mtype: 'signal', data: 'hello' });
  });
});

describe('an absent visitor is absent however the service says so', () => {
  test.each([['empty'], ['404'], ['old']])('to a look-up: %s', async (lookupAbsent) => {
    await relay.emulator('PATCH', '/switches', { lookupAbsent });
    const answer = await relay.call('lookupvisitor', relay.of('nobody'));
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual(lookupAbsent === 'old' ? { visitorfound: false } : {});
  });

  test.each([['404'], ['409'], ['410'], ['200']])('to a signal, after finding it: %s', async (signalGone) => {
    await relay.emulator('PATCH', '/switches', { signalGone });
    const id = randomUUID();
    await using visitor = await relay.visitor(id);
    await relay.emulator('POST', '/faults', { endpoint: 'findvisitor', fault: { kind: 'moved' } });
    expect((await relay.signal(id, 'found anew')).status).toBe(200);
    expect(await visitor.next()).toEqual({ mtype: 'signal', data: 'found anew' });
  });
});

test('an error that comes with status 200 is an error', async () => {
  const body = { err: 'overloaded', msg: 'come back later' };
  await relay.fault('lookupvisitor', { kind: 'body', body });
  const answer = await relay.call('lookupvisitor', relay.of('nobody'));
  expect(answer).toMatchObject({ status: 502, json: { code: 'upstream-invalid' } });
});

test('what a visitor’s page sends cannot lead a signal elsewhere', async () => {
  await relay.emulator('PATCH', '/switches', { shadowReserved: true });
  const id = randomUUID();
  await using visitor = await relay.visitor(id, { directserver: 'evil.example', direct: 'evil.example:443' });
  expect((await relay.signal(id, 'hello')).status).toBe(200);
  expect(await visitor.next()).toEqual({ mtype: 'signal', data: 'hello' });
});
