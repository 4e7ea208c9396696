import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { RefreshQueue } from '../authorization/queue.ts';
import { Vault } from '../authorization/vault.ts';
import { serverRules } from '../presence/address.ts';
import { PresenceClient } from '../presence/client.ts';
import { type Renewal, SecretTokens, secretsManager } from '../presence/secret-tokens.ts';
import { readEnvironment } from '../runtime/environment.ts';
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
  const rules = new Map(Array.from(groups, ([id, settings]) => [id, serverRules(settings)] as const));
  const client = secretsManager();
  const secretOf = (id: string) => groups.get(id)?.secret ?? '';
  const renewal = openRenewal(variables.RELAY_REFRESH_QUEUE, groups, client);
  const tokens = new SecretTokens({ secretOf, client, renewal });
  const presence = new PresenceClient({ groups: rules, tokens });
  return { groups, callers, origins: variables.RELAY_ORIGINS ?? [], presence };
}

function openRenewal(
  url: string | undefined,
  groups: ReadonlyMap<string, DeployedGroup>,
  client: SecretsManagerClient,
): Renewal | undefined {
  if (url === undefined) return undefined;
  const renewedSecret = (id: string) => {
    const group = groups.get(id);
    return group?.renewed ? group.secret : undefined;
  };
  return new RefreshQueue({ url, secretOf: renewedSecret, vault: new Vault(client) });
}
