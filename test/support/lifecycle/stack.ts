import path from 'node:path';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { CdkError } from '../../../infra/cdk.ts';
import type { EmulatedAccount } from '../../../infra/emulated/account.ts';
import { deploy, destroy } from '../../../infra/emulated/deployment.ts';
import { provision } from '../../../infra/emulated/provision.ts';
import { addressOf } from '../../../infra/emulated/relay.ts';
import { callerRole, withEveryRight } from '../../../infra/local/caller.ts';
import { withGlanceAt } from '../../../infra/local/glance.ts';
import type { PresenceEmulator } from '../../../infra/local/presence/emulator.ts';
import { stackName } from '../../../infra/names.ts';
import type { RelayConfig } from '../../../shared/api/config/relay.ts';
import { RelayUnderTest } from '../relay.ts';
import failing from './failing.ts';
import first from './first.ts';
import second from './second.ts';

const configurations = { first, second, failing };
/** One of the configurations beside this file. */
export type Deployment = keyof typeof configurations;

/** A stack of its own on an AWS emulator, beside another one that has brought what the account has to have. */
export class TrialStack {
  readonly name: string;
  readonly #account: EmulatedAccount;
  readonly #stage: string;
  readonly #presence: PresenceEmulator;
  readonly #cloudFormation: CloudFormationClient;

  constructor(account: EmulatedAccount, stage: string, presence: PresenceEmulator) {
    this.name = stackName(stage);
    this.#account = account;
    this.#stage = stage;
    this.#presence = presence;
    this.#cloudFormation = new CloudFormationClient(account.options);
  }

  /** Gives the relay, as its caller finds it. */
  async deploy(deployment: Deployment): Promise<RelayUnderTest> {
    return await RelayUnderTest.open({
      RELAY_URL: addressOf(this.#account, await deploy(this.#options(deployment))),
      PRESENCE_URL: this.#presence.url,
      RELAY_CALLER: `arn:aws:iam::${this.#account.id}:role/${callerRole}`,
    });
  }

  /** Brings keys and credentials. */
  async provision(deployment: Deployment): Promise<void> {
    await provision({ ...this.#options(deployment), presence: this.#presence.url });
  }

  /** What the CDK says at its end, of a deployment that fails. Throws where it does not. */
  async failureOf(deployment: Deployment): Promise<string> {
    try {
      await deploy(this.#options(deployment));
    } catch (error) {
      if (error instanceof CdkError) return error.lines.join('\n');
      throw error;
    }
    throw new Error('it did not fail');
  }

  async destroy(): Promise<void> {
    await destroy(this.#options('first'));
  }

  /** As CloudFormation has it; nothing where there is no such stack. */
  async status(): Promise<string | undefined> {
    const { Stacks = [] } = await this.#cloudFormation.send(new DescribeStacksCommand({}));
    return Stacks.find(({ StackName }) => StackName === this.name)?.StackStatus;
  }

  /** What there is of it: the ids by which their services know them, by the names that they have in the template. */
  async resources(types: RegExp): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    const pages = paginateListStackResources({ client: this.#cloudFormation }, { StackName: this.name });
    for await (const { StackResourceSummaries = [] } of pages) {
      for (const {
        ResourceType = '',
        LogicalResourceId = '',
        PhysicalResourceId = '',
      } of StackResourceSummaries)
        if (types.test(ResourceType)) found[LogicalResourceId] = PhysicalResourceId;
    }
    return found;
  }

  #options(deployment: Deployment) {
    return {
      account: this.#account,
      stage: this.#stage,
      config: this.#configOf(deployment),
      mappings: path.resolve(import.meta.dirname, `${deployment}.ts`),
      alone: true,
    };
  }

  #configOf(deployment: Deployment): RelayConfig {
    const { url, authorizeUrl } = this.#presence;
    return withEveryRight(
      withGlanceAt(configurations[deployment], { presence: url, authorization: authorizeUrl }),
    );
  }
}
