import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { endpointFunctions, functions } from './functions.ts';
import { slim } from './slim.ts';

const root = path.resolve(import.meta.dirname, '..');
export const bundleFolder = path.join(root, 'dist/functions');

/**
 * Bundles every function into `<outdir>/<name>/index.js`, a folder of its own that is deployed as it is. Gives back
 * esbuild's account of what went in.
 */
export async function bundleFunctions(outdir = bundleFolder): Promise<Metafile> {
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  // Only for this machine, where the folders lie inside a package of ECMAScript modules.
  await writeFile(path.join(outdir, 'package.json'), '{ "type": "commonjs" }\n');
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries([
      ...functions.map(({ name }) => [`${name}/index`, path.join(root, `functions/${name}.ts`)]),
      ...endpointFunctions.map(({ name }) => [`${name}/${sqs.file}`, sqs.module]),
    ]),
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    mainFields: ['module', 'main'],
    plugins: [apart, slim],
    // undici's own switch for a build with one HTTP parser instead of two.
    define: { esbuildDetection: 'true' },
    logLevel: 'silent',
  });
  return metafile;
}

/** What the function of an endpoint needs only when its token is of no use. */
const sqs = { module: '@aws-sdk/client-sqs', file: 'sqs' };

/**
 * Keeps what is imported as late as that in a file of its own beside the function: merely to have it in the same one
 * costs 5 ms of every cold start, since what it shares with other clients can no longer be put together as well.
 */
const apart: Plugin = {
  name: 'apart',
  setup(build) {
    build.onResolve({ filter: new RegExp(`^${sqs.module}$`) }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: `./${sqs.file}.js`, external: true } : undefined,
    );
  },
};

if (import.meta.main) {
  const { outputs } = await bundleFunctions();
  const bundles = Object.entries(outputs).filter(([file]) => file.endsWith('.js'));
  for (const [file, { bytes }] of bundles) process.stdout.write(`${file}  ${Math.round(bytes / 1_000)} KB\n`);
}
