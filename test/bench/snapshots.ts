import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { bundleFunctions } from '../../infra/bundle.ts';
import { startPresenceEmulator } from '../../infra/local/presence/emulator.ts';
import { slotAt, slotTime } from '../../shared/snapshots/slot.ts';
import { type Measured, measureCompression, measureSnapshots } from '../support/measured-snapshots.ts';
import { listen } from '../support/presence-server.ts';
import { jwt } from '../support/tokens.ts';

const sizes = [1_000, 100_000, 1_000_000];

/**
 * Time, processor time and peak memory of snapshots, each against the same bytes through the same compression and
 * nothing else, in one run. The second one is compared with the first.
 */
export async function measureSnapshotSizes(): Promise<string[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-'));
  await bundleFunctions(folder, { maps: false });
  const bundle = path.join(folder, 'snapshot/index.js');
  const rows: string[] = [];
  for (const visitors of sizes) rows.push(...(await measureSize(visitors, bundle, folder)));
  await rm(folder, { recursive: true });
  return ['snapshots, a process each: time, processor time, peak memory of the process', ...rows];
}

async function measureSize(visitors: number, bundle: string, folder: string): Promise<string[]> {
  const file = path.join(folder, 'answer.json');
  await writeAnswer(visitors, file);
  await using server = await serveFile(file);
  const times = [300_000, 0].map((ago) => slotTime(slotAt(Date.now() - ago)));
  const alone = await measureCompression(`${server.url}/query`);
  const [first, second] = await measureSnapshots(bundle, server.url, { times, token: jwt() });
  if (!first || !second) throw new Error('a snapshot is missing');
  const megabytes = ((await stat(file)).size / 1e6).toFixed(1);
  return [
    `  ${visitors.toLocaleString('en')} visitors, ${megabytes} MB`,
    `    compression alone    ${told(alone)}`,
    `    first snapshot       ${told(first)}  ${ratios(first, alone)}`,
    `    the next, compared   ${told(second)}  ${ratios(second, alone)}`,
  ];
}

function told({ ms, cpuMs, peakBytes }: Measured): string {
  const seconds = (some: number) => `${(some / 1_000).toFixed(2)} s`.padStart(8);
  return `${seconds(ms)}  ${seconds(cpuMs)}  ${(peakBytes / 1e6).toFixed(0).padStart(4)} MB`;
}

function ratios(one: Measured, alone: Measured): string {
  return `${(one.ms / alone.ms).toFixed(2)} x time, ${(one.cpuMs / alone.cpuMs).toFixed(2)} x processor time`;
}

/** What the emulator says of so many. */
async function writeAnswer(visitors: number, file: string): Promise<void> {
  await using emulator = await startPresenceEmulator({ groups: [12345] });
  emulator.crowd(visitors);
  const { token } = emulator.issueToken({ groupid: 12345 });
  const headers = { authorization: `Bearer ${token}` };
  const { body } = await fetch(`${emulator.url}/query?groupid=12345`, { headers });
  if (!body) throw new Error('no answer');
  await pipeline(Readable.fromWeb(body), createWriteStream(file));
}

/** The Presence service, as far as it costs nothing. */
async function serveFile(file: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_, response) => {
    createReadStream(file, { highWaterMark: 65_536 }).pipe(response);
  });
  const url = `http://127.0.0.1:${await listen(server)}`;
  return {
    url,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
