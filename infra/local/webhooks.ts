import { randomBytes } from 'node:crypto';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { webhook as spec } from '../functions.ts';
import { idKeyName, webhookKeysName } from '../names.ts';
import type { Events } from './events/server.ts';
import { invokeAsynchronously } from './lambda/asynchronous.ts';
import type { LocalFunction } from './lambda/function.ts';
import type { Queue } from './queues/server.ts';
import type { SecretsManager } from './secrets/server.ts';
import { localKeys } from './webhook-keys.ts';

/** What somebody has to bring for each source, and what the stack itself makes for all of them. */
export function putWebhookSecrets(secrets: SecretsManager, stage: string, { webhooks }: RelayConfig): void {
  for (const [name, source] of Object.entries(webhooks)) {
    if (Object.keys(source.lists).length > 0)
      secrets.put(webhookKeysName(stage, name), localKeys(name, source));
  }
  // The records with the ids that it makes are gone with this run, too.
  secrets.put(idKeyName(stage), randomBytes(32).toString('hex'));
}

interface WebhookEventOptions {
  readonly events: Events;
  readonly config: RelayConfig;
  /** The function of this name. */
  readonly webhook: LocalFunction;
  /** Where events go that it cannot take. */
  readonly deadLetters: Queue;
}

/** Brings the function the events of those sources that have no HTTP. */
export function serveWebhookEvents(
  { events, config, webhook: target, deadLetters: onFailure }: WebhookEventOptions,
  opened: AsyncDisposableStack,
): void {
  const ended = new AbortController();
  opened.defer(() => ended.abort());
  const invocation = { name: spec.name, target, onFailure, ended: ended.signal };
  events.serve({
    sources: Object.values(config.webhooks).flatMap(({ transport }) =>
      transport === 'http' ? [] : [transport.eventSource],
    ),
    target: (event) => invokeAsynchronously(event, invocation),
  });
}
