import { defineRelay, type RelayConfig } from '../../../shared/api/config/relay.ts';
import { headerSecret } from '../../../shared/webhooks/header-secret.ts';
import { salesforceEventRelay } from '../../../shared/webhooks/salesforce-event-relay.ts';
import { textAt } from '../../../shared/webhooks/text-at.ts';

type Config = Parameters<typeof defineRelay>[0];

/** Where its senders prove who they are. */
export const header = 'x-relay-key';

/** A sender whose signals wait for ten minutes. They tell by which deployment they were mapped. */
export function sender(deployment: string) {
  return headerSecret({
    group: 12345,
    header,
    id: (body) => textAt(body, 'id'),
    signal: ({ body }) => ({
      visitorid: textAt(body, 'visitor'),
      ttl: 600,
      message: { mtype: 'signal', data: { id: textAt(body, 'id'), deployment } },
    }),
  });
}

/** A source of events, of that partner bus. */
export function partner(eventSource: string) {
  return salesforceEventRelay({
    group: 12345,
    eventSource,
    signal: ({ payload }) => ({
      visitorid: textAt(payload, 'Visitor_Id__c'),
      message: { mtype: 'signal', data: {} },
    }),
  });
}

/** The bus that stands around the relay under test: a second stack may take events from it, too. */
export const partnerBus = 'aws.partner/salesforce.com/00D5g000007XyzAEAS/0YLB00000000001OAA';

/**
 * A relay that is deployed to be removed. The role that API Gateway writes logs by is of the
 * whole account, and would stay; another stack has made it.
 */
export function ephemeralRelay(config: Pick<Config, 'groups' | 'webhooks' | 'throttle'>): RelayConfig {
  return defineRelay({
    ...config,
    signals: { perVisitor: 1_000 },
    logs: { gatewayRole: 'existing' },
    ephemeral: true,
  });
}

/** Snapshots are taken when a test takes one. */
export const watched = { snapshots: { everyMinutes: 1_440 } } as const;
