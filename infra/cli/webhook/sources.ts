import type { RelayConfig } from '../../../shared/api/config/relay.ts';
import type { Source } from '../../../shared/webhooks/source.ts';
import { UsageError } from '../../command.ts';
import { withSamples } from '../../local/samples.ts';

export type Sources = Readonly<Record<string, Source>>;

/** The sources of relay.config.ts by their names; a local run has samples of every kind besides. */
export function sourcesOf(config: RelayConfig, { local }: { readonly local: boolean }): Sources {
  return local ? withSamples(config).webhooks : config.webhooks;
}

/** Throws a UsageError. */
export function sourceNamed(sources: Sources, name: string): Source {
  const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
  if (source) return source;
  throw new UsageError(`there is no such source of webhooks; there are ${Object.keys(sources).join(', ')}`);
}
