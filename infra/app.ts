import { App, Validations } from 'aws-cdk-lib';
import { CURRENTLY_RECOMMENDED_FLAGS } from 'aws-cdk-lib/cx-api';
import { AwsSolutionsChecks } from 'cdk-nag';
import { bundleFolder } from './bundle.ts';
import { runCommand } from './command.ts';
import { stackName, stageName } from './names.ts';
import { loadRelayConfig } from './relay-config.ts';
import { RelayStack, type RelayStackProps } from './stack.ts';

/** An app with the stack. A finding of AWS's own rules for templates, or of cdk-nag's AwsSolutions, fails its synthesis. */
export function relayApp(props: RelayStackProps, outdir?: string): App {
  const app = new App({
    autoSynth: false,
    context: { ...CURRENTLY_RECOMMENDED_FLAGS, '@aws-cdk/core:validateAgainstDefaultRules': true },
    ...(outdir !== undefined && { outdir }),
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  new RelayStack(app, stackName(props.stage), props);
  return app;
}

/** What `cdk` runs (see cdk.json): the template of the stage that `RELAY_STAGE` names. */
async function main(): Promise<void> {
  const stage = stageName();
  relayApp({ stage, config: await loadRelayConfig(), bundles: bundleFolder }).synth();
}

if (import.meta.main) await runCommand(main);
