import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const entries = {
  visitor: new URL('./visitor.ts', import.meta.url),
  page: new URL('./page.ts', import.meta.url),
};

const bundles = new Map<string, Promise<string>>();

/** The visitor script, or that of the demo page, with what it imports, as one classic script for browsers. */
export function bundleForBrowser(entry: keyof typeof entries): Promise<string> {
  const bundle = bundles.get(entry) ?? bundled(entries[entry]);
  bundles.set(entry, bundle);
  return bundle;
}

async function bundled(entry: URL): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    logLevel: 'silent',
  });
  return outputFiles.map(({ text }) => text).join('');
}
