import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { refreshVariables, relayVariables } from '../../shared/api/config/environment.ts';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { bundleFunctions } from '../bundle.ts';
import {
  type EndpointFunctionSpec,
  endpointFunctions,
  type FunctionSpec,
  refreshToken,
} from '../functions.ts';
import { credentialsName, localStage, secretName } from '../names.ts';
import { withEveryRight } from './caller.ts';
import { startGateway } from './gateway/gateway.ts';
import type { Route } from './gateway/routes.ts';
import { LocalFunction } from './lambda/function.ts';
import { namedServers, portsFrom } from './ports.ts';
import { type PresenceEmulator, startPresenceEmulator } from './presence/emulator.ts';
import type { Switches } from './presence/switches.ts';
import { startQueues } from './queues/server.ts';
import { createRefreshQueue, putSecrets, startRefresh } from './refresh.ts';
import { type SecretsManager, startSecretsManager } from './secrets/server.ts';
import { startSite } from './site/site.ts';

export interface LocalStackOptions {
  /** Its groups are relayed, with the emulator in the place of their Presence service. */
  readonly config: RelayConfig;
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
  readonly secrets: string;
  readonly queues: string;
  readonly groupids: readonly number[];
  readonly emulator: PresenceEmulator;
  readonly secretsManager: SecretsManager;
  /** Ends everything at once, in the middle of an answer if need be. */
  close(): Promise<void>;
}

const stage = localStage;

/**
 * Brings up the relay on this machine: the Presence emulator, Secrets Manager, SQS, the bundles of all functions behind
 * the gateway and the queue, and the demo site. It begins with the credentials of each group, and gets the tokens by
 * itself. Rejects, leaving nothing behind, when a port is taken or the build fails.
 */
export async function startLocalStack({
  config,
  port = 0,
  switches,
  log = logToStderr,
}: LocalStackOptions): Promise<LocalStack> {
  const groupids = Object.keys(config.groups).map(Number);
  const ports = portsFrom(port);
  await using opened = new AsyncDisposableStack();

  const bundles = await startBundling(opened);
  const emulator = opened.use(
    await startPresenceEmulator({ port: ports.presence, servers: namedServers, groups: groupids, switches }),
  );
  const secrets = opened.adopt(await startSecretsManager({ port: ports.secrets }), (it) => it.close());
  for (const { groupid, partneruserid, apikey } of emulator.accounts)
    putSecrets(secrets, stage, groupid, { partneruserid, apikey });
  const queues = opened.adopt(await startQueues({ port: ports.queues }), (it) => it.close());
  const refreshQueue = await createRefreshQueue(queues, stage);

  const names = { stage, secretOf, credentialsOf, refreshQueue: refreshQueue.url };
  const local = atEmulator(withEveryRight(config), emulator);
  const aws = { AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url, AWS_ENDPOINT_URL_SQS: queues.url };
  const open = (spec: FunctionSpec, variables: Record<string, string>) => {
    const file = path.join(bundles.folder, spec.name, 'index.js');
    const environment = { ...variables, ...aws };
    const options = { ...spec, file, environment, log: (line: string) => log(withoutMetrics(line)) };
    return opened.adopt(new LocalFunction(options), (it) => it.close());
  };
  const routes = endpointFunctions.map((spec) =>
    routeTo(spec, open(spec, relayVariables(local, spec.endpoint, names))),
  );
  const target = open(refreshToken, refreshVariables(local, names));
  // Who can call the relay shall find the functions.
  await bundles.done;
  const front = { routes, port: ports.relay, log, origins: config.cors?.origins ?? [] };
  const gateway = opened.adopt(await startGateway(front), (it) => it.close());
  const [groupid = 0] = groupids;
  const site = opened.use(
    await startSite({ port: ports.site, presenceUrl: emulator.url, groupid, relayUrl: gateway.url }),
  );

  opened.use(await startRefresh({ stage, config: local, secrets, queue: refreshQueue, target, log }));

  const running = opened.move();
  return {
    relay: gateway.url,
    presence: emulator.url,
    site: site.url,
    secrets: secrets.url,
    queues: queues.url,
    groupids,
    emulator,
    secretsManager: secrets,
    close: () => running.disposeAsync(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** In a folder of its own: several stacks may start at once. */
async function startBundling(opened: AsyncDisposableStack) {
  const folder = await mkdtemp(path.join(tmpdir(), 'presence-relay-'));
  const done = bundleFunctions(folder);
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

/** With the emulator in the place of Glance, and all secrets made here. */
function atEmulator(config: RelayConfig, { url, authorizeUrl }: PresenceEmulator): RelayConfig {
  const groups = Object.entries(config.groups).map(([groupid, { secret: _, credentials: __, ...group }]) => [
    groupid,
    { ...group, presence: url, authorization: authorizeUrl },
  ]);
  return { ...config, groups: Object.fromEntries(groups) };
}

function secretOf(groupid: number | string): string {
  return secretName(stage, groupid);
}

function credentialsOf(groupid: number | string): string {
  return credentialsName(stage, groupid);
}

/** Nobody makes metrics of the lines here, and people read them. */
function withoutMetrics(line: string): string {
  return line.replace(/,"_aws":\{.*\}\}$/, '}');
}

function routeTo({ endpoint }: EndpointFunctionSpec, target: LocalFunction): Route {
  const { method, path: resource, streams = false } = endpoint;
  return { method, resource, function: target, streams };
}

function logToStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}
