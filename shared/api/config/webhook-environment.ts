import * as z from 'zod/mini';
import { groupId } from '../../presence/ids.ts';
import { jsonVariable } from '../../runtime/environment.ts';
import type { DeployedNames } from './environment.ts';
import type { RelayConfig } from './relay.ts';
import { filled, stageVariable, withRoom } from './variables.ts';

/** What the function behind `/webhooks/{source}` reads of its environment. */
export const webhookEnvironment = z.object({
  RELAY_STAGE: stageVariable,
  /** Names of the secrets with the keys, by source, of those that need any. */
  RELAY_WEBHOOK_KEYS: jsonVariable(z.record(z.string(), filled)),
  /** The groups that ask for strict visitor ids. */
  RELAY_STRICT_GROUPS: jsonVariable(z.array(groupId)),
  /** What stands before `/webhooks/…` where the world sees it. */
  RELAY_PUBLIC_URL: z.optional(filled),
  RELAY_SIGNAL_QUEUE: filled,
  RELAY_DEAD_LETTERS: filled,
  RELAY_ID_KEY: filled,
});
export type WebhookEnvironment = z.infer<typeof webhookEnvironment>;

/** Where the world sees the relay, as far as the configuration tells. */
export function publicUrlOf({ publicUrl, domain }: RelayConfig): string | undefined {
  return publicUrl ?? (domain && `https://${domain.name}`);
}

/** The environment of the function behind `/webhooks/{source}`. Throws when it is larger than Lambda takes. */
export function webhookVariables(
  config: RelayConfig,
  names: Pick<DeployedNames, 'stage' | 'keysOf' | 'signalQueue' | 'deadLetters' | 'idKey'>,
): Record<string, string> {
  const keyed = Object.entries(config.webhooks).filter(([, { lists }]) => Object.keys(lists).length > 0);
  const strict = Object.entries(config.groups).filter(([, { visitorids }]) => visitorids === 'strict');
  const publicUrl = publicUrlOf(config);
  return withRoom('webhook', {
    RELAY_STAGE: names.stage,
    RELAY_WEBHOOK_KEYS: JSON.stringify(
      Object.fromEntries(keyed.map(([source]) => [source, names.keysOf(source)])),
    ),
    RELAY_STRICT_GROUPS: JSON.stringify(strict.map(([groupid]) => groupid)),
    ...(publicUrl !== undefined && { RELAY_PUBLIC_URL: publicUrl }),
    RELAY_SIGNAL_QUEUE: names.signalQueue,
    RELAY_DEAD_LETTERS: names.deadLetters,
    RELAY_ID_KEY: names.idKey,
  });
}
