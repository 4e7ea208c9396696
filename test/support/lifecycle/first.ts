import { ephemeralRelay, partner, partnerBus, sender, watched } from './relay.ts';

/** One group, and three sources. */
export default ephemeralRelay({
  groups: { 12345: watched },
  webhooks: { crm: sender('first'), desk: sender('first'), sales: partner(partnerBus) },
});
