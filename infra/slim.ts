import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Keeps out of a bundle what a Lambda function of ours never uses but would pay for at every cold start. Each
 * replacement fails loudly should something come to need what it replaces.
 */
export const slim: Plugin = {
  name: 'slim',
  setup(build) {
    for (const [module, contents] of Object.entries(replacements)) {
      build.onResolve({ filter: new RegExp(`^${module}$`) }, ({ namespace, importer }) =>
        namespace === 'slim'
          ? undefined
          : { path: module, namespace: 'slim', pluginData: path.dirname(importer) },
      );
      build.onLoad({ filter: new RegExp(`^${module}$`), namespace: 'slim' }, ({ pluginData }) => ({
        contents,
        resolveDir: pluginData,
      }));
    }
    build.onLoad({ filter: schemas }, async ({ path: file }) => ({
      contents: withPlainKeys(await readFile(file, 'utf8')),
    }));
    build.onLoad({ filter: unused }, ({ path: file }) => ({
      contents: `module.exports = () => { throw new Error('${path.basename(file)} is not in this bundle') }`,
    }));
  },
};

const replacements: Readonly<Record<string, string>> = {
  // undici's index loads its fetch, WebSocket, cache and mock stacks; only its connection pool is used here.
  undici: `exports.Agent = require('${createRequire(import.meta.url).resolve('undici/lib/dispatcher/agent.js')}')`,
  // Lambda hands credentials over as environment; files, SSO, processes and metadata services do not occur there.
  '@aws-sdk/credential-provider-node': `
    import { fromEnv } from '@aws-sdk/credential-provider-env';
    export const defaultProvider = () => fromEnv();`,
  ...getters('http'),
  ...getters('process'),
};

/** undici's HTTP/2 client and fetch helpers, which its pool names but reaches only when asked for them. */
const unused = /[\\/]undici[\\/]lib[\\/](dispatcher[\\/]client-h2|web[\\/].*|llhttp[\\/]llhttp-wasm)\.js$/;

/** What a client of AWS knows of every message of its service. */
const schemas = /[\\/]@aws-sdk[\\/]client-[a-z0-9-]+[\\/]dist-es[\\/]schemas[\\/]schemas_0\.js$/;

/**
 * Puts each key where the name of its constant stands: `"Bucket":` for `[_B]:`. An object whose keys have to be worked out
 * might do something meanwhile, so that it stays in the bundle though nobody uses it.
 */
function withPlainKeys(source: string): string {
  const constants = new Map(
    Array.from(source.matchAll(/^const (_\w+) = ("[^"]*");$/gm), ([, name, text]) => [name, text]),
  );
  return source.replaceAll(/\[(_\w+)\]:/g, (key, name: string) => {
    const text = constants.get(name);
    return text === undefined ? key : `${text}:`;
  });
}

/**
 * As an ECMAScript module, these built-ins read every one of their properties, and some of those load Node's whole
 * fetch stack. Taken like this, nothing is read before it is used.
 */
function getters(builtin: string): Record<string, string> {
  const contents = `module.exports = process.getBuiltinModule('node:${builtin}')`;
  return { [builtin]: contents, [`node:${builtin}`]: contents };
}
