import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bundleFunctions } from '../bundle.ts';

export interface Bundling {
  readonly folder: string;
  /** They are there, or the build has failed. */
  readonly done: Promise<unknown>;
}

/** Bundles the functions into a folder of their own, which goes with the stack: several may start at once. */
export async function startBundling(
  config: string | undefined,
  opened: AsyncDisposableStack,
): Promise<Bundling> {
  const folder = await mkdtemp(path.join(tmpdir(), 'presence-relay-'));
  const done = bundleFunctions(folder, { config, maps: false });
  // It goes on while the servers start; who waits for `done` meets its failure.
  const settled = done.then(
    () => {},
    () => {},
  );
  opened.defer(async () => {
    await settled;
    await rm(folder, { recursive: true, force: true });
  });
  return { folder, done };
}
