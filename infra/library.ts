import path from 'node:path';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..');

/** The parts of the Presence client that another program imports as `presence-relay/<name>`. */
const parts = [
  'presence/client',
  'presence/secret-tokens',
  'presence/address',
  'presence/ids',
  'presence/errors',
  'runtime/deadline',
];

/** Writes the Presence client as plain JavaScript, for programs that do not read TypeScript from a package. */
export async function buildLibrary(outdir = path.join(root, 'dist/library')): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: parts.map((part) => path.join(root, `shared/${part}.ts`)),
    outbase: path.join(root, 'shared'),
    outdir,
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    target: 'node24',
    format: 'esm',
    logLevel: 'silent',
  });
}

if (import.meta.main) await buildLibrary();
