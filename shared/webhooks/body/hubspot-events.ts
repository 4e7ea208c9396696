import { windowMs } from '../proof/signature.ts';
import { digestOf } from '../request.ts';
import { type ReadEvent, type Reading, Unreadable } from '../source.ts';
import { textAt } from '../text-at.ts';
import { isJsonObject, loggedType, readJson } from './json.ts';
import type { JsonObject } from './values.ts';

/** What an app has subscribed to, or what a workflow's action "send a webhook" brings. */
export type HubSpotEvent = HubSpotNotification | HubSpotWorkflow;

/** Values as text, by the names of their properties. A property without a value is not there. */
type Properties = Readonly<Partial<Record<string, string>>>;

/** Something that has happened to an object of HubSpot. Notifications come in any order. */
interface HubSpotNotification extends Texts {
  readonly kind: 'notification';
  /** Milliseconds since 1970. */
  readonly occurredAt: number;
  readonly associationRemoved?: boolean;
  /** The one property that a `propertyChange` tells of, with its new value. No other kind tells of any. */
  readonly properties: Properties;
  /** All of it, as it came. */
  readonly payload: JsonObject;
}

interface HubSpotWorkflow {
  readonly kind: 'workflow';
  /** What the workflow was told to send of its object. */
  readonly properties: Properties;
  /** All of it, as it came. */
  readonly payload: JsonObject;
}

/** So long a request that somebody has captured may stay authentic: one window before its time, and one after it. */
const digestSeconds = (2 * windowMs) / 1_000;

/** What tells a workflow's webhook from all others, as `relay.config.ts` has it. */
type WorkflowId = (properties: Properties) => string | undefined;

/** These tell one notification from another; `attemptNumber`, which changes when it is sent again, must not. */
const telling = [
  /** `contact.propertyChange`, `object.creation` … */
  'subscriptionType',
  'portalId',
  'subscriptionId',
  /** HubSpot says that two may share one. */
  'eventId',
  'objectId',
  'objectTypeId',
  'propertyName',
  'propertyValue',
  'primaryObjectId',
  'newObjectId',
  'fromObjectId',
  'toObjectId',
  'associationType',
  'messageId',
  'messageType',
] as const;

/** Fields that HubSpot documents. All are text, the ids too, which may be longer than numbers can be. */
type Texts = Readonly<Partial<Record<(typeof textFields)[number], string>>>;
const textFields = [...telling, 'appId', 'changeSource', 'sourceId'] as const;

/** An app sends a list of notifications, a workflow one object. Throws `Unreadable`. */
export function readHubSpot(body: Buffer, id?: WorkflowId): Reading<HubSpotEvent> {
  const json = readJson(body);
  if (Array.isArray(json)) return readBatch(json);
  if (!isJsonObject(json)) throw new Unreadable('the body is neither a list nor an object');
  const event: HubSpotWorkflow = { kind: 'workflow', properties: propertiesOf(json), payload: json };
  const own = id && ownId(id, event);
  const key = own ? { key: `workflow:${own}` } : { key: digestOf(body), keySeconds: digestSeconds };
  return { events: [{ ...key, type: 'workflow', event }] };
}

function ownId(id: WorkflowId, { properties }: HubSpotWorkflow): string | undefined {
  try {
    return id(properties)?.trim();
  } catch {
    throw new Unreadable('the option "id" of this source threw');
  }
}

function readBatch(batch: readonly unknown[]): Reading<HubSpotEvent> {
  const events: ReadEvent<HubSpotEvent>[] = [];
  const faults: string[] = [];
  for (const [at, payload] of batch.entries()) {
    const event = notificationOf(payload);
    if (typeof event === 'string') faults.push(`notification ${at + 1} ${event}`);
    else events.push({ key: keyOf(event), type: loggedType(event.subscriptionType), event });
  }
  return { events, faults };
}

/** Or what is wrong with it. */
function notificationOf(payload: unknown): HubSpotNotification | string {
  if (!isJsonObject(payload)) return 'is no object';
  const { occurredAt, associationRemoved, eventType } = payload;
  // Without its time, two of a kind could not be told from one that is sent twice.
  if (typeof occurredAt !== 'number') return 'does not tell when it occurred';
  const named = textFields.map((name) => [name, textAt(payload, name)] as const);
  // Some call the first of them by the second name.
  const texts: Texts = present([['subscriptionType', textAt(eventType)], ...named]);
  return {
    ...texts,
    kind: 'notification',
    occurredAt,
    ...(typeof associationRemoved === 'boolean' && { associationRemoved }),
    properties: texts.propertyName ? valuesOf({ [texts.propertyName]: texts.propertyValue }) : {},
    payload,
  };
}

function keyOf(event: HubSpotNotification): string {
  const { occurredAt, associationRemoved, payload } = event;
  const others = [occurredAt, associationRemoved, payload.mergedObjectIds];
  return digestOf(JSON.stringify([...telling.map((name) => event[name]), ...others]));
}

/**
 * A workflow's body is flat where somebody has put it together. Else it is the object as one of HubSpot's interfaces
 * gives it: with its `properties`, whose values stand there as they are or, the older way, as `{ value, … }`.
 */
function propertiesOf(body: JsonObject): Properties {
  return { ...valuesOf(body), ...(isJsonObject(body.properties) && valuesOf(body.properties)) };
}

function valuesOf(properties: JsonObject): Properties {
  const values = Object.entries(properties).map(
    ([name, value]) => [name, (textAt(value) ?? textAt(value, 'value')) || undefined] as const,
  );
  return present(values);
}

function present(entries: readonly (readonly [string, string | undefined])[]): Record<string, string> {
  return Object.fromEntries(entries.flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])));
}
