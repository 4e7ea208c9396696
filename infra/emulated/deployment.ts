import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { bundleFunctions } from '../bundle.ts';
import { runCdk } from '../cdk.ts';
import { stackName } from '../names.ts';
import type { EmulatedAccount } from './account.ts';
import { synthesise } from './synth.ts';

export interface DeploymentOptions {
  readonly account: EmulatedAccount;
  readonly stage: string;
  readonly config: RelayConfig;
  /** Absolute path of the file whose mappings of webhooks are bundled; those of the local run unless given. */
  readonly mappings?: string;
  /** Leave alone what the account has to have: it is there, for another stack. */
  readonly alone?: boolean;
  /** Gets what the CDK says, line by line. */
  readonly line?: (text: string) => void;
  /** Ends it when it aborts: what CloudFormation is about to do, it goes on with. */
  readonly signal?: AbortSignal;
}

/** What the stack tells of itself: its outputs by their names. */
export type Outputs = Readonly<Record<string, string>>;

/**
 * Deploys the stack by the CDK's own command: `cdk bootstrap`, then `cdk deploy`, which updates one that is there. Throws
 * a CdkError when it fails.
 */
export async function deploy(options: DeploymentOptions): Promise<Outputs> {
  const { account, stage, line, signal, alone = false } = options;
  const run = { environment: account.environment, ...(line && { line }), ...(signal && { signal }) };
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'presence-relay-'));
  const at = (name: string) => path.join(folder.path, name);
  await synthesiseTo(at, options);
  const app = ['--app', at('out'), ...synthesised];
  if (!alone) await runCdk(['bootstrap', `aws://${account.id}/${account.region}`, ...app], run);
  const more = [...app, '--outputs-file', at('outputs.json')];
  await runCdk(['deploy', '--all', '--require-approval', 'never', '--progress', 'events', ...more], run);
  const outputs = outputsFile.parse(JSON.parse(await readFile(at('outputs.json'), 'utf8')));
  return outputs[stackName(stage)] ?? {};
}

const outputsFile = z.record(z.string(), z.record(z.string(), z.string()));

/** Removes the stack by `cdk destroy`; and what stands around it, unless that is to be left alone. */
export async function destroy(options: DeploymentOptions): Promise<void> {
  const { account, line, signal } = options;
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'presence-relay-'));
  const at = (name: string) => path.join(folder.path, name);
  await synthesiseTo(at, options);
  const run = { environment: account.environment, ...(line && { line }), ...(signal && { signal }) };
  await runCdk(['destroy', '--all', '--force', '--app', at('out'), ...synthesised], run);
}

/** What `--app` names is a synthesis that is done: without the command of cdk.json that comes before one. */
const synthesised = ['--build', ''];

const localMappings = fileURLToPath(import.meta.resolve('../local/relay.config.ts'));

async function synthesiseTo(at: (name: string) => string, options: DeploymentOptions): Promise<void> {
  const { stage, config, mappings = localMappings, alone = false } = options;
  await bundleFunctions(at('functions'), { config: mappings, maps: false });
  synthesise({ stage, config, alone, bundles: at('functions'), outdir: at('out') });
}
