import * as z from 'zod/mini';
import { type Columns, columnsOf, pairs, row } from './body/dataverse-columns.ts';
import { digestSeconds } from './body/generic-body.ts';
import { loggedType, readAs, readJson } from './body/json.ts';
import { nonEmpty } from './body/values.ts';
import { headerName } from './proof/header-name.ts';
import {
  checkHeaderSecret,
  checkQuerySecret,
  headerKeyFlaw,
  queryKeyFlaw,
  queryName,
} from './proof/shared-secret.ts';
import { digestOf, headerValues, type WebhookRequest } from './request.ts';
import { defineSource, type ReadEvent, type Source, type SourceOptions } from './source.ts';

/** One step that Dataverse ran: what happened to which row. */
export interface DataverseEvent {
  /** `Create`, `Update`, `Delete` … */
  readonly messageName: string;
  /** `contact` */
  readonly entity: string;
  /** Of the row; missing where there is none yet. */
  readonly id: string | undefined;
  /** All that is known of the row now: `target`, and what `postImage` says of it. */
  readonly attributes: Columns;
  /** What the operation was told; of an update, the changed columns alone. */
  readonly target: Columns;
  /** The columns of the step's pre-images, as they were before. */
  readonly preImage: Columns;
  /** The columns of the step's post-images, as they are now. */
  readonly postImage: Columns;
  /** Above 1, something that ran on the server did it: perhaps in answer to ourselves. */
  readonly depth: number;
  readonly correlationId: string | undefined;
  readonly operationId: string | undefined;
  readonly initiatingUserId: string | undefined;
  /** Dataverse has left out all columns, since there would have been more than 256 KB. */
  readonly sizeExceeded: boolean;
}

type Place = 'code' | { readonly header: string } | { readonly query: string };

interface Own {
  /**
   * Where the secret comes, as registered: `code` for WebhookKey, `{ header }` for HttpHeader, `{ query }` for
   * HttpQueryString. `code` unless given.
   */
  readonly authentication?: Place;
}

/**
 * Webhooks of Dataverse, and so of Dynamics 365. Nothing is signed: a secret comes with each request. Register steps as
 * asynchronous, since a synchronous one that fails undoes what its user has saved.
 * https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks
 */
export function dataverse(options: SourceOptions<DataverseEvent> & Own): Source {
  return defineSource<DataverseEvent, Own>(
    {
      kind: 'dataverse',
      options: { authentication: z.optional(place) },
      // What is cut at 256 KB is not the JSON, in which characters may be escaped.
      maxBytes: 524_288,
      authentication: ({ authentication }) => `a secret in ${placeOf(authentication).told}`,
      hasReplayProtection: false,
      lists: ({ authentication }) => {
        const { told, header } = placeOf(authentication);
        const flaw = header === undefined ? queryKeyFlaw : headerKeyFlaw;
        return { keys: { of: `the secret that the registration sends in ${told}`, flaw } };
      },
      // Beside it the usual answers: 503 is repeated once, 429 never, and anything but a 2xx may undo what a user has saved.
      answers: { tooLarge: { status: 202 } },
      authenticate: (request, { keys = [] }, _, { authentication }) => {
        const { header, query } = placeOf(authentication);
        return header === undefined
          ? checkQuerySecret(request, query, keys)
          : checkHeaderSecret(request, header, keys);
      },
      read: (request) => ({ events: [readContext(request)] }),
    },
    options,
  );
}

const place = z.union(
  [z.literal('code'), z.strictObject({ header: headerName }), z.strictObject({ query: queryName })],
  "must be 'code', { header: '<name>' } or { query: '<name>' }",
);

/** Where to look, and how to say so. */
function placeOf(given: Place = 'code'): { header?: string; query: string; told: string } {
  if (given !== 'code' && 'header' in given)
    return { ...given, query: '', told: `the header ${given.header}` };
  const query = given === 'code' ? 'code' : given.query;
  return { query, told: `the query of the address (?${query}=…)` };
}

const images = z.nullish(z.array(z.object({ value: row })));
const text = z.nullish(z.string());

/** What is read of a RemoteExecutionContext. */
const context = z.object({
  MessageName: nonEmpty,
  PrimaryEntityName: nonEmpty,
  PrimaryEntityId: text,
  Depth: z.nullish(z.int()),
  CorrelationId: text,
  OperationId: text,
  OperationCreatedOn: text,
  InitiatingUserId: text,
  InputParameters: pairs,
  PreEntityImages: images,
  PostEntityImages: images,
});
type Context = z.infer<typeof context>;

function readContext(request: WebhookRequest): ReadEvent<DataverseEvent> {
  const read = readAs(context, readJson(request.body));
  const { MessageName: messageName, PrimaryEntityName: entity } = read;
  const target = columnsOf(readAs(row, read.InputParameters?.find(({ key }) => key === 'Target')?.value));
  const postImage = merged(read.PostEntityImages);
  const event: DataverseEvent = {
    messageName,
    entity,
    id: idOf(read.PrimaryEntityId),
    attributes: { ...target, ...postImage },
    target,
    preImage: merged(read.PreEntityImages),
    postImage,
    depth: read.Depth ?? 1,
    correlationId: idOf(read.CorrelationId),
    operationId: idOf(read.OperationId),
    initiatingUserId: idOf(read.InitiatingUserId),
    sizeExceeded: headerValues(request, 'x-ms-dynamics-msg-size-exceeded').length > 0,
  };
  return { ...keyOf(read, event, request.body), type: loggedType(`${entity}.${messageName}`), event };
}

function merged(given: z.infer<typeof images>): Columns {
  return Object.fromEntries((given ?? []).flatMap(({ value }) => Object.entries(columnsOf(value))));
}

function idOf(id: string | null | undefined): string | undefined {
  return id && /[^0-]/.test(id) ? id : undefined;
}

/** One operation may run through several messages and rows, so each has a key of its own. */
function keyOf(
  { OperationCreatedOn: createdOn }: Context,
  { operationId, correlationId, messageName, entity, id }: DataverseEvent,
  body: Buffer,
): Pick<ReadEvent, 'key' | 'keySeconds'> {
  const what = [messageName, entity, id ?? ''];
  if (operationId) return { key: JSON.stringify([operationId, ...what]) };
  // Of a synchronous step, which has no operation.
  if (correlationId && createdOn) return { key: JSON.stringify([correlationId, createdOn, ...what]) };
  return { key: digestOf(body), keySeconds: digestSeconds };
}
