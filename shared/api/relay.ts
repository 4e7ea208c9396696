import { serverRules } from '../presence/address.ts';
import { PresenceClient } from '../presence/client.ts';
import { SecretTokens } from '../presence/secret-tokens.ts';
import { readEnvironment } from '../runtime/environment.ts';
import { type GroupSettings, relayEnvironment } from './config.ts';

/** What the Presence functions work with, made once per cold start. */
export interface Relay {
  readonly groups: ReadonlyMap<string, GroupSettings>;
  readonly presence: PresenceClient;
}

/** Throws `EnvironmentError`. */
export function openRelay(environment: NodeJS.ProcessEnv): Relay {
  const { RELAY_GROUPS } = readEnvironment(relayEnvironment, environment);
  const groups = new Map(Object.entries(RELAY_GROUPS));
  const rules = new Map(Array.from(groups, ([id, settings]) => [id, serverRules(settings)] as const));
  const tokens = new SecretTokens({ secretOf: (id) => groups.get(id)?.secret ?? '' });
  return { groups, presence: new PresenceClient({ groups: rules, tokens }) };
}
