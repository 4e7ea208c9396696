import { type App, Stack } from 'aws-cdk-lib';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { relayApp } from '../app.ts';
import { Surroundings } from './surroundings.ts';

interface SynthOptions {
  readonly stage: string;
  readonly config: RelayConfig;
  /** Without what it finds in an account. */
  readonly alone?: boolean;
  /** The folder that `bundleFunctions` has written to. */
  readonly bundles: string;
  /** Where the templates go. */
  readonly outdir: string;
}

/** Writes the templates of the relay, as `npm run synth` does, and of what it finds in an account. */
export function synthesise({ stage, config, bundles, outdir, alone = false }: SynthOptions): void {
  const app = relayApp({ stage, config, bundles }, outdir);
  if (!alone) surround(app, config);
  app.synth();
}

function surround(app: App, config: RelayConfig): void {
  const relays = app.node.children.filter((child) => Stack.isStack(child));
  const surroundings = new Surroundings(app, config);
  for (const relay of relays) relay.addStackDependency(surroundings);
}
