import { afterEach, expect, test, vi } from 'vitest';
import { verify } from '../../../../infra/cli/verify/steps.ts';
import { alone, environmentOf, outputsOf, queryService, stacksXml, stackXml } from './aws-servers.ts';

afterEach(() => vi.unstubAllEnvs());

/** What is told of the stack, before anything is asked of the relay itself. */
async function firstStep({ state = 'UPDATE_COMPLETE', group }: { state?: string; group?: string } = {}) {
  const { url } = await queryService(() => stacksXml(stackXml({ state, outputs: outputsOf() })));
  for (const [name, value] of Object.entries(environmentOf({ CLOUDFORMATION: url }))) vi.stubEnv(name, value);
  const wishes = { stack: 'presence-relay-prod', role: undefined, group, address: undefined, twin: false };
  return (await verify(wishes, alone()).next()).value;
}

test('the stack is told with its state, its groups and its address', async () => {
  expect(await firstStep()).toEqual({
    ...{ name: 'stack', verdict: 'ok' },
    says: 'presence-relay-prod is UPDATE_COMPLETE in eu-west-1, with group 12345, at https://relay.example/prod',
  });
});

test('that its last deployment was undone is a warning', async () => {
  expect(await firstStep({ state: 'UPDATE_ROLLBACK_COMPLETE' })).toMatchObject({
    verdict: 'warn',
    hint: expect.stringContaining('what runs is what ran before'),
  });
});

test('a group that it does not have is a mistake of whoever calls', async () => {
  await expect(firstStep({ group: '7' })).rejects.toThrow(
    'stack presence-relay-prod has no group 7; its groups are 12345',
  );
});
