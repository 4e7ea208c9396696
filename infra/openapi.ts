import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openApiDocument } from '../shared/api/openapi.ts';

const root = path.resolve(import.meta.dirname, '..');
const file = path.join(root, 'docs/openapi.json');

/** The OpenAPI document as it stands in `docs/openapi.json` when it is up to date. */
export async function openApiText(): Promise<string> {
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  return `${JSON.stringify(openApiDocument(version), null, 2)}\n`;
}

if (import.meta.main) {
  await writeFile(file, await openApiText());
  process.stdout.write(`${path.relative(process.cwd(), file)} written\n`);
}
