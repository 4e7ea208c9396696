import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { build, type Metafile } from 'esbuild';

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
  const { metafile } = await build({
    absWorkingDir: root,
    metafile: true,
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
  await writeFile(
    path.join(outdir, 'package.json'),
    `${JSON.stringify(await description(packagesOf(metafile)), null, 2)}\n`,
  );
  await writeTypes(path.join(outdir, 'types'));
}

/** What the parts import of others. */
function packagesOf({ outputs }: Metafile): Set<string> {
  const imports = Object.values(outputs).flatMap((output) => output.imports);
  const external = imports.filter((imported) => imported.external).map((imported) => imported.path);
  return new Set(external.map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name));
}

async function description(packages: ReadonlySet<string>) {
  const { version, license, dependencies } = JSON.parse(
    await readFile(path.join(root, 'package.json'), 'utf8'),
  ) as { version: string; license: string; dependencies: Record<string, string> };
  const needed = Object.entries(dependencies).filter(([name]) => packages.has(name));
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
    dependencies: Object.fromEntries(needed),
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
