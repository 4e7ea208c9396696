import * as z from 'zod/mini';
import { loggedType, readAs, readJson } from './body/json.ts';
import { idText, type JsonObject, jsonObject, nonEmpty, objectOf } from './body/values.ts';
import { basicKeys, basicVerdict } from './proof/basic-auth.ts';
import { defineSource, type ReadEvent, type Source, type SourceOptions, Unreadable } from './source.ts';

/** A deal, a person … as it is or was. */
interface PipedriveRecord extends JsonObject {
  /** By keys of 40 characters. */
  readonly custom_fields: JsonObject;
}

/** Of webhooks of version 2. */
export interface PipedriveEvent {
  /** `create`, `change` or `delete`. */
  readonly action: string;
  /** `deal`, `person`, `organization` … */
  readonly entity: string;
  /** Of the record. */
  readonly id: string;
  /** As it is now; nothing once it is deleted. */
  readonly data: PipedriveRecord | undefined;
  /** What has changed, as it was; nothing for a new one. */
  readonly previous: PipedriveRecord | undefined;
  readonly meta: JsonObject;
}

export function pipedrive(options: SourceOptions<PipedriveEvent>): Source {
  return defineSource<PipedriveEvent>(
    {
      kind: 'pipedrive',
      authentication: 'HTTP basic',
      hasReplayProtection: false,
      lists: { keys: basicKeys },
      answers: {
        accepted: { status: 200 },
        // A tenth first try without a 2xx bans us for half an hour, whose events are lost.
        unreadable: { status: 200 },
        tooLarge: { status: 200 },
        // Counts towards the ban, and yet is the only way not to lose the event: Pipedrive tries three times more.
        unavailable: { status: 503 },
      },
      authenticate: (request, { keys = [] }) => basicVerdict(request, keys),
      read({ body }) {
        return { events: [readNotification(readJson(body))] };
      },
    },
    options,
  );
}

const record = z.nullish(jsonObject);
const notification = z.object({
  meta: z.looseObject({
    id: idText,
    webhook_id: idText,
    action: nonEmpty,
    entity: nonEmpty,
    entity_id: idText,
  }),
  data: record,
  previous: record,
});

/** `attempt` is no part of the key: it counts how often the same event has been sent. */
function readNotification(content: unknown): ReadEvent<PipedriveEvent> {
  // There, `meta.id` is that of the record: all of its changes would count as one event.
  if (objectOf(objectOf(content).meta).v === 1) {
    throw new Unreadable('the webhook is of version 1: make one of version 2 in its place');
  }
  const { meta, data, previous } = readAs(notification, content);
  const { id, webhook_id, action, entity, entity_id } = meta;
  return {
    key: `${webhook_id}:${id}`,
    type: loggedType(`${action}.${entity}`),
    event: { action, entity, id: entity_id, data: recordOf(data), previous: recordOf(previous), meta },
  };
}

function recordOf(found: JsonObject | null | undefined): PipedriveRecord | undefined {
  return found ? { ...found, custom_fields: objectOf(found.custom_fields) } : undefined;
}
