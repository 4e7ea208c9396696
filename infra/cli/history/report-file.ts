import { rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../../command.ts';
import type { History } from './history.ts';
import { historyPage } from './html.ts';
import { chartSvg } from './svg.ts';

/** Where a report goes. Throws a UsageError before anything is read in vain. */
export async function reportFile(given: string): Promise<string> {
  if (!/\.(html|svg)$/.test(given))
    throw new UsageError('--report is a file whose name ends in .html or .svg');
  const folder = path.dirname(path.resolve(given));
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new UsageError(`--report: there is no folder ${folder}`);
  return given;
}

/** A page, or the chart alone, as the name ends. Whoever looks there finds the whole of it, or what was there before. Throws what tells people why it is not there. */
export async function writeReport(file: string, history: History, now: number): Promise<void> {
  const text = file.endsWith('.svg') ? standing(chartSvg(history)) : historyPage(history, now);
  const unfinished = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(unfinished, text, { flag: 'wx' });
    await rename(unfinished, file);
  } catch (cause) {
    await rm(unfinished, { force: true });
    throw new Error(`the report could not be written to ${file} (${codeOf(cause)})`, { cause });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'for no reason that is known';
}

function standing(svg: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${svg}\n`;
}
