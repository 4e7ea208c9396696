import { busName, localStage as stage } from '../names.ts';
import { type Bucket, startBucket } from './bucket/server.ts';
import { type Events, startEvents } from './events/server.ts';
import { namedServers, type portsFrom } from './ports.ts';
import { type PresenceEmulator, startPresenceEmulator } from './presence/emulator.ts';
import type { Switches } from './presence/switches.ts';
import { type Queue, type Queues, startQueues } from './queues/server.ts';
import { createRefreshQueue, putSecrets } from './refresh.ts';
import { type SecretsManager, startSecretsManager } from './secrets/server.ts';
import { createSignalQueue, createSignalTable } from './signals.ts';
import { createSnapshotBucket } from './snapshots.ts';
import { startTables, type Tables } from './table/server.ts';

interface ServiceOptions {
  readonly ports: ReturnType<typeof portsFrom>;
  readonly groupids: readonly number[];
  readonly switches: Partial<Switches> | undefined;
  readonly log: (line: string) => void;
}

/** What the functions find around them: Glance, and what is theirs of AWS. */
export interface Services {
  readonly emulator: PresenceEmulator;
  readonly secrets: SecretsManager;
  readonly queues: Queues;
  readonly tables: Tables;
  readonly events: Events;
  readonly refreshQueue: Queue;
  readonly signalQueue: Queue;
  readonly deadLetters: Queue;
  readonly signalTable: string;
  readonly bucket: Bucket;
  readonly snapshotBucket: string;
}

/** Starts all of it, with the queues, the table and the secrets of the groups in it. */
export async function startServices(
  { ports, groupids, switches, log }: ServiceOptions,
  opened: AsyncDisposableStack,
): Promise<Services> {
  const adopted = <T extends { close(): Promise<void> }>(it: T) => opened.adopt(it, () => it.close());
  const emulator = adopted(
    await startPresenceEmulator({ port: ports.presence, servers: namedServers, groups: groupids, switches }),
  );
  const secrets = adopted(await startSecretsManager({ port: ports.secrets }));
  for (const { groupid, partneruserid, apikey } of emulator.accounts)
    putSecrets(secrets, stage, groupid, { partneruserid, apikey });
  const queues = adopted(await startQueues({ port: ports.queues }));
  const tables = adopted(await startTables({ port: ports.table }));
  const events = adopted(await startEvents({ port: ports.events, bus: busName(stage), log }));
  const bucket = adopted(await startBucket({ port: ports.bucket }));
  const { queue: signalQueue, deadLetters } = await createSignalQueue(queues, stage);
  const refreshQueue = await createRefreshQueue(queues, stage);
  const signalTable = await createSignalTable(tables, stage);
  const snapshotBucket = await createSnapshotBucket(bucket, stage);
  const ofSignals = { signalQueue, deadLetters, signalTable };
  return { emulator, secrets, queues, tables, events, refreshQueue, ...ofSignals, bucket, snapshotBucket };
}
