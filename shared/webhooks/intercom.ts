import * as z from 'zod/mini';
import { digestSeconds } from './body/generic-body.ts';
import { loggedType, readAs, readJson } from './body/json.ts';
import { type JsonObject, jsonObject, nonEmpty } from './body/values.ts';
import { fromHex, hmacFits } from './proof/signature.ts';
import { digestOf, soleHeader } from './request.ts';
import { defineSource, type ReadEvent, type Source, type SourceOptions } from './source.ts';

/** A notification. */
export interface IntercomEvent {
  /** `notif_…`; some have none. */
  readonly id: string | undefined;
  /** `contact.tag.created` */
  readonly topic: string;
  /** The workspace. */
  readonly appId: string;
  /** What it is about: a contact, a conversation … */
  readonly item: JsonObject;
  /** Unix seconds. */
  readonly createdAt: number | undefined;
}

interface IntercomOptions {
  /**
   * The workspaces whose notifications count; all of them unless given. One app sends those of every workspace that has
   * installed it.
   */
  readonly appIds?: readonly string[];
}

export function intercom(options: SourceOptions<IntercomEvent> & IntercomOptions): Source {
  return defineSource<IntercomEvent, IntercomOptions>(
    {
      kind: 'intercom',
      options: { appIds: z.optional(z.array(nonEmpty).check(z.minLength(1, 'must hold at least one id'))) },
      authentication: 'HMAC-SHA1 over the body',
      hasReplayProtection: false,
      lists: { keys: { of: 'the client secret of the app' } },
      // Never 410, which ends the subscription, nor 429, which holds notifications back for up to two hours.
      answers: {
        accepted: { status: 200 },
        unreadable: { status: 200 },
        unavailable: { status: 503, headers: { 'retry-after': '30' } },
      },
      authenticate(request, { keys = [] }) {
        const given = soleHeader(request, 'x-hub-signature');
        if (given === undefined) return 'missing';
        const signature = given.startsWith('sha1=') ? fromHex(given.slice('sha1='.length)) : undefined;
        if (signature === undefined) return 'malformed';
        return hmacFits('sha1', keys, [request.body], [signature]) ? 'authentic' : 'mismatch';
      },
      read({ body }, { appIds }) {
        const content = readJson(body);
        if (readAs(withTopic, content).topic === 'ping') return { events: [] };
        const notice = readAs(notification, content);
        // Of another workspace it is authentic, and nothing is wrong with it: it is of no interest here.
        const isOurs = appIds === undefined || appIds.includes(notice.app_id);
        return { events: isOurs ? [readNotification(notice)] : [] };
      },
    },
    options,
  );
}

const withTopic = z.object({ topic: nonEmpty });

const notification = z.object({
  id: z.nullish(z.string()),
  topic: nonEmpty,
  app_id: nonEmpty,
  data: z.looseObject({ item: jsonObject }),
  created_at: z.optional(z.unknown()),
});

function readNotification(notice: z.infer<typeof notification>): ReadEvent<IntercomEvent> {
  const { id, topic, app_id: appId, data, created_at: createdAt } = notice;
  return {
    ...keyOf(notice),
    type: loggedType(topic),
    event: {
      id: id || undefined,
      topic,
      appId,
      item: data.item,
      createdAt: typeof createdAt === 'number' ? createdAt : undefined,
    },
  };
}

/** Neither holds what changes from one delivery to the next: `delivery_attempts` and its like. */
function keyOf({ id, topic, app_id: appId, data }: z.infer<typeof notification>) {
  if (id) return { key: `id:${appId}:${id}` };
  return { key: `digest:${digestOf(JSON.stringify([appId, topic, data]))}`, keySeconds: digestSeconds };
}
