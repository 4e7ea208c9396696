import * as z from 'zod/mini';
import { bodyOptions } from './body/generic-body.ts';
import { loggedType, readAs, readJson } from './body/json.ts';
import { idText, type JsonObject, jsonObject, nonEmpty } from './body/values.ts';
import { fromRfc3339 } from './proof/rfc3339.ts';
import { fromBase64, hmacFits, isStale, windowMs } from './proof/signature.ts';
import { digestOf, soleHeader, type WebhookRequest } from './request.ts';
import { defineSource, type ReadEvent, type Source, type SourceOptions, Unreadable } from './source.ts';

/** Of a webhook that subscribes to events: Zendesk's own envelope. */
interface ZendeskOwnEvent {
  readonly kind: 'event';
  readonly id: string;
  /** `zen:event-type:user.active_changed` */
  readonly type: string;
  /** RFC 3339. */
  readonly time: string;
  readonly accountId: string;
  /** `zen:user:6596848315901` */
  readonly subject: string;
  readonly detail: JsonObject;
  readonly event: JsonObject;
}

/**
 * Of a webhook that a trigger or an automation calls: what an administrator has written, with placeholders. A text of an
 * end user in it, a ticket's title say, may end its string and go on with keys of its own, the last of which wins: put
 * the visitor id behind it, or leave it out.
 */
interface ZendeskTrigger {
  readonly kind: 'trigger';
  readonly body: JsonObject;
}

export type ZendeskEvent = ZendeskOwnEvent | ZendeskTrigger;

interface ZendeskOptions {
  /**
   * What in the body of a trigger tells it from all others, such as the ticket's id with the time of its update. Without
   * it, triggers with the same body count as one for ten minutes.
   */
  readonly id?: (body: JsonObject) => string | undefined;
}

export function zendesk(options: SourceOptions<ZendeskEvent> & ZendeskOptions): Source {
  return defineSource<ZendeskEvent, ZendeskOptions>(
    {
      kind: 'zendesk',
      options: { id: bodyOptions.id },
      authentication: 'HMAC-SHA256 over a time and the body',
      hasReplayProtection: true,
      lists: { keys: { of: 'the signing secret of the webhook' } },
      // Zendesk comes again after a 503 only with `Retry-After` below 60, and never after a 500.
      answers: { unavailable: { status: 503, headers: { 'retry-after': '30' } } },
      authenticate(request, { keys = [] }, now) {
        const given = soleHeader(request, 'x-zendesk-webhook-signature');
        const sent = soleHeader(request, 'x-zendesk-webhook-signature-timestamp');
        if (given === undefined || sent === undefined) return 'missing';
        const signature = fromBase64(given);
        const time = fromRfc3339(sent);
        if (signature === undefined || time === undefined) return 'malformed';
        // The secret looks like base64 and is used as it stands; so is the time.
        if (!hmacFits('sha256', keys, [sent, request.body], [signature])) return 'mismatch';
        return isStale(time, now) ? 'stale' : 'authentic';
      },
      read(request, own) {
        const body = readBody(request);
        const isEvent = typeof body.type === 'string' && body.type.startsWith('zen:event-type:');
        return { events: [isEvent ? readEvent(body) : readTrigger(body, request, own)] };
      },
    },
    options,
  );
}

/** A form has no body at all: its fields stand in the address. */
function readBody({ body }: WebhookRequest): JsonObject {
  if (!/^\s*\{/.test(body.toString('latin1'))) {
    throw new Unreadable(
      'the body is no JSON object: the webhook has to send one, not XML, a form or nothing',
    );
  }
  return readAs(jsonObject, readJson(body));
}

const envelope = z.object({
  id: nonEmpty,
  type: nonEmpty,
  time: nonEmpty,
  account_id: idText,
  subject: nonEmpty,
  detail: jsonObject,
  event: jsonObject,
});

/** The headers that name account, webhook and call are not signed: none of them is read. */
function readEvent(body: JsonObject): ReadEvent<ZendeskEvent> {
  const { account_id: accountId, ...rest } = readAs(envelope, body);
  return {
    key: `event:${rest.id}`,
    type: loggedType(rest.type),
    event: { kind: 'event', accountId, ...rest },
  };
}

/**
 * So long a request that somebody has captured may stay authentic: it came at most one window before its time, and is
 * stale one window after it.
 */
const digestSeconds = (2 * windowMs) / 1_000;

/** The signed time is no part of the key: whether it stays the same when Zendesk tries again is not documented. */
function readTrigger(
  body: JsonObject,
  request: WebhookRequest,
  { id }: ZendeskOptions,
): ReadEvent<ZendeskEvent> {
  const own = id && ownId(id, body);
  const key = own
    ? { key: `trigger:${own}` }
    : { key: `digest:${digestOf(request.body)}`, keySeconds: digestSeconds };
  return { ...key, type: 'trigger', event: { kind: 'trigger', body } };
}

function ownId(id: NonNullable<ZendeskOptions['id']>, body: JsonObject): string | undefined {
  try {
    return id(body)?.trim();
  } catch {
    throw new Unreadable('the option "id" of this source threw');
  }
}
