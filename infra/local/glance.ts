import type { RelayConfig } from '../../shared/api/config/relay.ts';

/** What stands in for Glance, by the address of its load balancer and that of the operation that grants tokens. */
export interface GlanceAddresses {
  readonly presence: string;
  readonly authorization: string;
}

/** With that in the place of Glance, for all groups, and with secrets of the relay's own. */
export function withGlanceAt(config: RelayConfig, at: GlanceAddresses): RelayConfig {
  const groups = Object.entries(config.groups).map(([groupid, { secret: _, credentials: __, ...group }]) => [
    groupid,
    { ...group, ...at },
  ]);
  return { ...config, groups: Object.fromEntries(groups) };
}
