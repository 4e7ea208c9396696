import path from 'node:path';
import { App, CfnWaitConditionHandle, Stack, Validations } from 'aws-cdk-lib';
import { CURRENTLY_RECOMMENDED_FLAGS } from 'aws-cdk-lib/cx-api';
import { build } from 'esbuild';
import { relayApp } from '../app.ts';
import { bundleFolder } from '../bundle.ts';
import { runCommand } from '../command.ts';
import { madeTag, type Order, readOrder } from './order.ts';
import { StandInStack } from './stand-in-stack.ts';
import { twinConfig } from './twin-config.ts';

/** The app with the one stack that is ordered. `outdir`: where its templates go, unless the CDK tells. */
export async function verificationApp(order: Order, bundles = bundleFolder, outdir?: string): Promise<App> {
  if (order.kind === 'twin') {
    const { stage, presence, role } = order;
    const app = relayApp({ stage, config: twinConfig({ presence, role }), bundles }, outdir);
    tagStacks(app, order);
    Validations.of(app).acknowledge({
      id: 'Annotation::presence-relay:alarms',
      reason: 'Nobody is to hear of a relay that lives for minutes.',
    });
    return app;
  }
  const app = new App({
    autoSynth: false,
    context: CURRENTLY_RECOMMENDED_FLAGS,
    ...(outdir !== undefined && { outdir }),
  });
  if (order.kind === 'gone') {
    // A template has to have something; this makes nothing.
    new CfnWaitConditionHandle(new Stack(app, order.stack), 'Nothing');
    return app;
  }
  const { stack, passwordDigest, tokenDigest } = order;
  // Where nobody else builds one, and where all of it goes away.
  const bundle = await bundleStandIn(path.join(app.outdir, 'stand-in'));
  new StandInStack(app, stack, { bundle, passwordDigest, tokenDigest });
  tagStacks(app, order);
  return app;
}

/** The stacks themselves, so that what a run has left can be told from all else. */
function tagStacks(app: App, { kind }: Order): void {
  for (const each of app.node.findAll()) if (each instanceof Stack) each.addStackTag(madeTag, kind);
}

/** Builds the function that is in the place of Glance, and gives the folder with it. */
export async function bundleStandIn(outdir: string): Promise<string> {
  await build({
    entryPoints: [path.join(import.meta.dirname, 'stand-in.ts')],
    outfile: path.join(outdir, 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    logLevel: 'silent',
  });
  return outdir;
}

/** What `cdk` runs, by order of `npm run verify`. */
async function main(): Promise<void> {
  (await verificationApp(readOrder(process.env))).synth();
}

if (import.meta.main) await runCommand(main);
