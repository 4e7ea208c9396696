import * as z from 'zod/mini';
import { loggedType } from './body/json.ts';
import { isOrganizationId, widenSalesforceId } from './body/salesforce-id.ts';
import { readXml, type XmlElement } from './body/xml.ts';
import { checkQuerySecret, queryKeyFlaw } from './proof/shared-secret.ts';
import {
  defineSource,
  type ReadEvent,
  type Reading,
  type Reply,
  type Source,
  type SourceOptions,
  Unreadable,
} from './source.ts';

/** One record of an outbound message, with the fields that it was told to send. */
export interface OutboundMessage {
  readonly notificationId: string;
  /** 18 characters. */
  readonly organizationId: string;
  readonly actionId: string;
  /** `Contact` */
  readonly type: string;
  /** Of the record. */
  readonly id: string;
  /**
   * As text, as Salesforce writes it: `true`, `12.50`, `2026-01-31T09:00:00.000Z`; null where it says nil. The values are
   * those at the time of sending, and fields without a value may be missing.
   */
  readonly fields: Readonly<Record<string, string | null>>;
}

interface Own {
  /** The only organization whose messages are read: 15 or 18 characters, beginning with `00D`. */
  readonly organizationId: string;
}

/**
 * Outbound messages of Salesforce, which nobody signs: the secret stands in the address, as `?code=…`. So everything in
 * a message is as good as its address, the ids that tell repeated ones included.
 */
export function salesforceOutboundMessage(options: SourceOptions<OutboundMessage> & Own): Source {
  return defineSource<OutboundMessage, Own>(
    {
      kind: 'salesforce-outbound-message',
      options: {
        organizationId: z
          .string()
          .check(
            z.refine(isOrganizationId, 'must be the id of an organization: 00D…, of 15 or 18 characters'),
          ),
      },
      // A hundred records may come at once.
      maxBytes: 1_048_576,
      authentication: 'a secret in the query of the address (?code=…), and the id of the organization',
      hasReplayProtection: false,
      lists: {
        keys: { of: 'the secret at the end of the endpoint address, after ?code=', flaw: queryKeyFlaw },
      },
      answers: {
        accepted: acknowledgement(200, true),
        // Salesforce would send the very same for 24 hours, in which it becomes no better.
        unreadable: acknowledgement(200, true),
        tooLarge: acknowledgement(200, true),
        // Either of both makes Salesforce come again; the status is what the gateway counts.
        unavailable: acknowledgement(503, false),
      },
      authenticate: (request, { keys = [] }) => checkQuerySecret(request, 'code', keys),
      read: ({ body }, { organizationId }) => readNotifications(readXml(body), organizationId),
    },
    options,
  );
}

const soap = 'http://schemas.xmlsoap.org/soap/envelope/';
const outbound = 'http://soap.sforce.com/2005/09/outbound';
const xsi = 'http://www.w3.org/2001/XMLSchema-instance';

/** Salesforce takes nothing but this for a yes; a 200 without it is a failure. */
function acknowledgement(status: number, isTaken: boolean): Reply {
  return {
    status,
    headers: { 'content-type': 'text/xml; charset=utf-8' },
    body:
      '<?xml version="1.0" encoding="UTF-8"?>' +
      `<soapenv:Envelope xmlns:soapenv="${soap}"><soapenv:Body><notificationsResponse xmlns="${outbound}">` +
      `<Ack>${isTaken}</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>`,
  };
}

/** Takes what it names and leaves the rest: `SessionId`, which opens the whole organization, must not get any further. */
function readNotifications(envelope: XmlElement, ours: string): Reading<OutboundMessage> {
  if (envelope.name !== `{${soap}}Envelope`) throw new Unreadable('there is no SOAP envelope');
  const message = sole(sole(envelope, `{${soap}}Body`), `{${outbound}}notifications`);
  const organizationId = widenSalesforceId(textIn(message, 'OrganizationId'));
  if (organizationId === undefined || organizationId !== widenSalesforceId(ours)) {
    throw new Unreadable('the message is of another organization');
  }
  const common = { organizationId, actionId: textIn(message, 'ActionId') };
  const notifications = message.children.filter(({ name }) => name === `{${outbound}}Notification`);
  if (notifications.length === 0) throw new Unreadable('there is no Notification');
  const events: ReadEvent<OutboundMessage>[] = [];
  const faults: string[] = [];
  for (const [at, notification] of notifications.entries()) {
    try {
      const event = { ...common, ...readNotification(notification) };
      events.push({ key: event.notificationId, type: loggedType(event.type), event });
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      faults.push(`notification ${at + 1}: ${error.message}`);
    }
  }
  return { events, faults };
}

function readNotification(notification: XmlElement): Omit<OutboundMessage, 'organizationId' | 'actionId'> {
  const record = sole(notification, `{${outbound}}sObject`);
  const fields = Object.fromEntries(
    record.children.map((field) => [localName(field.name), fieldValue(field)]),
  );
  const type = record.attributes.get(`{${xsi}}type`)?.replace(/^.*:/s, '');
  if (!type) throw new Unreadable('the record has no type');
  if (!fields.Id) throw new Unreadable('the record has no Id');
  return { notificationId: textIn(notification, 'Id'), type, id: fields.Id, fields };
}

function localName(name: string): string {
  return name.replace(/^\{.*\}/s, '');
}

function fieldValue({ attributes, text }: XmlElement): string | null {
  const nil = attributes.get(`{${xsi}}nil`);
  return nil === 'true' || nil === '1' ? null : text;
}

function textIn(element: XmlElement, name: string): string {
  const text = sole(element, `{${outbound}}${name}`).text.trim();
  if (text === '') throw new Unreadable(`the ${name} is empty`);
  return text;
}

function sole({ children }: XmlElement, name: string): XmlElement {
  const [element, ...more] = children.filter((child) => child.name === name);
  if (element === undefined) throw new Unreadable(`there is no ${localName(name)}`);
  if (more.length > 0) throw new Unreadable(`there is more than one ${localName(name)}`);
  return element;
}
