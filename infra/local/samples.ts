import { atlassian } from '../../shared/webhooks/atlassian.ts';
import { basicAuth } from '../../shared/webhooks/basic-auth.ts';
import { bodyToken } from '../../shared/webhooks/body-token.ts';
import { dataverse } from '../../shared/webhooks/dataverse.ts';
import { genesys } from '../../shared/webhooks/genesys.ts';
import { github } from '../../shared/webhooks/github.ts';
import { headerSecret } from '../../shared/webhooks/header-secret.ts';
import { hmac } from '../../shared/webhooks/hmac.ts';
import { hubspot } from '../../shared/webhooks/hubspot.ts';
import { intercom } from '../../shared/webhooks/intercom.ts';
import { pipedrive } from '../../shared/webhooks/pipedrive.ts';
import { querySecret } from '../../shared/webhooks/query-secret.ts';
import { salesforceCallout } from '../../shared/webhooks/salesforce-callout.ts';
import { salesforceEventRelay } from '../../shared/webhooks/salesforce-event-relay.ts';
import { salesforceOutboundMessage } from '../../shared/webhooks/salesforce-outbound-message.ts';
import { segment } from '../../shared/webhooks/segment.ts';
import { shopify } from '../../shared/webhooks/shopify.ts';
import { slack } from '../../shared/webhooks/slack.ts';
import type { SignalDraft, Source } from '../../shared/webhooks/source.ts';
import { standardWebhooks } from '../../shared/webhooks/standard-webhooks.ts';
import { stripe } from '../../shared/webhooks/stripe.ts';
import { textAt } from '../../shared/webhooks/text-at.ts';
import { twilio } from '../../shared/webhooks/twilio.ts';
import { zendesk } from '../../shared/webhooks/zendesk.ts';

/**
 * Adds a source of each kind to those of a configuration, under the name of its kind where that is free. They are for
 * its first group, and know the visitor id in the webhooks of `test/samples`.
 */
export function withSamples<Config extends Configured>(config: Config): Config {
  const [group = ''] = Object.keys(config.groups);
  return { ...config, webhooks: { ...sampleSources(group), ...config.webhooks } };
}

interface Configured {
  readonly groups: object;
  readonly webhooks: Readonly<Record<string, Source>>;
}

/** The salesforce organization of the samples, and the channel of its events. */
const organizationId = '00D5g000007XyzAEAS';
const eventSource = `aws.partner/salesforce.com/${organizationId}/0YLB00000000001OAA`;

/** The key of the custom field of deals that holds the visitor id. */
const pipedriveField = 'b7f2a0c4d16e4f5a9b83c2d1e0f9a8b7c6d5e4f3';

function sampleSources(group: string): Record<string, Source> {
  return { ...vendors(group), ...signers(group), ...ways(group) };
}

/** Those with a shape of their own. */
function vendors(group: string): Record<string, Source> {
  return {
    'standard-webhooks': standardWebhooks({
      group,
      signal: ({ data }) => show('standard-webhooks', textAt(data, 'visitorId')),
    }),
    hubspot: hubspot({
      group,
      signal: ({ properties }) => show('hubspot', properties.visitor_id),
    }),
    'salesforce-outbound-message': salesforceOutboundMessage({
      group,
      organizationId,
      signal: ({ fields }) => show('salesforce-outbound-message', fields.Visitor_Id__c),
    }),
    'salesforce-callout': salesforceCallout({
      group,
      id: (body) => body.id,
      signal: (body) => show('salesforce-callout', textAt(body, 'visitor_id')),
    }),
    'salesforce-event-relay': salesforceEventRelay({
      group,
      eventSource,
      signal: ({ payload }) => show('salesforce-event-relay', textAt(payload, 'Visitor_Id__c')),
    }),
    dataverse: dataverse({
      group,
      signal: ({ attributes }) => show('dataverse', textAt(attributes, 'new_visitorid')),
    }),
    zendesk: zendesk({
      group,
      id: (body) => textAt(body, 'update'),
      signal: (event) =>
        show(
          'zendesk',
          event.kind === 'event' ? textAt(event.detail, 'external_id') : textAt(event.body, 'visitor_id'),
        ),
    }),
    intercom: intercom({
      group,
      signal: ({ item }) => show('intercom', textAt(item, 'contact', 'external_id')),
    }),
    segment: segment({
      group,
      batchHeader: 'authorization',
      signal: ({ anonymousId }) => show('segment', anonymousId),
    }),
    pipedrive: pipedrive({
      group,
      signal: ({ data }) => show('pipedrive', textAt(data, 'custom_fields', pipedriveField, 'value')),
    }),
  };
}

/** Those whose vendors have a way to sign of their own, and bodies that all look the same to us. */
function signers(group: string): Record<string, Source> {
  return {
    github: github(shown(group, 'github', 'client_payload', 'visitor_id')),
    atlassian: atlassian(shown(group, 'atlassian', 'issue', 'fields', 'customfield_10042')),
    genesys: genesys(shown(group, 'genesys', 'channel', 'to', 'id')),
    slack: slack(shown(group, 'slack', 'event', 'metadata', 'event_payload', 'visitor_id')),
    stripe: stripe(shown(group, 'stripe', 'data', 'object', 'client_reference_id')),
    shopify: shopify(shown(group, 'shopify', 'note_attributes', 0, 'value')),
    twilio: twilio(shown(group, 'twilio')),
  };
}

/** Those for whoever is no vendor of ours. */
function ways(group: string): Record<string, Source> {
  const id = (body: object) => textAt(body, 'id');
  const signature = {
    header: 'x-signature',
    hash: 'sha256',
    encoding: 'hex',
    signed: '{timestamp}.{body}',
    timestamp: { header: 'x-timestamp' },
  } as const;
  return {
    hmac: hmac({ ...shown(group, 'hmac'), id, signature }),
    'header-secret': headerSecret({ ...shown(group, 'header-secret'), id, header: 'x-relay-key' }),
    'query-secret': querySecret({ ...shown(group, 'query-secret'), id, parameter: 'code' }),
    'basic-auth': basicAuth({ ...shown(group, 'basic-auth'), id }),
    'body-token': bodyToken({ ...shown(group, 'body-token'), at: '/token' }),
  };
}

/** The visitor id stands at that place of the body; it is `visitor_id` itself unless given. */
function shown(group: string, from: string, ...place: readonly (string | number)[]) {
  const at = place.length > 0 ? place : ['visitor_id'];
  return { group, signal: ({ body }: { body: object }) => show(from, textAt(body, ...at)) };
}

/** What the demo site shows. Who opens it within ten minutes still sees it. */
function show(from: string, visitorid: string | null | undefined): SignalDraft {
  return { visitorid, ttl: 600, message: { mtype: 'signal', data: { from } } };
}
