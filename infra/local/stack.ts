import { fileURLToPath } from 'node:url';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { localStage as stage } from '../names.ts';
import { startBundling } from './bundling.ts';
import { withEveryRight } from './caller.ts';
import { openFunctions } from './functions.ts';
import { startGateway } from './gateway/gateway.ts';
import { withGlanceAt } from './glance.ts';
import { startFunctionsApi } from './lambda/api.ts';
import { portsFrom } from './ports.ts';
import type { PresenceEmulator } from './presence/emulator.ts';
import type { Switches } from './presence/switches.ts';
import { startRefresh } from './refresh.ts';
import { routesOf } from './routes.ts';
import type { SecretsManager } from './secrets/server.ts';
import { startServices } from './services.ts';
import { startDelivery } from './signals.ts';
import { startSite } from './site/site.ts';
import { startSnapshots } from './snapshots.ts';
import { putWebhookSecrets, serveWebhookEvents } from './webhooks.ts';

export interface LocalStackOptions {
  /** Its groups are relayed, with the emulator in the place of their Presence service. */
  readonly config: RelayConfig;
  /** Absolute path of the file that it comes from, for the mappings of its webhooks; `relay.config.ts` unless given. */
  readonly configFile?: string;
  /**
   * To try: a source of webhooks of each kind besides, the mappings of which come from a file of the local run; and
   * snapshots of every group.
   */
  readonly samples?: boolean;
  /** The relay's; the others follow in the order of `portsFrom`. 0, or not given: any free ports. */
  readonly port?: number;
  /** How the Presence emulator behaves. */
  readonly switches?: Partial<Switches>;
  /** Receives the lines that the functions print. Standard error unless given. */
  readonly log?: (line: string) => void;
}

export interface LocalStack extends AsyncDisposable {
  /** Base address of the endpoints, without a slash at its end; so are the others. */
  readonly relay: string;
  /** The emulator's load balancer. */
  readonly presence: string;
  readonly site: string;
  /** Secrets Manager. */
  readonly secrets: string;
  /** SQS. */
  readonly queues: string;
  /** DynamoDB. */
  readonly table: string;
  /** EventBridge. */
  readonly events: string;
  /** S3. */
  readonly bucket: string;
  /** Lambda. */
  readonly functions: string;
  readonly groupids: readonly number[];
  readonly emulator: PresenceEmulator;
  readonly secretsManager: SecretsManager;
  /** Ends everything at once, in the middle of an answer if need be. */
  close(): Promise<void>;
}

/**
 * Brings up the relay on this machine: the Presence emulator, what the relay needs of AWS, the bundles of all functions
 * behind the gateway, the queues and the events, and the demo site. It begins with the credentials of each group, and
 * gets the tokens by itself. Rejects, leaving nothing behind, when a port is taken or the build fails.
 */
export async function startLocalStack({
  config: own,
  samples = false,
  configFile = samples ? fileURLToPath(import.meta.resolve('./relay.config.ts')) : undefined,
  port = 0,
  switches,
  log = logToStderr,
}: LocalStackOptions): Promise<LocalStack> {
  const groupids = Object.keys(own.groups).map(Number);
  const ports = portsFrom(port);
  await using opened = new AsyncDisposableStack();

  const bundles = await startBundling(configFile, opened);
  const front = { port: ports.relay, log, origins: own.cors?.origins ?? [] };
  const gateway = opened.adopt(await startGateway(front), (it) => it.close());
  const services = await startServices({ ports, groupids, switches, log }, opened);
  const { emulator, secrets, queues, tables, events, refreshQueue, signalQueue, deadLetters } = services;
  // It takes a tenth of a second, in which others may start as well.
  const given = samples ? (await import('./trial.ts')).forTrial(own) : own;
  const glance = { presence: emulator.url, authorization: emulator.authorizeUrl };
  const config = { ...withGlanceAt(withEveryRight(given), glance), publicUrl: gateway.url };
  putWebhookSecrets(secrets, stage, config);

  const { folder } = bundles;
  const functions = openFunctions({ config, services, folder, log }, opened);
  const { webhook, deliver, refreshToken, snapshot } = functions;
  serveWebhookEvents({ events, config, webhook, deadLetters }, opened);
  const [groupid = 0] = groupids;
  const page = { presenceUrl: emulator.url, groupid, relayUrl: gateway.url };
  const site = opened.use(await startSite({ port: ports.site, ...page }));
  const lambda = opened.adopt(
    await startFunctionsApi({ port: ports.functions, functions: functions.named }),
    (it) => it.close(),
  );
  await bundles.done;
  gateway.serve(routesOf(functions, config));
  opened.use(startDelivery({ queue: signalQueue, target: deliver, config, log }));
  opened.use(await startRefresh({ stage, config, secrets, queue: refreshQueue, target: refreshToken, log }));

  opened.use(startSnapshots({ config, target: snapshot, log }));

  const running = opened.move();
  return {
    relay: gateway.url,
    presence: emulator.url,
    site: site.url,
    secrets: secrets.url,
    queues: queues.url,
    table: tables.url,
    events: events.url,
    bucket: services.bucket.url,
    functions: lambda.url,
    groupids,
    emulator,
    secretsManager: secrets,
    close: () => running.disposeAsync(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function logToStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}
