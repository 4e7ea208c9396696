import path from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Lets the function `webhook`, which takes its sources from `relay.config.ts`, have those of another file, and no more of
 * it than they need. The configuration is checked at synthesis, and the rest of it reaches the functions as their
 * environment; in a bundle, `defineRelay` gives back what it was given. Otherwise every cold start would load all of the
 * checks, and with them the descriptions of all endpoints.
 */
export function mappingsOf(root: string, config: string): Plugin {
  const webhook = path.join(root, 'functions/webhook.ts');
  return {
    name: 'mappings',
    setup(build) {
      build.onResolve({ filter: /^\.\.\/relay\.config\.ts$/ }, ({ importer }) =>
        importer === webhook ? { path: config } : undefined,
      );
      build.onLoad({ filter: /[\\/]shared[\\/]api[\\/]config[\\/]relay\.ts$/ }, () => ({
        contents: 'export const defineRelay = (config) => ({ webhooks: {}, ...config });',
      }));
    },
  };
}
