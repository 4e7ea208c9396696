import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CloudFormationClient, paginateDescribeStacks, type Stack } from '@aws-sdk/client-cloudformation';
import { CdkError, runCdk } from '../../cdk.ts';
import { madeTag, type Order, orderVariables } from '../../verification/order.ts';
import { AwsTrouble, answerOf, onAws } from '../aws.ts';
import { outputsOf, stackNamed } from './relay.ts';
import type { Surroundings } from './step.ts';

/** The stacks of a verification: makes them and removes them. */
export interface MadeStacks {
  /** Deploys what is ordered, and gives its outputs. Throws `AwsTrouble`. */
  deploy(name: string, order: Order, surroundings: Surroundings): Promise<Readonly<Record<string, string>>>;
  /** Removes a stack, in whatever state it is. Throws `AwsTrouble` where it is there afterwards. */
  remove(name: string, tell: Surroundings['tell']): Promise<void>;
  /** Those that a run which has to be over has left behind; and those of a run that may be under way. */
  leftovers(): Promise<{ readonly over: readonly string[]; readonly underWay: readonly string[] }>;
}

/** What to type to remove a stack. */
export function removal(name: string, region: string): string {
  return `aws cloudformation delete-stack --region ${region} --stack-name ${name}`;
}

const app = 'node -r ./infra/node24.cjs infra/verification/app.ts';
/** Longer than any run. */
const longestRunMs = 60 * 60_000;

export class CdkStacks implements MadeStacks {
  readonly #region: string;
  readonly #client: CloudFormationClient;
  readonly #run: typeof runCdk;

  constructor(region: string, client = new CloudFormationClient(onAws()), run = runCdk) {
    this.#region = region;
    this.#client = client;
    this.#run = run;
  }

  async deploy(
    name: string,
    order: Order,
    { tell, signal }: Surroundings,
  ): Promise<Readonly<Record<string, string>>> {
    const args = ['deploy', name, '--require-approval', 'never', '--progress', 'events'];
    await this.#cdk(args, order, tell, signal);
    const stack = await stackNamed(name, this.#client);
    if (!stack)
      throw new AwsTrouble(`stack ${name} is not there after it was deployed`, 'was it removed by somebody?');
    return outputsOf(stack);
  }

  async remove(name: string, tell: Surroundings['tell']): Promise<void> {
    const failed = await this.#cdk(['destroy', name, '--force'], { kind: 'gone', stack: name }, tell).then(
      () => undefined,
      (error: unknown) => error,
    );
    const byHand = removal(name, this.#region);
    const left = await stackNamed(name, this.#client).catch((error: unknown) => {
      if (!(error instanceof AwsTrouble)) throw error;
      throw new AwsTrouble(error.message, `${error.hint}; it may be there still: ${byHand}`, {
        cause: error,
      });
    });
    if (!left || left.StackStatus === 'DELETE_COMPLETE') return;
    const why = failed instanceof AwsTrouble ? `: ${failed.message}` : '';
    throw new AwsTrouble(`stack ${name} is ${left.StackStatus}${why}`, `remove it: ${byHand}`);
  }

  async leftovers() {
    const found: Stack[] = [];
    const ask = async () => {
      for await (const { Stacks = [] } of paginateDescribeStacks({ client: this.#client }, {}))
        found.push(...Stacks);
    };
    const hints = { rights: 'cloudformation:DescribeStacks' };
    await answerOf('stacks', { client: this.#client, service: 'CloudFormation', deed: 'read', hints }, ask());
    const made = found.filter(isMade);
    const names = (over: boolean) =>
      made.filter((one) => isOver(one) === over).map(({ StackName = '' }) => StackName);
    return { over: names(true), underWay: names(false) };
  }

  async #cdk(
    args: readonly string[],
    order: Order,
    tell: Surroundings['tell'],
    signal?: AbortSignal,
  ): Promise<void> {
    const output = await mkdtemp(path.join(tmpdir(), 'presence-relay-verify-'));
    // The bundles of the relay are built for the twin alone.
    const building = order.kind === 'twin' ? [] : ['--build', 'true'];
    const [verb = '', name = ''] = args;
    const begin = Date.now();
    const environment = {
      ...orderVariables(order),
      AWS_REGION: this.#region,
      AWS_DEFAULT_REGION: this.#region,
    };
    const ticking = setInterval(() => {
      tell(
        `${verb === 'deploy' ? 'deploying' : 'removing'} ${name}: ${Math.floor((Date.now() - begin) / 1_000)} s`,
      );
    }, 1_000);
    try {
      await this.#run([...args, '--app', app, '--output', output, ...building], {
        environment,
        // At Ctrl-C there is something to remove: it must not reach what does so.
        shielded: true,
        ...(signal && { signal }),
      });
    } catch (error) {
      if (!(error instanceof CdkError)) throw error;
      throw new AwsTrouble(`${error.message}: ${reasonIn(error.lines)}`, mayDeploy, { cause: error });
    } finally {
      clearInterval(ticking);
      await rm(output, { recursive: true, force: true });
    }
  }
}

const ourName = /^presence-relay-verify-[0-9a-f]{6}(-glance)?$/;

/** Neither a name nor a tag alone is enough for something that is to be removed. */
function isMade({ StackName = '', StackStatus, Tags = [] }: Stack): boolean {
  const isTagged = Tags.some(({ Key }) => Key === madeTag);
  return isTagged && ourName.test(StackName) && StackStatus !== 'DELETE_COMPLETE';
}

/** By its age alone: who else works in this account, and from where, nobody knows. */
function isOver({ CreationTime }: Stack): boolean {
  return CreationTime !== undefined && Date.now() - CreationTime.getTime() > longestRunMs;
}

const mayDeploy =
  'these credentials have to be able to deploy as for "npm run deploy", and the account has to allow public function URLs, which some regions do not have; --no-twin leaves this step out';

/** The last line that tells of a failure. */
function reasonIn(lines: readonly string[]): string {
  const telling = lines.findLast((line) =>
    /fail|error|denied|not authorized|unable|exists|invalid/i.test(line),
  );
  return (telling ?? lines.at(-1) ?? 'it did not say why').trim().slice(0, 400);
}
