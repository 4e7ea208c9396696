import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const bundles = new Map<string, Promise<string>>();

/** This program, with what it imports, as one classic script for browsers. It is made once. */
export function bundleForBrowser(program: URL): Promise<string> {
  const bundle = bundles.get(program.href) ?? bundled(program);
  bundles.set(program.href, bundle);
  return bundle;
}

async function bundled(program: URL): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(program)],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    logLevel: 'silent',
  });
  return outputFiles.map(({ text }) => text).join('');
}
