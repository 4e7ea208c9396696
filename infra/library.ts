import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..');

/** The parts of the Presence client that another program imports as `presence-relay/<part>`. */
const parts = [
  'presence/client',
  'presence/secret-tokens',
  'presence/address',
  'presence/ids',
  'presence/errors',
  'runtime/deadline',
];

/**
 * Writes the Presence client as a package of its own: plain JavaScript, for programs that do not read TypeScript from
 * a package, its types, and the dependencies of the client alone.
 */
export async function buildLibrary(outdir = path.join(root, 'dist/library')): Promise<void> {
  await rm(outdir, { recursive: true, force: true });
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
  await writeFile(path.join(outdir, 'package.json'), `${JSON.stringify(await description(), null, 2)}\n`);
  await writeTypes(path.join(outdir, 'types'));
}

async function description() {
  const { version, license, dependencies } = JSON.parse(
    await readFile(path.join(root, 'package.json'), 'utf8'),
  );
  return {
    name: 'presence-relay',
    version,
    description: 'Client of the Glance Presence service',
    license,
    type: 'module',
    engines: { node: '>=24' },
    exports: Object.fromEntries(
      parts.map((part) => [`./${part}`, { types: `./types/${part}.d.ts`, default: `./${part}.js` }]),
    ),
    dependencies,
    peerDependencies: { '@types/node': '>=24' },
    peerDependenciesMeta: { '@types/node': { optional: true } },
  };
}

async function writeTypes(outdir: string): Promise<void> {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const project = path.join(import.meta.dirname, 'library.tsconfig.json');
  await promisify(execFile)(process.execPath, [tsc, '-p', project, '--outDir', outdir]);
}

if (import.meta.main) {
  await buildLibrary();
  process.stdout.write('dist/library is a package: npm install or npm pack it\n');
}
