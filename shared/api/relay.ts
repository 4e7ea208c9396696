import { openPresence } from '../authorization/open-presence.ts';
import type { PresenceClient } from '../presence/client.ts';
import { readEnvironment } from '../runtime/environment.ts';
import { secretsManager } from '../runtime/secrets-manager.ts';
import type { DeployedCaller } from './config/callers.ts';
import { relayEnvironment } from './config/environment.ts';
import type { DeployedGroup } from './config/groups.ts';

/** What the Presence functions work with, made once per cold start. */
export interface Relay {
  readonly groups: ReadonlyMap<string, DeployedGroup>;
  /** Who may call this endpoint, by `roleKey`. */
  readonly callers: ReadonlyMap<string, DeployedCaller>;
  readonly origins: readonly string[];
  readonly presence: PresenceClient;
}

/** Throws `EnvironmentError`. */
export function openRelay(environment: NodeJS.ProcessEnv): Relay {
  const variables = readEnvironment(relayEnvironment, environment);
  const groups = new Map(Object.entries(variables.RELAY_GROUPS));
  const callers = new Map(Object.entries(variables.RELAY_CALLERS));
  const client = secretsManager();
  const presence = openPresence({ groups, refreshQueue: variables.RELAY_REFRESH_QUEUE, client });
  return { groups, callers, origins: variables.RELAY_ORIGINS ?? [], presence };
}
