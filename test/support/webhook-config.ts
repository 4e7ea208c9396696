import { defineRelay } from '../../shared/api/config/relay.ts';
import { standardWebhooks } from '../../shared/webhooks/standard-webhooks.ts';
import { textAt } from '../../shared/webhooks/text-at.ts';

/** In the place of `relay.config.ts`, for tests of the bundles. */
export default defineRelay({
  groups: { 12345: {} },
  webhooks: {
    crm: standardWebhooks({
      group: 12345,
      signal: ({ data }) => ({
        visitorid: textAt(data, 'visitorId'),
        message: { mtype: 'signal', data: { from: 'crm' } },
      }),
    }),
  },
});
