import { defineRelay } from './shared/api/config/relay.ts';

/**
 * What this deployment relays, and for whom. Every mistake in it is named before anything starts.
 * `docs/configuration.md` tells what else may stand here.
 */
export default defineRelay({
  groups: {
    // A Glance group by its id. An empty entry means Glance's own servers.
    12345: {},
  },
  callers: {
    // An IAM role of this account, or the ARN of one of another. It may look up, find and signal; query it may not.
    'agent-desk': { groups: [12345] },
  },
});
