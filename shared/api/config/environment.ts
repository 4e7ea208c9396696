import * as z from 'zod/mini';
import { groupId } from '../../presence/ids.ts';
import { jsonVariable } from '../../runtime/environment.ts';
import type { Endpoint } from '../endpoints.ts';
import { deployedCaller, deployedCallers } from './callers.ts';
import { deployedGroup, deployedGroupOf, isRenewed, renewedGroup, renewedGroupOf } from './groups.ts';
import type { RelayConfig } from './relay.ts';
import { tokenMinutes } from './tokens.ts';
import { filled, stageVariable, withRoom } from './variables.ts';

/** What the functions of the endpoints read of their environment. */
export const relayEnvironment = z.object({
  RELAY_STAGE: stageVariable,
  RELAY_GROUPS: jsonVariable(z.record(groupId, deployedGroup)),
  /** Who may call its endpoints, by `roleKey`. */
  RELAY_CALLERS: jsonVariable(z.record(z.string(), deployedCaller)),
  /** Address of the queue that a renewal of tokens is asked for on; missing where the relay renews none. */
  RELAY_REFRESH_QUEUE: z.optional(filled),
  /** The origins of the pages that may read its answers. */
  RELAY_ORIGINS: z.optional(jsonVariable(z.array(z.string()))),
});

/** What the function that tells what became of signals reads beside. */
export const receiptEnvironment = z.object({
  /** The table of their records. */
  RELAY_SIGNAL_TABLE: filled,
});

/** What the function that takes signals on reads beside. */
export const keepEnvironment = z.extend(receiptEnvironment, {
  RELAY_SIGNAL_QUEUE: filled,
  /** Name of the secret that their ids are made with. */
  RELAY_ID_KEY: filled,
});

/** What the function that gets the tokens reads of its environment. */
export const refreshEnvironment = z.object({
  RELAY_STAGE: stageVariable,
  RELAY_GROUPS: jsonVariable(z.record(groupId, renewedGroup)),
  /** How long a token shall live, in minutes. */
  RELAY_TOKEN_MINUTES: z.pipe(z.pipe(z.string(), z.transform(Number)), tokenMinutes),
});

/** How things are named that the configuration does not name. */
export interface DeployedNames {
  readonly stage: string;
  /** Name or ARN of the secret with the token of a group. */
  secretOf(groupid: string): string;
  /** Name or ARN of the secret with the credentials of a group that is renewed. */
  credentialsOf(groupid: string): string;
  /** Address of the queue that a renewal is asked for on; nothing where no group is renewed. */
  readonly refreshQueue: string | undefined;
  /** Address of the queue of signals, name of the table of their records. */
  readonly signalQueue: string;
  readonly signalTable: string;
  /** Address of the queue of dead letters. */
  readonly deadLetters: string;
  /** Name of the secret that signal ids are made with. */
  readonly idKey: string;
  /** Name of the bus that events of the relay are put on. */
  readonly bus: string;
  /** Name of the bucket of the snapshots. */
  readonly snapshotBucket: string;
  /** Name of the secret with the keys of a source of webhooks. */
  keysOf(source: string): string;
}

/** What of a function of endpoints tells its environment: how it is named, and what it serves. */
interface EndpointFunction {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
}

type EndpointNames = Pick<DeployedNames, 'stage' | 'secretOf' | 'refreshQueue'> &
  Partial<Pick<DeployedNames, 'signalQueue' | 'signalTable' | 'idKey'>>;

/**
 * The environment of a function of endpoints. Names of secrets stand there, never what they hold. Throws when it
 * is larger than Lambda takes.
 */
export function relayVariables(
  { groups, callers, cors }: RelayConfig,
  { name, endpoints }: EndpointFunction,
  { stage, secretOf, refreshQueue, signalQueue, signalTable, idKey }: EndpointNames,
): Record<string, string> {
  const deployed = Object.entries(groups).map(([id, group]) => [id, deployedGroupOf(group, secretOf(id))]);
  const variables = {
    RELAY_STAGE: stage,
    RELAY_GROUPS: JSON.stringify(Object.fromEntries(deployed)),
    RELAY_CALLERS: JSON.stringify(deployedCallers(endpoints, callers)),
    ...(refreshQueue !== undefined && { RELAY_REFRESH_QUEUE: refreshQueue }),
    ...(signalQueue !== undefined && { RELAY_SIGNAL_QUEUE: signalQueue }),
    ...(signalTable !== undefined && { RELAY_SIGNAL_TABLE: signalTable }),
    ...(idKey !== undefined && { RELAY_ID_KEY: idKey }),
    ...(cors && { RELAY_ORIGINS: JSON.stringify(cors.origins) }),
  };
  return withRoom(name, variables);
}

/** The environment of the function that gets the tokens. Throws when it is larger than Lambda takes. */
export function refreshVariables(
  { groups, tokens }: RelayConfig,
  { stage, secretOf, credentialsOf }: Pick<DeployedNames, 'stage' | 'secretOf' | 'credentialsOf'>,
): Record<string, string> {
  const renewed = Object.entries(groups)
    .filter(([, group]) => isRenewed(group))
    .map(([id, group]) => [
      id,
      renewedGroupOf(group, { secret: secretOf(id), credentials: credentialsOf(id) }),
    ]);
  return withRoom('refresh-token', {
    RELAY_STAGE: stage,
    RELAY_GROUPS: JSON.stringify(Object.fromEntries(renewed)),
    RELAY_TOKEN_MINUTES: String(tokens.minutes),
  });
}
