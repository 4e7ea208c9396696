import { ephemeralRelay, partner, sender, watched } from './relay.ts';

/** Nobody has associated this bus. And there is yet another group, a source less, and other limits. */
export default ephemeralRelay({
  groups: { 72: watched, 777: watched, 12345: watched },
  webhooks: {
    crm: sender('failing'),
    sales: partner('aws.partner/salesforce.com/00D5g000007XyzAEAS/0YLB00000000009OAA'),
  },
  throttle: { rate: 10, burst: 20 },
});
