import { defineRelay, type RelayConfig } from '../shared/api/config/relay.ts';

/** What `relay.config.ts` says, checked. Whatever is wrong with it is told in a message that begins with its name. */
export async function loadRelayConfig(): Promise<RelayConfig> {
  const { default: config } = await import('../relay.config.ts').catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(reason.startsWith('relay.config.ts: ') ? reason : `relay.config.ts: ${reason}`, {
      cause,
    });
  });
  if (config === undefined)
    throw new Error('relay.config.ts: must have a default export, made by defineRelay');
  return defineRelay(config);
}
