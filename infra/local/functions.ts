import path from 'node:path';
import { deliverVariables } from '../../shared/api/config/deliver-environment.ts';
import { refreshVariables, relayVariables } from '../../shared/api/config/environment.ts';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { snapshotVariables } from '../../shared/api/config/snapshot-environment.ts';
import { webhookVariables } from '../../shared/api/config/webhook-environment.ts';
import { type Endpoint, readsignal, signalvisitor } from '../../shared/api/endpoints.ts';
import {
  deliver,
  type EndpointFunctionSpec,
  endpointFunctions,
  type FunctionSpec,
  refreshToken,
  snapshot,
  webhook,
} from '../functions.ts';
import {
  busName,
  credentialsName,
  functionName,
  idKeyName,
  secretName,
  localStage as stage,
  webhookKeysName,
} from '../names.ts';
import { LocalFunction } from './lambda/function.ts';
import type { Services } from './services.ts';

export interface LocalFunctions {
  readonly endpoints: readonly { readonly spec: EndpointFunctionSpec; readonly target: LocalFunction }[];
  readonly webhook: LocalFunction;
  readonly refreshToken: LocalFunction;
  readonly deliver: LocalFunction;
  readonly snapshot: LocalFunction;
  /** All of them, by the names that they have on AWS. */
  readonly named: Readonly<Record<string, NamedFunction>>;
}

interface NamedFunction {
  readonly target: LocalFunction;
  /** Without what stands for this machine alone. */
  readonly environment: Readonly<Record<string, string>>;
}

interface FunctionOptions {
  readonly config: RelayConfig;
  readonly services: Services;
  /** The bundles, which need not be there yet. */
  readonly folder: string;
  readonly log: (line: string) => void;
}

/** The functions with the environment that the stack gives them, and where each service of AWS is on this machine. */
export function openFunctions(
  { config, services, folder, log }: FunctionOptions,
  opened: AsyncDisposableStack,
): LocalFunctions {
  const addresses = {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: services.secrets.url,
    AWS_ENDPOINT_URL_SQS: services.queues.url,
    AWS_ENDPOINT_URL_DYNAMODB: services.tables.url,
    AWS_ENDPOINT_URL_S3: services.bucket.url,
    AWS_ENDPOINT_URL_EVENTBRIDGE: services.events.url,
  };
  const named: Record<string, NamedFunction> = {};
  const open = (spec: FunctionSpec, variables: Record<string, string>) => {
    const file = path.join(folder, spec.name, 'index.js');
    const environment = { ...variables, ...addresses };
    const options = { ...spec, file, environment, log: (line: string) => log(withoutMetrics(line)) };
    const target = opened.adopt(new LocalFunction(options), (it) => it.close());
    named[functionName(stage, spec.name)] = { target, environment: variables };
    return target;
  };
  const names = namesOf(services);
  const { secretOf, refreshQueue } = names;
  return {
    endpoints: endpointFunctions.map((spec) => ({
      spec,
      target: open(
        spec,
        relayVariables(config, spec, { stage, secretOf, refreshQueue, ...keptNames(spec, names) }),
      ),
    })),
    webhook: open(webhook, webhookVariables(config, names)),
    refreshToken: open(refreshToken, refreshVariables(config, names)),
    deliver: open(deliver, deliverVariables(config, names)),
    snapshot: open(snapshot, snapshotVariables(config, names)),
    named,
  };
}

function namesOf({ refreshQueue, signalQueue, deadLetters, signalTable, snapshotBucket }: Services) {
  return {
    stage,
    secretOf: (groupid: string) => secretName(stage, groupid),
    credentialsOf: (groupid: string) => credentialsName(stage, groupid),
    keysOf: (source: string) => webhookKeysName(stage, source),
    refreshQueue: refreshQueue.url,
    signalQueue: signalQueue.url,
    deadLetters: deadLetters.url,
    signalTable,
    snapshotBucket,
    bus: busName(stage),
    idKey: idKeyName(stage),
  };
}

/** What a function need not know of kept signals, it is not told, here as on AWS. */
function keptNames(
  spec: EndpointFunctionSpec,
  { signalQueue, signalTable, idKey }: ReturnType<typeof namesOf>,
) {
  const keeps = serves(spec, signalvisitor);
  return {
    ...((keeps || serves(spec, readsignal)) && { signalTable }),
    ...(keeps && { signalQueue, idKey }),
  };
}

function serves({ endpoints }: EndpointFunctionSpec, endpoint: Endpoint): boolean {
  return endpoints.some(({ name }) => name === endpoint.name);
}

/** Nobody makes metrics of the lines here, and people read them. */
function withoutMetrics(line: string): string {
  return line.replace(/,"_aws":\{.*\}\}$/, '}');
}
