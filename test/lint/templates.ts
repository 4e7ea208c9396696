import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand, UsageError } from '../../infra/command.ts';
import { withSamples } from '../../infra/local/samples.ts';
import { loadRelayConfig } from '../../infra/relay-config.ts';
import { defineRelay } from '../../shared/api/config/relay.ts';
import { full, hooked, type TemplateDocument, templateOf } from '../support/stack.ts';

/** What is chosen here is chosen otherwise in `full`, or not at all. */
const otherwise: Parameters<typeof defineRelay>[0] = {
  ...hooked,
  groups: { 12345: { snapshots: {} } },
  webhookLimits: { concurrency: 'unreserved' },
  alarms: { topicArn: 'arn:aws:sns:eu-central-1:111122223333:ops' },
  logs: { gatewayRole: 'existing' },
  ephemeral: true,
};

/** Together they hold each resource that the stack may have, in each variety. */
export async function lintedTemplates(): Promise<Readonly<Record<string, TemplateDocument>>> {
  return {
    'as-it-stands': templateOf(await loadRelayConfig()),
    everything: templateOf(withSamples(defineRelay(full))),
    otherwise: templateOf(otherwise),
  };
}

/**
 * The template as checkov finds everything in it: that skips what is acknowledged without a look, and so could not tell
 * whether there still is such a finding.
 */
export function unacknowledged(template: TemplateDocument): TemplateDocument {
  const Resources = Object.fromEntries(
    Object.entries(template.Resources).map(
      ([id, { Metadata: { checkov: _, ...Metadata } = {}, ...resource }]) => [id, { ...resource, Metadata }],
    ),
  );
  return { ...template, Resources };
}

/** Writes them into `templates` of a folder, and for checkov into its `unacknowledged`. */
async function main(): Promise<void> {
  const [, , folder] = process.argv;
  if (folder === undefined) throw new UsageError('wants the folder to write the templates to');
  for (const [name, template] of Object.entries(await lintedTemplates())) {
    for (const [kind, document] of Object.entries({
      templates: template,
      unacknowledged: unacknowledged(template),
    })) {
      await mkdir(path.join(folder, kind), { recursive: true });
      await writeFile(path.join(folder, kind, `${name}.json`), JSON.stringify(document, undefined, 1));
    }
  }
}

if (import.meta.main) await runCommand(main);
