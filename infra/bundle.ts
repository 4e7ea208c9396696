import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build, type Metafile } from 'esbuild';
import { apart, clients } from './apart.ts';
import { functions } from './functions.ts';
import { mappingsOf } from './mappings.ts';
import { slim } from './slim.ts';

const root = path.resolve(import.meta.dirname, '..');
export const bundleFolder = path.join(root, 'dist/functions');

interface BundleOptions {
  /** Absolute path of a file in the place of `relay.config.ts`, whose mappings go into the function `webhook`. */
  readonly config?: string | undefined;
  /** Source maps beside the bundles, which take a sixth of the time. */
  readonly maps?: boolean;
}

/**
 * Bundles every function into `<outdir>/<name>/index.js`, a folder of its own that is deployed as it is. Gives back
 * esbuild's account of what went in.
 */
export async function bundleFunctions(
  outdir = bundleFolder,
  { config = path.join(root, 'relay.config.ts'), maps = true }: BundleOptions = {},
): Promise<Metafile> {
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  // Only for this machine, where the folders lie inside a package of ECMAScript modules.
  await writeFile(path.join(outdir, 'package.json'), '{ "type": "commonjs" }\n');
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries([
      ...functions.map(({ name }) => [`${name}/index`, path.join(root, `functions/${name}.ts`)]),
      ...clients.map(({ file, module }) => [file, module]),
    ]),
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    sourcemap: maps,
    sourcesContent: false,
    metafile: true,
    mainFields: ['module', 'main'],
    plugins: [apart, mappingsOf(root, config), slim],
    // undici's own switch for a build with one HTTP parser instead of two.
    define: { esbuildDetection: 'true' },
    logLevel: 'silent',
  });
  await putBeside(metafile.outputs);
  return metafile;
}

/** Puts each client, which was made once, beside every function that may come to load it. */
async function putBeside(outputs: Metafile['outputs']): Promise<void> {
  for (const [made, account] of Object.entries(outputs)) {
    const name = path.posix.basename(made);
    const client = name.replace(/\.map$/, '');
    if (!clients.some(({ file }) => client === `${file}.js`)) continue;
    for (const [user, { imports }] of Object.entries(outputs)) {
      if (!imports.some((one) => one.path === `./${client}`)) continue;
      const beside = path.posix.join(path.posix.dirname(user), name);
      await cp(path.resolve(root, made), path.resolve(root, beside));
      outputs[beside] = account;
    }
    await rm(path.resolve(root, made));
    delete outputs[made];
  }
}

if (import.meta.main) {
  const { outputs } = await bundleFunctions();
  const bundles = Object.entries(outputs).filter(([file]) => file.endsWith('.js'));
  for (const [file, { bytes }] of bundles) process.stdout.write(`${file}  ${Math.round(bytes / 1_000)} KB\n`);
}
