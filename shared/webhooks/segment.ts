import * as z from 'zod/mini';
import { flawsOf, flawText } from '../runtime/flaws.ts';
import { firstElement, isArray } from './body/first-element.ts';
import { loggedType, readAs, readJson } from './body/json.ts';
import { type JsonObject, nonEmpty, objectOf, textOf } from './body/values.ts';
import { headerName } from './proof/header-name.ts';
import { checkHeaderSecret, headerKeyFlaw } from './proof/shared-secret.ts';
import { fromHex, hmacFits } from './proof/signature.ts';
import { soleHeader } from './request.ts';
import {
  defineSource,
  type KeyList,
  type ReadEvent,
  type Reading,
  type Source,
  type SourceOptions,
} from './source.ts';

/** A call of the Segment spec, with whatever else the destination's mapping in Segment makes of it. */
export interface SegmentEvent {
  readonly messageId: string;
  /** `track`, `identify`, `page` … */
  readonly type: string | undefined;
  /** What a `track` is about: `Product Viewed`. */
  readonly event: string | undefined;
  readonly userId: string | undefined;
  /** The browser's own id. */
  readonly anonymousId: string | undefined;
  readonly properties: JsonObject;
  readonly traits: JsonObject;
  readonly context: JsonObject;
  /** ISO 8601. */
  readonly timestamp: string | undefined;
  readonly [other: string]: unknown;
}

interface SegmentOptions {
  /**
   * The header in which the destination sends a second secret, such as `authorization`: the list `batch` of the secret
   * holds its whole value. Only then batches are taken, since Segment signs no more than the first event of one.
   */
  readonly batchHeader?: string;
}

export function segment(options: SourceOptions<SegmentEvent> & SegmentOptions): Source {
  return defineSource<SegmentEvent, SegmentOptions>(
    {
      kind: 'segment',
      options: { batchHeader: z.optional(headerName) },
      // 4,000 events at most.
      maxBytes: 2_097_152,
      authentication: ({ batchHeader }) =>
        batchHeader
          ? 'HMAC-SHA1 over the body; of a batch over its first event, with a secret in a header'
          : 'HMAC-SHA1 over the body',
      hasReplayProtection: false,
      lists: ({ batchHeader }) => ({
        keys: { of: 'the shared secret of the destination' },
        ...(batchHeader && { batch }),
      }),
      answers: { accepted: { status: 200 }, unreadable: { status: 200 } },
      authenticate(request, { keys = [], batch = [] }, _now, { batchHeader }) {
        const given = soleHeader(request, 'x-signature');
        if (given === undefined) return 'missing';
        const signature = fromHex(given);
        if (signature === undefined) return 'malformed';
        const isBatch = isArray(request.body);
        const signed = isBatch ? firstElement(request.body) : request.body;
        if (signed === undefined || !hmacFits('sha1', keys, [signed], [signature])) return 'mismatch';
        if (!isBatch) return 'authentic';
        return batchHeader ? checkHeaderSecret(request, batchHeader, batch) : 'mismatch';
      },
      read({ body }) {
        const content = readJson(body);
        if (Array.isArray(content)) return readBatch(content);
        return { events: [readCall(readAs(call, content))] };
      },
    },
    options,
  );
}

const batch: KeyList = {
  of: 'the whole value of the header that comes with batches (Bearer …)',
  flaw: (key) => headerKeyFlaw(key.replace(/^(?:bearer|basic|token) /i, '')),
};

const call = z.looseObject({ messageId: nonEmpty });

function readCall(body: z.infer<typeof call>): ReadEvent<SegmentEvent> {
  return {
    key: body.messageId,
    type: loggedType(body.type),
    event: {
      ...body,
      type: textOf(body.type),
      event: textOf(body.event),
      userId: textOf(body.userId),
      anonymousId: textOf(body.anonymousId),
      properties: objectOf(body.properties),
      traits: objectOf(body.traits),
      context: objectOf(body.context),
      timestamp: textOf(body.timestamp),
    },
  };
}

/** One call that is none keeps nothing from the others. */
function readBatch(elements: readonly unknown[]): Reading<SegmentEvent> {
  const read = elements.map((element) => call.safeParse(element, { reportInput: true }));
  return {
    events: read.flatMap(({ data }) => (data ? [readCall(data)] : [])),
    faults: read.flatMap(({ error }, at) => (error ? [faultOf(error, at)] : [])),
  };
}

function faultOf(error: z.core.$ZodError, at: number): string {
  return flawsOf(error)
    .map(({ path, detail }) => flawText({ path: [at, ...path], detail }))
    .join('; ');
}
