import {
  type BodyEvent,
  bodyKey,
  digestSeconds,
  fieldsOf,
  readEvents,
  readForm,
} from './body/generic-body.ts';
import { readJson } from './body/json.ts';
import { fromBase64, hmacFits } from './proof/signature.ts';
import { bodyHashFits, hasBodyHash, signedForm, signedQuery, spellings } from './proof/twilio-signature.ts';
import { digestOf, headerValues, soleHeader, type WebhookRequest } from './request.ts';
import {
  defineSource,
  type Reading,
  type Source,
  type SourceOptions,
  Unreadable,
  type Verdict,
} from './source.ts';
import { textAt } from './text-at.ts';

/** An answer without a word is no TwiML, so nobody hears or reads it. */
const noContent = { status: 204 };

/** Twilio: messages, calls and their statuses as forms, and Event Streams as JSON. */
export function twilio(options: SourceOptions<BodyEvent>): Source {
  return defineSource<BodyEvent>(
    {
      kind: 'twilio',
      // A form is signed by its fields.
      proofIsInBody: true,
      maxBytes: 65_536,
      authentication: 'HMAC-SHA1 over the body and the address',
      hasReplayProtection: false,
      signsUrl: true,
      lists: {
        keys: {
          of: 'the auth token of the account',
          flaw: (key) => (/^[0-9a-f]{32}$/.test(key) ? undefined : 'must be 32 digits of 0-9, a-f'),
        },
      },
      answers: { accepted: noContent, unreadable: noContent },
      authenticate: (request, { keys = [] }) => check(request, keys),
      read: (request) => (hasBodyHash(request) ? readJsonEvents(request) : readFormEvent(request)),
    },
    options,
  );
}

function check(request: WebhookRequest, keys: readonly string[]): Verdict {
  if (headerValues(request, header).every((value) => value.trim() === '')) return 'missing';
  const signature = fromBase64(soleHeader(request, header) ?? '');
  const query = signedQuery(request);
  if (!signature || request.url === undefined || query === undefined) return 'malformed';
  // With a query, the body is no form, and vouched for by its hash.
  const rest = query || formOf(request);
  if (rest === undefined) return 'malformed';
  const fits = spellings(request.url).map((url) => hmacFits('sha1', keys, [url, rest], [signature]));
  if (!fits.some((fit) => fit)) return 'mismatch';
  return query === '' || bodyHashFits(request) ? 'authentic' : 'mismatch';
}

/** Nothing where it is none. */
function formOf({ body }: WebhookRequest): string | undefined {
  try {
    return signedForm(body);
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

const header = 'x-twilio-signature';

/** Event Streams come as lists of CloudEvents, each with an id of its own. */
function readJsonEvents(request: WebhookRequest): Reading<BodyEvent> {
  const id = (body: unknown) => (textAt(body, 'specversion') ? textAt(body, 'id') : undefined);
  const type = (body: unknown) => textAt(body, 'type');
  return readEvents(readJson(request.body), { id, type }, bodyKey(request));
}

/**
 * The key is made of what is signed, not of the body: a form can be written in many ways that all bear one signature. It
 * counts for a while only, since a caller may press the same digit twice.
 */
function readFormEvent({ body }: WebhookRequest): Reading<BodyEvent> {
  const fields = fieldsOf(readForm(body));
  return readEvents(
    fields,
    { type: formType },
    { key: digestOf(signedForm(body)), keySeconds: digestSeconds },
  );
}

function formType(body: unknown): string | undefined {
  const message = textAt(body, 'MessageStatus') ?? textAt(body, 'SmsStatus');
  const call = textAt(body, 'CallStatus');
  return textAt(body, 'EventType') ?? (message ? `message.${message}` : call && `call.${call}`);
}
