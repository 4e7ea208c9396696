import { expect, test } from 'vitest';
import { AwsTrouble } from '../../../../infra/cli/aws.ts';
import { removeLeftovers } from '../../../../infra/cli/verify/leftovers.ts';
import type { MadeStacks } from '../../../../infra/cli/verify/made-stacks.ts';
import { alone } from './aws-servers.ts';

async function found(over: string[], underWay: string[], part: Partial<MadeStacks> = {}) {
  const removed: string[] = [];
  const stacks: MadeStacks = {
    deploy: () => Promise.reject(new Error('nothing is deployed')),
    remove: (name) => Promise.resolve(void removed.push(name)),
    leftovers: () => Promise.resolve({ over, underWay }),
    ...part,
  };
  return { step: await removeLeftovers(stacks, 'eu-west-1', alone()), removed };
}

test('where nothing is left, there is nothing to tell', async () => {
  expect(await found([], [])).toEqual({ step: undefined, removed: [] });
});

test('what a run has left that was killed is removed', async () => {
  expect(await found(['a', 'b'], [])).toEqual({
    step: { verdict: 'ok', says: 'removed, of an earlier run that was killed: a, b' },
    removed: ['a', 'b'],
  });
});

test('what may be of a run under way is left alone, and the command to remove it is told', async () => {
  const { step, removed } = await found(['a'], ['b']);
  expect(removed).toEqual(['a']);
  expect(step).toMatchObject({
    verdict: 'warn',
    hint: 'if none is: aws cloudformation delete-stack --region eu-west-1 --stack-name b',
  });
});

test('whoever may not look is warned, and the rest goes on', async () => {
  const leftovers = () => Promise.reject(new AwsTrouble('stacks may not be read', 'they need a right'));
  const { step } = await found([], [], { leftovers });
  expect(step).toEqual({ verdict: 'warn', says: 'stacks may not be read', hint: 'they need a right' });
});
