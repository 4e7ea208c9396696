import { defineRelay } from './shared/api/config.ts';

/**
 * What this deployment relays. Every mistake in it is named before anything starts. One entry per Glance group,
 * with the group's id; an empty one means: Glance's own servers, any documented visitor id, and the functions that
 * begin a session. `docs/configuration.md` tells what else may stand there.
 */
export default defineRelay({
  groups: {
    12345: {},
  },
});
