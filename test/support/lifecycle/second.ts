import { ephemeralRelay, partner, partnerBus, sender, watched } from './relay.ts';

/** A group more, a source less, and other limits. */
export default ephemeralRelay({
  groups: { 72: watched, 12345: watched },
  webhooks: { crm: sender('second'), sales: partner(partnerBus) },
  throttle: { rate: 50, burst: 60 },
});
