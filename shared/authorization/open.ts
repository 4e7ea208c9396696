import { serverRules } from '../presence/address.ts';
import { Transport } from '../presence/transport.ts';
import { systemClock } from '../runtime/clock.ts';
import { secretsManager } from '../runtime/secrets-manager.ts';
import { readAuthorizationAddress } from './address.ts';
import { AuthorizationClient } from './client.ts';
import type { RefreshDependencies, RenewableGroup } from './refresh.ts';
import { Vault } from './vault.ts';

interface RefreshSettings {
  readonly RELAY_GROUPS: Readonly<Record<string, GroupSettings>>;
  readonly RELAY_TOKEN_MINUTES: number;
}

interface GroupSettings {
  readonly presence: string;
  readonly authorization: string;
  readonly site: string;
  readonly secret: string;
  readonly credentials: string;
}

/**
 * What a renewal works with, made once per cold start. It outlasts what passes: a request that the function fails comes
 * back only after the queue's visibility timeout, and until then nobody else renews the group.
 */
export function openRefresh({ RELAY_GROUPS, RELAY_TOKEN_MINUTES }: RefreshSettings): RefreshDependencies {
  const groups = Object.entries(RELAY_GROUPS).map(([id, settings]) => [id, renewable(settings)] as const);
  return {
    groups: new Map(groups),
    vault: new Vault(secretsManager({ maxAttempts: 8 })),
    authorization: new AuthorizationClient(),
    transport: new Transport(),
    clock: systemClock,
    minutes: RELAY_TOKEN_MINUTES,
    unwritten: new Map(),
  };
}

function renewable({ presence, authorization, ...rest }: GroupSettings): RenewableGroup {
  const address = readAuthorizationAddress(authorization);
  if (!address.checked) throw new Error(`the address of the Authorization API ${address.reason}`);
  return { ...rest, authorization: address, rules: serverRules({ presence }) };
}
