import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as dynamo from '@aws-sdk/client-dynamodb';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { build, type Plugin } from 'esbuild';
import { bundleFunctions } from '../../../infra/bundle.ts';
import { deliver } from '../../../infra/functions.ts';
import { startEvents } from '../../../infra/local/events/server.ts';
import { startEventSource } from '../../../infra/local/lambda/event-source.ts';
import { type PresenceEmulator, startPresenceEmulator } from '../../../infra/local/presence/emulator.ts';
import { type Queue, startQueues } from '../../../infra/local/queues/server.ts';
import { startSecretsManager } from '../../../infra/local/secrets/server.ts';
import { createSignalTable } from '../../../infra/local/signals.ts';
import { startTables } from '../../../infra/local/table/server.ts';
import {
  busName,
  localStage,
  secretName,
  signalDeadLettersName,
  signalQueueName,
} from '../../../infra/names.ts';
import { signalQueue } from '../../../infra/signals.ts';
import { deliverVariables } from '../../../shared/api/config/deliver-environment.ts';
import { defineRelay } from '../../../shared/api/config/relay.ts';
import { SignalTable } from '../../../shared/signals/table.ts';
import { MortalFunction } from './workers.ts';

const root = path.resolve(import.meta.dirname, '../../..');
export const groupid = 12345;

interface PlaceOptions {
  /** How long the function may run, in place of its own limit; everything that follows from it does so, too. */
  readonly seconds: number | undefined;
  readonly workers: number;
  /** Receives what the workers print. */
  readonly log: (line: string) => void;
}

export interface KillPlace extends AsyncDisposable {
  readonly emulator: PresenceEmulator;
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly table: SignalTable;
  readonly workers: MortalFunction;
}

/** The Presence emulator, SQS, DynamoDB, and the built function `deliver` behind its queue, with mortal workers. */
export async function openKillPlace({ seconds, workers: count, log }: PlaceOptions): Promise<KillPlace> {
  await using opened = new AsyncDisposableStack();
  const adopted = <T extends { close(): Promise<void> }>(it: T) => opened.adopt(it, () => it.close());
  const folder = await mkdtemp(path.join(tmpdir(), 'presence-relay-kills-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const file = await bundled(folder, seconds);
  // The pages here send nothing to show that they are still there.
  const switches = { keepalive: 3_600 };
  const emulator = adopted(await startPresenceEmulator({ groups: [groupid], switches }));
  const secrets = adopted(await startSecretsManager({ port: 0 }));
  const queues = adopted(await startQueues({ port: 0 }));
  const tables = adopted(await startTables({ port: 0 }));
  const events = adopted(await startEvents({ port: 0, bus: busName(localStage), log: () => {} }));
  secrets.put(secretName(localStage, groupid), emulator.issueToken({ groupid, minutes: 120 }).token);

  const timed = { fifo: false, visibilitySeconds: 2 * (seconds ?? deliver.timeoutSeconds) };
  const { retentionSeconds, receives, deadLetterSeconds } = signalQueue;
  const dead = { ...timed, name: signalDeadLettersName(localStage), retentionSeconds: deadLetterSeconds };
  const deadLetters = await queues.create(dead);
  const queue = await queues.create({
    ...timed,
    name: signalQueueName(localStage),
    retentionSeconds,
    deadLetters: { name: dead.name, afterReceives: receives },
  });
  const signalTable = await createSignalTable(tables, localStage);
  const config = defineRelay({
    groups: { [groupid]: { presence: emulator.url } },
    callers: {},
    signals: { concurrency: count },
  });
  const environment = {
    ...deliverVariables(config, {
      stage: localStage,
      secretOf: (group) => secretName(localStage, group),
      refreshQueue: undefined,
      signalQueue: queue.url,
      deadLetters: deadLetters.url,
      signalTable,
      bus: busName(localStage),
    }),
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    AWS_ENDPOINT_URL_SQS: queues.url,
    AWS_ENDPOINT_URL_DYNAMODB: tables.url,
    AWS_ENDPOINT_URL_EVENTBRIDGE: events.url,
  };
  const timeoutSeconds = seconds ?? deliver.timeoutSeconds;
  const workers = adopted(new MortalFunction({ ...deliver, timeoutSeconds, file, environment, log }, count));
  const { batchSize } = signalQueue;
  const source = startEventSource({ queue, target: workers, batchSize, maxConcurrency: count, log });
  opened.defer(() => source.close());
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: tables.url, region: 'local', credentials });
  opened.defer(() => client.destroy());
  const table = new SignalTable({ table: signalTable, open: () => ({ ...dynamo, client }) });
  const running = opened.move();
  const close = () => running.disposeAsync();
  return { emulator, queue, deadLetters, table, workers, [Symbol.asyncDispose]: close };
}

/** As every run has it; or with another limit, from which lease and visibility follow. */
async function bundled(folder: string, seconds: number | undefined): Promise<string> {
  const file = path.join(folder, 'deliver/index.js');
  if (seconds === undefined) {
    await bundleFunctions(folder);
    return file;
  }
  const quicker: Plugin = {
    name: 'quicker',
    setup({ onLoad }) {
      onLoad({ filter: /shared[\\/]signals[\\/]limits\.ts$/ }, () => ({
        contents: `export const deliverSeconds = ${seconds};
          export const leaseSeconds = deliverSeconds + 5;
          export const visibilitySeconds = 2 * deliverSeconds;
          export const mostQueueBytes = 1_048_576;`,
        loader: 'ts',
      }));
    },
  };
  await build({
    entryPoints: [path.join(root, 'functions/deliver.ts')],
    outfile: file,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    plugins: [quicker],
    logLevel: 'silent',
  });
  return file;
}
