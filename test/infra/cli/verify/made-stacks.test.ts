import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { describe, expect, test } from 'vitest';
import { CdkError, type runCdk } from '../../../../infra/cdk.ts';
import { AwsTrouble } from '../../../../infra/cli/aws.ts';
import { CdkStacks } from '../../../../infra/cli/verify/made-stacks.ts';
import { madeTag, readOrder } from '../../../../infra/verification/order.ts';
import { alone, at, missing, queryService, stacksXml, stackXml, type Told } from './aws-servers.ts';

const name = 'presence-relay-verify-a1b2c3';
const order = { kind: 'gone', stack: name } as const;

async function made(told: Told, run: typeof runCdk = () => Promise.resolve()) {
  const service = await queryService(() => told);
  const runs: ({ args: readonly string[] } & NonNullable<Parameters<typeof runCdk>[1]>)[] = [];
  const running: typeof runCdk = async (args, options = {}) => {
    runs.push({ args, ...options });
    await run(args, options);
  };
  return { stacks: new CdkStacks('eu-west-1', new CloudFormationClient(at(service.url)), running), runs };
}

describe('a stack is deployed', () => {
  test('by the CDK, in the region of the relay, and its outputs are known', async () => {
    const { stacks, runs } = await made(
      stacksXml(stackXml({ name, outputs: { Url: 'https://x.example/' } })),
    );
    expect(await stacks.deploy(name, order, alone())).toEqual({ Url: 'https://x.example/' });
    const [{ args, environment = {} } = { args: [] }] = runs;
    expect(args.slice(0, 4)).toEqual(['deploy', name, '--require-approval', 'never']);
    expect(args.join(' ')).toContain('--app node -r ./infra/node24.cjs infra/verification/app.ts');
    expect(environment).toMatchObject({ AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-1' });
    expect(readOrder(environment)).toEqual(order);
  });

  test('with the bundles of the relay only where it is one', async () => {
    const { stacks, runs } = await made(stacksXml(stackXml({ name })));
    await stacks.deploy(name, { kind: 'twin', stage: 's', presence: 'p', role: 'r' }, alone());
    await stacks.deploy(name, order, alone());
    expect(runs.map(({ args }) => args.includes('--build'))).toEqual([false, true]);
  });

  test('from a folder that is gone afterwards, whatever came of it', async () => {
    const folders: string[] = [];
    const { stacks } = await made('', (args) => {
      folders.push(args[args.indexOf('--output') + 1] ?? '');
      expect(existsSync(folders[0] ?? '')).toBe(true);
      return Promise.reject(new Error('interrupted'));
    });
    await expect(stacks.deploy(name, order, alone())).rejects.toThrow(/^interrupted$/);
    expect(folders.map((folder) => existsSync(folder))).toEqual([false]);
  });

  test('and how long it takes is told until it is done', async () => {
    const { stacks } = await made(stacksXml(stackXml({ name })), () => sleep(1_100));
    const surroundings = alone();
    await stacks.deploy(name, order, surroundings);
    await sleep(1_100);
    expect(surroundings.told).toEqual([`deploying ${name}: 1 s`]);
  });

  test('or it is told why not, in the words of the CDK', async () => {
    const { stacks } = await made('', () => {
      const lines = [
        '1/2 | CREATE_IN_PROGRESS',
        `❌ ${name} failed: not authorized to perform: iam:PassRole`,
        'at x',
      ];
      return Promise.reject(new CdkError('cdk deploy failed', lines));
    });
    await expect(stacks.deploy(name, order, alone())).rejects.toThrow(
      `cdk deploy failed: ❌ ${name} failed: not authorized to perform: iam:PassRole`,
    );
  });
});

describe('a stack is removed', () => {
  test('when it is not there afterwards', async () => {
    const { stacks, runs } = await made(missing(name));
    await stacks.remove(name, () => {});
    expect(runs[0]?.args.slice(0, 3)).toEqual(['destroy', name, '--force']);
    expect(runs[0]?.args).toContain('--build');
  });

  test('even where the CDK failed, so long as it is not there', async () => {
    const { stacks } = await made(missing(name), () =>
      Promise.reject(new CdkError('cdk destroy failed', [])),
    );
    await stacks.remove(name, () => {});
  });

  test('or the command to remove it is told', async () => {
    const { stacks } = await made(stacksXml(stackXml({ name, state: 'DELETE_FAILED' })));
    const error = await stacks.remove(name, () => {}).catch((thrown: unknown) => thrown);
    if (!(error instanceof AwsTrouble)) throw new Error('no trouble', { cause: error });
    expect(`${error.message}; ${error.hint}`).toBe(
      `stack ${name} is DELETE_FAILED; remove it: aws cloudformation delete-stack --region eu-west-1 --stack-name ${name}`,
    );
  });
});

test('whoever cannot look whether it is gone hears how to remove it all the same', async () => {
  const { stacks } = await made({ error: 'ExpiredToken', message: 'The token has expired' });
  const error = await stacks.remove(name, () => {}).catch((thrown: unknown) => thrown);
  if (!(error instanceof AwsTrouble)) throw new Error('no trouble', { cause: error });
  expect(error.message).toContain('the AWS credentials have expired');
  expect(error.hint).toContain(`aws cloudformation delete-stack --region eu-west-1 --stack-name ${name}`);
});

test('Ctrl-C at the terminal is kept from the CDK: only a deployment ends by it, since there is no removal else', async () => {
  const { stacks, runs } = await made(stacksXml(stackXml({ name, state: 'DELETE_COMPLETE' })));
  const { signal } = new AbortController();
  await stacks.deploy(name, order, alone(signal));
  await stacks.remove(name, () => {});
  expect(runs.map((one) => [one.shielded, one.signal])).toEqual([
    [true, signal],
    [true, undefined],
  ]);
});

describe('of what there is in the account,', () => {
  const old = new Date(Date.now() - 61 * 60_000);
  const young = new Date(Date.now() - 59 * 60_000);
  const tags = { [madeTag]: 'twin' };

  test('what is too old for a run under way is told from what may be of one, whoever made it', async () => {
    const all = [
      stackXml({ name: 'presence-relay-verify-000001', tags, created: old }),
      stackXml({ name: 'presence-relay-verify-000001-glance', tags, created: old, state: 'DELETE_FAILED' }),
      stackXml({ name: 'presence-relay-verify-000002', tags, created: young }),
    ];
    const { stacks } = await made(stacksXml(...all));
    expect(await stacks.leftovers()).toEqual({
      over: ['presence-relay-verify-000001', 'presence-relay-verify-000001-glance'],
      underWay: ['presence-relay-verify-000002'],
    });
  });

  test('nothing is taken for a leftover by its name alone, or by its tag alone', async () => {
    const all = [
      stackXml({ name: 'presence-relay-prod', tags, created: old }),
      stackXml({ name: 'presence-relay-verify-000001', created: old }),
      stackXml({ name: 'presence-relay-verify-mine', tags, created: old }),
      stackXml({ name: 'presence-relay-verify-000002', tags, created: old, state: 'DELETE_COMPLETE' }),
    ];
    const { stacks } = await made(stacksXml(...all));
    expect(await stacks.leftovers()).toEqual({ over: [], underWay: [] });
  });
});
