import { defineRelay, type RelayConfig } from '../../shared/api/config/relay.ts';
import { madeUpGroup } from './order.ts';

/** A relay that has the stand-in for its Presence service and for what grants tokens, and leaves nothing behind. */
export function twinConfig({ presence, role }: { presence: string; role: string }): RelayConfig {
  return defineRelay({
    groups: { [madeUpGroup]: { presence, authorization: `${presence}/authorize` } },
    callers: { [role]: { groups: [madeUpGroup], endpoints: ['lookupvisitor', 'query'] } },
    ephemeral: true,
    // The relay that is verified has one, and it is of the whole account.
    logs: { gatewayRole: 'existing', retentionDays: 1 },
  });
}
