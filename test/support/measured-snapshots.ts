import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { startSecrets } from './secrets-server.ts';
import { startSnapshotStore } from './snapshot-store.ts';

/** What a run took, and what it answered. */
export interface Measured {
  readonly answer: {
    readonly outcome?: string;
    readonly manifest?: { readonly visitors: number; readonly bytes: number };
  };
  readonly ms: number;
  readonly cpuMs: number;
  /** Of the whole process until then. */
  readonly peakBytes: number;
}

/** What Lambda leaves of 256 MB for objects. */
const heapMb = 192;

/**
 * Takes snapshots one after the other, at these times and in one process, by the built function with the engines of this
 * machine around it; of the Presence service at that address, for which the token is good.
 */
export async function measureSnapshots(
  bundle: string,
  presence: string,
  { times, token }: { times: readonly string[]; token: string },
): Promise<Measured[]> {
  await using store = await startSnapshotStore();
  await using secrets = await startSecrets({ token });
  const environment = {
    ...store.environment,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    RELAY_STAGE: 'test',
    RELAY_GROUPS: JSON.stringify({ 12345: { presence, secret: 'token', renewed: false } }),
    // Whenever they are taken, they are not late.
    RELAY_SNAPSHOTS: JSON.stringify({ 12345: { periodSeconds: 86_400 } }),
    RELAY_SNAPSHOT_BUCKET: store.bucket,
    RELAY_SIGNAL_TABLE: store.table,
    RELAY_BUS: 'bus',
  };
  return await inOwnProcess(
    bundle,
    times.map((scheduledTime) => ({ groupid: '12345', scheduledTime })),
    environment,
  );
}

/** The same compression of the same bytes, and nothing else. */
export async function measureCompression(url: string): Promise<Measured> {
  const [measured] = await inOwnProcess(path.join(import.meta.dirname, 'compress-answer.cjs'), [{ url }], {});
  if (!measured) throw new Error('nothing was measured');
  return measured;
}

async function inOwnProcess(
  file: string,
  events: readonly object[],
  env: Readonly<Record<string, string>>,
): Promise<Measured[]> {
  const runner = path.join(import.meta.dirname, 'take-snapshots.cjs');
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${heapMb}`, runner, file, JSON.stringify(events)],
    { env: { ...env }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  const measured: Measured[] = [];
  // Between them are the lines of the function's log.
  for await (const line of createInterface(child.stdout)) {
    const said: Partial<Measured> = JSON.parse(line);
    if (said.peakBytes !== undefined) measured.push(said as Measured); // as the runner writes it
    if (measured.length === events.length) child.kill('SIGKILL');
  }
  const [code] = await ended;
  if (measured.length < events.length) throw new Error(`it ended with ${code}, after ${measured.length}`);
  return measured;
}
