import { ConfigurationError } from '../shared/api/config/error.ts';
import { defineRelay, type RelayConfig } from '../shared/api/config/relay.ts';

/** What `relay.config.ts` says, checked. Whatever is wrong with it is told in a message that begins with its name. */
export async function loadRelayConfig(): Promise<RelayConfig> {
  const { default: config } = await import('../relay.config.ts').catch((cause: unknown) => {
    throw cause instanceof ConfigurationError ? cause : new ConfigurationError(reasonOf(cause), { cause });
  });
  if (config === undefined) throw new ConfigurationError(': must have a default export, made by defineRelay');
  // A file that exports a plain object is as good.
  return defineRelay(config);
}

/** With the place in the file, where the error tells it. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return `: ${String(cause)}`;
  const [, place = ''] = /relay\.config\.ts(:\d+(?::\d+)?)/.exec(cause.stack ?? '') ?? [];
  return `${place}: ${cause.message}`;
}
