import type { Plugin } from 'esbuild';

/** Clients that a function may need, each in a file of its own. */
export const clients: readonly { readonly module: string; readonly file: string }[] = [
  { module: '@aws-sdk/client-sqs', file: 'sqs' },
  { module: '@aws-sdk/client-dynamodb', file: 'dynamodb' },
];

/**
 * Keeps a client that is imported late, as something that few calls need, in a file of its own beside the function:
 * merely to have it in the same one costs 5 ms of every cold start, since what it shares with other clients can no
 * longer be put together as well. A client that is imported at once is in the bundle.
 */
export const apart: Plugin = {
  name: 'apart',
  setup(build) {
    for (const { module, file } of clients) {
      build.onResolve({ filter: new RegExp(`^${module}$`) }, ({ kind }) =>
        kind === 'dynamic-import' ? { path: `./${file}.js`, external: true } : undefined,
      );
    }
  },
};
