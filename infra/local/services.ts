import { localStage as stage } from '../names.ts';
import { namedServers, type portsFrom } from './ports.ts';
import { type PresenceEmulator, startPresenceEmulator } from './presence/emulator.ts';
import type { Switches } from './presence/switches.ts';
import { type Queue, type Queues, startQueues } from './queues/server.ts';
import { createRefreshQueue, putSecrets } from './refresh.ts';
import { type SecretsManager, startSecretsManager } from './secrets/server.ts';
import { createSignalQueue, createSignalTable } from './signals.ts';
import { startTables, type Tables } from './table/server.ts';

interface ServiceOptions {
  readonly ports: ReturnType<typeof portsFrom>;
  readonly groupids: readonly number[];
  readonly switches: Partial<Switches> | undefined;
}

/** What the functions find around them: Glance, and what is theirs of AWS. */
export interface Services {
  readonly emulator: PresenceEmulator;
  readonly secrets: SecretsManager;
  readonly queues: Queues;
  readonly tables: Tables;
  readonly refreshQueue: Queue;
  readonly signalQueue: Queue;
  readonly deadLetters: Queue;
  readonly signalTable: string;
}

/** Starts all of it, with the queues, the table and the secrets of the groups in it. */
export async function startServices(
  { ports, groupids, switches }: ServiceOptions,
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
  const { queue: signalQueue, deadLetters } = await createSignalQueue(queues, stage);
  const refreshQueue = await createRefreshQueue(queues, stage);
  const signalTable = await createSignalTable(tables, stage);
  return { emulator, secrets, queues, tables, refreshQueue, signalQueue, deadLetters, signalTable };
}
