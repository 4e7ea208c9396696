import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { serverRules } from '../presence/address.ts';
import { PresenceClient } from '../presence/client.ts';
import { SecretTokens } from '../presence/secret-tokens.ts';
import { Transport, type TransportLimits } from '../presence/transport.ts';
import { RefreshQueue } from './queue.ts';
import { Vault } from './vault.ts';

/** What a function is told of a group. */
interface GroupSettings {
  readonly presence: string;
  readonly directServers: readonly string[];
  /** Name or ARN of the secret with the token. */
  readonly secret: string;
  /** Whether the relay itself gets the group's tokens. */
  readonly renewed: boolean;
}

interface OpenPresenceOptions {
  readonly groups: ReadonlyMap<string, GroupSettings>;
  /** Address of the queue on which a new token is asked for; missing where the relay gets none. */
  readonly refreshQueue: string | undefined;
  readonly client: SecretsManagerClient;
  /** For whom the usual time-outs of the transport do not fit. */
  readonly limits?: Partial<TransportLimits>;
}

/** The Presence client of these groups, with tokens that are renewed when they are of no use. */
export function openPresence({ groups, refreshQueue, client, limits }: OpenPresenceOptions): PresenceClient {
  const rules = new Map(Array.from(groups, ([id, settings]) => [id, serverRules(settings)] as const));
  const secretOf = (id: string) => groups.get(id)?.secret ?? '';
  const renewedSecretOf = (id: string) => (groups.get(id)?.renewed ? secretOf(id) : undefined);
  const renewal =
    refreshQueue === undefined
      ? undefined
      : new RefreshQueue({ url: refreshQueue, secretOf: renewedSecretOf, vault: new Vault(client) });
  const tokens = new SecretTokens({ secretOf, client, renewal });
  return new PresenceClient({ groups: rules, tokens, transport: new Transport(limits) });
}
