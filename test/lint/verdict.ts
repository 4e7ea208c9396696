import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import { runCommand, UsageError } from '../../infra/command.ts';
import type { TemplateDocument } from '../support/stack.ts';

/** What checkov writes with `--output json`: a report for each of its frameworks. */
const reports = z.array(
  z.object({
    results: z.object({
      failed_checks: z.array(
        z.object({
          check_id: z.string(),
          check_name: z.string(),
          file_path: z.string(),
          resource: z.string(),
        }),
      ),
    }),
  }),
);

interface Verdict {
  /** What is wrong, a line for each. */
  readonly wrong: readonly string[];
  /** Findings that are there, and may be. */
  readonly acknowledged: number;
}

/**
 * Compares what checkov finds in templates from which the acknowledgements were taken with those acknowledgements. What is
 * found and not acknowledged is wrong, and what is acknowledged and not found.
 */
export function verdictOn(templates: Readonly<Record<string, TemplateDocument>>, report: unknown): Verdict {
  const results = reports.parse(Array.isArray(report) ? report : [report]).map((each) => each.results);
  const found = new Map(
    results.flatMap(({ failed_checks }) =>
      failed_checks.map((each) => [
        `${path.basename(each.file_path, '.json')}: ${each.resource}: ${each.check_id}`,
        each.check_name,
      ]),
    ),
  );
  const acknowledged = new Set(
    Object.entries(templates).flatMap(([name, template]) =>
      skipsOf(template).map(({ resource, id }) => `${name}: ${resource}: ${id}`),
    ),
  );
  return {
    wrong: [
      ...[...found].filter(([key]) => !acknowledged.has(key)).map(([key, name]) => `${key}: ${name}`),
      ...[...acknowledged]
        .filter((key) => !found.has(key))
        .map((key) => `${key}: acknowledged, and not found`),
    ],
    acknowledged: [...acknowledged].filter((key) => found.has(key)).length,
  };
}

interface AcknowledgedSkip {
  /** As checkov names it: `AWS::SQS::Queue.<id>`. */
  readonly resource: string;
  readonly id: string;
  readonly comment: string;
}

/** What is acknowledged in a template. */
export function skipsOf({ Resources }: TemplateDocument): AcknowledgedSkip[] {
  return Object.entries(Resources).flatMap(([id, { Type, Metadata }]) =>
    (Metadata?.checkov?.skip ?? []).map((skip) => ({ resource: `${Type}.${id}`, ...skip })),
  );
}

async function main(): Promise<void> {
  const [, , folder] = process.argv;
  if (folder === undefined) throw new UsageError('wants the folder with the templates and the report');
  const files = await readdir(path.join(folder, 'templates'));
  const read = async (file: string) => JSON.parse(await readFile(path.join(folder, file), 'utf8'));
  const templates: Record<string, TemplateDocument> = {};
  for (const file of files)
    templates[path.basename(file, '.json')] = await read(path.join('templates', file));
  const { wrong, acknowledged } = verdictOn(templates, await read('checkov.json'));
  for (const line of wrong) process.stderr.write(`${line}\n`);
  if (wrong.length > 0) throw new Error(`checkov: ${wrong.length} findings`);
  const sizes = Object.entries(templates).map(
    ([name, { Resources }]) => `${name} (${Object.keys(Resources).length} resources)`,
  );
  process.stdout.write(
    `linted ${sizes.join(', ')}: ${acknowledged} findings are acknowledged, and nothing else was found\n`,
  );
}

if (import.meta.main) await runCommand(main);
