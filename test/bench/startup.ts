import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bundleFunctions } from '../../infra/bundle.ts';
import { functions } from '../../infra/functions.ts';
import { invokeBundle, startOneVisitorService, webhookConfig } from '../support/bundles.ts';

const rounds = 21;
const emptyHandler = 'exports.handler = async () => ({ statusCode: 200, headers: {}, body: "{}" });';

/** From the start of a process to its first answer, in one run with a process whose handler is empty. */
export async function measureStartUp(): Promise<string[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-'));
  using service = await startOneVisitorService();

  await bundleFunctions(folder, { config: webhookConfig });
  await writeFile(path.join(folder, 'empty.js'), emptyHandler);
  const files = new Map(functions.map(({ name }) => [name, path.join(folder, name, 'index.js')]));
  files.set('empty', path.join(folder, 'empty.js'));
  const times = await interleaved(files, service.origin);

  const empty = times.get('empty') ?? Number.NaN;
  const rows = await Promise.all(
    functions.map(async ({ name }) => {
      const file = files.get(name) ?? '';
      const ms = times.get(name) ?? Number.NaN;
      const kilobytes = Math.round((await stat(file)).size / 1_000);
      return `  ${name.padEnd(14)} ${kilobytes} KB  ${ms.toFixed(0)} ms  ${(ms / empty).toFixed(1)} x empty`;
    }),
  );
  await rm(folder, { recursive: true });
  return [
    `start-up to the first answer, medians of ${rounds} (empty handler: ${empty.toFixed(0)} ms)`,
    ...rows,
  ];
}

/** Medians in milliseconds; one after the other in turn, so that a noisy moment meets them all. */
async function interleaved(files: ReadonlyMap<string, string>, origin: string): Promise<Map<string, number>> {
  const samples = new Map(Array.from(files.keys(), (name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, file] of files) {
      const before = performance.now();
      await invokeBundle(file, name, origin);
      samples.get(name)?.push(performance.now() - before);
    }
  }
  return new Map(
    Array.from(samples, ([name, all]) => [name, all.toSorted((a, b) => a - b)[rounds >> 1] ?? Number.NaN]),
  );
}
