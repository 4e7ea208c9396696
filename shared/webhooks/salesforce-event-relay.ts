import * as z from 'zod/mini';
import { loggedType, readAs, readJson } from './body/json.ts';
import { isOrganizationId } from './body/salesforce-id.ts';
import { nonEmpty } from './body/values.ts';
import { defineSource, type Reading, type Source, type SourceOptions, Unreadable } from './source.ts';

/** A platform event, or the change of a record, that Salesforce has relayed to EventBridge. */
export interface RelayedEvent {
  /** The name of the event in Salesforce: `Order_Shipped__e`, `ContactChangeEvent`. */
  readonly type: string;
  /** What EventBridge calls it; another one when Salesforce relays the event again. */
  readonly id: string;
  /** The fields of the event. */
  readonly payload: Readonly<Record<string, unknown>>;
  /** Of change events alone. */
  readonly change?: Change;
}

interface Change {
  /** `Contact` */
  readonly entityName: string;
  /** Several where one transaction did the same to several records. */
  readonly recordIds: readonly string[];
  /** `CREATE`, `UPDATE`, `DELETE`, `UNDELETE`; beginning with `GAP_` where Salesforce knows no more of it. */
  readonly changeType: string;
  readonly changedFields: readonly string[];
  readonly transactionKey?: string | null | undefined;
  readonly sequenceNumber?: number | null | undefined;
  /** Milliseconds since 1970. */
  readonly commitTimestamp?: number | null | undefined;
}

interface Own {
  /** `aws.partner/salesforce.com/<id of the organization, 18 characters>/<id of the channel>`, as AWS names it. */
  readonly eventSource: string;
}

/**
 * Events that the Event Relay of Salesforce brings to a partner event bus of ours. Nobody but AWS can put anything
 * there, and over HTTP nothing is ever taken for one of them.
 */
export function salesforceEventRelay(options: SourceOptions<RelayedEvent> & Own): Source {
  return defineSource<RelayedEvent, Own>(
    {
      kind: 'salesforce-event-relay',
      // EventBridge takes no larger ones.
      maxBytes: 1_048_576,
      transport: ({ eventSource }) => ({ eventSource }),
      options: { eventSource: partnerSource },
      authentication: 'the partner event bus of AWS; never over HTTP',
      // A captured event is of no use: there is no address to send it to.
      hasReplayProtection: true,
      lists: {},
      authenticate: () => 'missing',
      read: ({ body }, { eventSource }) => readRelayed(body, eventSource),
    },
    options,
  );
}

const partnerSource = z
  .string()
  .check(
    z.refine(
      isPartnerSource,
      'must be aws.partner/salesforce.com/<id of the organization, 18 characters>/<id of the channel>',
    ),
  );

function isPartnerSource(text: string): boolean {
  const [, organization = ''] = /^aws\.partner\/salesforce\.com\/(\w{18})\/[\w.-]{1,100}$/.exec(text) ?? [];
  return isOrganizationId(organization);
}

const uuid = z.nullish(z.string());

const changeHeader = z.looseObject({
  entityName: nonEmpty,
  recordIds: z.array(z.string()),
  changeType: nonEmpty,
  changedFields: z.pipe(
    z.nullish(z.array(z.string())),
    z.transform((names) => names ?? []),
  ),
  transactionKey: z.nullish(z.string()),
  sequenceNumber: z.nullish(z.int()),
  commitTimestamp: z.nullish(z.int()),
});

const relayed = z.object({
  id: nonEmpty,
  source: z.string(),
  'detail-type': nonEmpty,
  detail: z.object({
    id: uuid,
    event: z.nullish(z.object({ EventUuid: uuid })),
    payload: z.looseObject({ EventUuid: uuid, ChangeEventHeader: z.nullish(changeHeader) }),
  }),
});

function readRelayed(body: Buffer, eventSource: string): Reading<RelayedEvent> {
  const event = readAs(relayed, readJson(body));
  if (event.source !== eventSource) throw new Unreadable('the event is of another event source');
  const { id, 'detail-type': type, detail } = event;
  const { ChangeEventHeader: change } = detail.payload;
  return {
    events: [
      {
        key: keyOf(event),
        type: loggedType(type),
        event: { type, id, payload: detail.payload, ...(change && { change }) },
      },
    ],
  };
}

/** What stays when Salesforce relays an event again, as far as the event has it. */
function keyOf({ id, detail }: z.infer<typeof relayed>): string {
  const { ChangeEventHeader: change, EventUuid } = detail.payload;
  if (change?.transactionKey && typeof change.sequenceNumber === 'number') {
    return [change.transactionKey, change.sequenceNumber, change.entityName].join(' ');
  }
  return detail.event?.EventUuid || EventUuid || detail.id || id;
}
