import * as z from 'zod/mini';
import { functionName, type Message, sessionFunctions } from '../presence/message.ts';
import { type Flaw, flawsOf } from '../runtime/flaws.ts';
import type { WebhookRequest } from './request.ts';

/**
 * Why a request is not taken for one of its source. Operators see it; whoever sent it never does.
 * - `missing`: what should prove it is not there
 * - `malformed`: what should prove it is not in its form
 * - `mismatch`: no key fits
 * - `stale`: it is authentic, and its signed time is too far from ours
 */
export type Rejection = 'missing' | 'malformed' | 'mismatch' | 'stale';
export type Verdict = 'authentic' | Rejection;

/** The keys of a source, by the lists of its secret; each list that the source names is there, and none is blank. */
export type Keys = Readonly<Record<string, readonly string[]>>;

/** One event of a request, as its source reads it. */
export interface ReadEvent<Event = unknown> {
  /**
   * Tells this event from every other one of the source, and stays the same when the vendor sends it again. Made of what
   * the authentication covers alone.
   */
  readonly key: string;
  /**
   * The key is but a digest of the content, since the vendor names its events in no way that is signed: two real events
   * may share it, so it counts for so many seconds only.
   */
  readonly keySeconds?: number;
  /** For the log and the dead letters: the vendor's name for this kind of event. Never anything of a person. */
  readonly type: string;
  readonly event: Event;
}

/** What an authentic request holds. */
export interface Reading<Event = unknown> {
  readonly events: readonly ReadEvent<Event>[];
  /** Parts of a batch that are no events: what is wrong with each. The values are not repeated. */
  readonly faults?: readonly string[];
  /** What this very request wants to hear, where that is not `answers.accepted`: a handshake. */
  readonly reply?: Reply;
}

/** The body of an authentic request cannot be read at all. The message never repeats what stands there. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** How a vendor wants to be answered. */
export interface Answers {
  /** All that it brought is kept, or was of no interest. */
  readonly accepted: Reply;
  /** It is authentic and cannot be read; that was put down, and sending it again would not help. */
  readonly unreadable: Reply;
  /** It is above the limit of its source, and was not kept; status 413 unless given. */
  readonly tooLarge?: Reply;
  /** It could not be kept: the vendor shall send it again. Given for a source that is switched off, too. */
  readonly unavailable: Reply;
}

const usualAnswers: Answers = {
  accepted: { status: 202 },
  unreadable: { status: 202 },
  unavailable: { status: 503, headers: { 'retry-after': '30' } },
};

/**
 * A signal as a mapping makes it. Without a visitor id there is nobody to signal, which is no mistake: most records of
 * a CRM are of people who are not on the site.
 */
export interface SignalDraft {
  readonly visitorid: string | null | undefined;
  /** One of the source's groups; needed where it has several. */
  readonly groupid?: number | string;
  readonly message: Message;
  /** Seconds, 1 to 86,400: keep it until the visitor is present, at most so long. Without it: now or never. */
  readonly ttl?: number;
  /** Tells the signals of one event apart, should their order change; their place in it unless given. */
  readonly label?: string;
}

export type Drafts = SignalDraft | readonly SignalDraft[] | null | undefined;

/** What every source of `relay.config.ts` may say. */
export interface SourceOptions<Event> {
  /** The Glance group, or groups, that it reaches. */
  readonly group: number | string | readonly (number | string)[];
  /** Which signals come of an event: none, one or several. Has to answer at once, and to do nothing else. */
  readonly signal: (event: Event) => Drafts;
  /** `false`: authentic requests are told to come again later. */
  readonly enabled?: boolean;
  /** Of a body; 256 KiB unless given or the source has another default. */
  readonly maxBytes?: number;
  /** The functions that its signals may invoke; those that begin a session unless given. */
  readonly invocable?: readonly string[];
  /** `resend`: a signal of which nobody knows whether it arrived is sent again. Never an invoke. */
  readonly ambiguous?: 'resend';
}

/** A source of webhooks, as the functions and the synthesis see it. */
export interface Source {
  /** The name of the function that made it: `hubspot`. */
  readonly kind: string;
  /** Where requests come from: over HTTP, or as events of an EventBridge partner bus. */
  readonly transport: 'http' | { readonly eventSource: string };
  /** As text, each once. */
  readonly groups: readonly string[];
  readonly enabled: boolean;
  readonly maxBytes: number;
  readonly invocable: readonly string[];
  readonly ambiguous: 'unknown' | 'resend';
  /** For people: `HMAC-SHA256 over the body and a time`. */
  readonly authentication: string;
  /** Whether a request that somebody has captured is refused when it comes again much later. */
  readonly hasReplayProtection: boolean;
  /** The vendor signs the address, so it has to be configured, and has no query. */
  readonly signsUrl: boolean;
  /**
   * The lists of keys in its secret, and what is wrong with a key of one: words that follow the name of the list. Empty
   * where it needs no secret.
   */
  readonly lists: Readonly<Record<string, KeyList>>;
  readonly answers: Answers;
  /** What is wrong with its options. */
  readonly flaws: readonly Flaw[];
  /** The options that its kind alone has, as far as they are given, checked: for whoever sends it a sample. */
  readonly own: Readonly<Record<string, unknown>>;
  authenticate(request: WebhookRequest, keys: Keys, now: number): Verdict;
  /** Throws `Unreadable`. Called with authentic requests alone. */
  read(request: WebhookRequest): Reading;
  /** Whatever `relay.config.ts` makes of an event; not checked yet. */
  map(event: unknown): unknown;
}

export interface KeyList {
  /** For people, who have to know what to put there: `the signing secret of the endpoint (whsec_…)`. */
  readonly of: string;
  /** May be left out. */
  readonly optional?: true;
  /** What is wrong with a key, such as `is no base64`; nothing where all is well. Blank and public ones never get here. */
  readonly flaw?: (key: string) => string | undefined;
}

const group = z.pipe(
  z.union([z.string(), z.number()], 'must be the id of a group'),
  z.pipe(
    z.transform(String),
    z
      .string()
      .check(z.regex(/^[1-9]\d{0,14}$/, 'must be a number of at most 15 digits that does not begin with 0')),
  ),
);

const mapping = z.custom<(event: never) => unknown>((value) => typeof value === 'function', {
  error: 'must be a function',
});

const commonFields = {
  group: z.union(
    [group, z.array(group).check(z.minLength(1, 'must hold at least one group'))],
    'must be the id of a group, or a list of them',
  ),
  signal: mapping,
  enabled: z._default(z.boolean(), true),
  maxBytes: z.optional(
    z
      .int('must be a whole number')
      .check(z.gte(1_024, 'must be at least 1024'), z.lte(4_194_304, 'must be at most 4194304')),
  ),
  invocable: z._default(z.array(functionName), [...sessionFunctions]),
  ambiguous: z.optional(z.literal('resend')),
};

/** What a file of `shared/webhooks` tells of its kind of source; `Own` are the options that it alone has. */
export interface SourceKind<Event, Own extends object> {
  readonly kind: string;
  readonly transport?: (own: Own) => Source['transport'];
  /** Checks of its own options, by their names. */
  readonly options?: Readonly<Record<string, z.ZodMiniType>>;
  readonly maxBytes?: number;
  /** What proves it stands in the body, which anybody may have sent: of one that is too large, none of it is read. */
  readonly proofIsInBody?: true;
  readonly authentication: string | ((own: Own) => string);
  readonly hasReplayProtection: boolean | ((own: Own) => boolean);
  readonly signsUrl?: boolean | ((own: Own) => boolean);
  readonly lists: Readonly<Record<string, KeyList>> | ((own: Own) => Readonly<Record<string, KeyList>>);
  readonly answers?: Partial<Answers> | ((own: Own) => Partial<Answers>);
  authenticate(request: WebhookRequest, keys: Keys, now: number, own: Own): Verdict;
  read(request: WebhookRequest, own: Own): Reading<Event>;
}

/** Makes a source out of its kind and what `relay.config.ts` says of it. Throws nothing: mistakes stand in `flaws`. */
export function defineSource<Event, Own extends object = object>(
  kind: SourceKind<Event, Own>,
  given: SourceOptions<Event> & Own,
): Source {
  const schema = z.strictObject({ ...commonFields, ...kind.options });
  const parsed = schema.safeParse(given, { reportInput: true });
  // With flaws, nothing is done with it but to tell them; the kind, which could not make anything of them, is not asked.
  const options = (parsed.success ? parsed.data : { ...given, invocable: [] }) as Checked & Own;
  const own: Own = options;
  const told = <T extends string | boolean | object>(value: T | ((own: Own) => T), otherwise: T): T =>
    typeof value !== 'function' ? value : parsed.success ? value(own) : otherwise;
  const maxBytes = options.maxBytes ?? kind.maxBytes ?? 262_144;
  return {
    kind: kind.kind,
    transport: parsed.success ? (kind.transport?.(own) ?? 'http') : 'http',
    groups: parsed.success ? [...new Set([options.group].flat())] : [],
    enabled: options.enabled,
    maxBytes,
    invocable: options.invocable,
    ambiguous: options.ambiguous ?? 'unknown',
    authentication: told(kind.authentication, ''),
    hasReplayProtection: told(kind.hasReplayProtection, false),
    signsUrl: told(kind.signsUrl ?? false, false),
    lists: told(kind.lists, {}),
    answers: { ...usualAnswers, ...told(kind.answers ?? {}, {}) },
    flaws: flawsOf(parsed.error),
    own: Object.fromEntries(Object.entries(own).filter(([name]) => !(name in commonFields))),
    authenticate: (request, keys, now) =>
      kind.proofIsInBody && request.body.length > maxBytes
        ? 'malformed'
        : kind.authenticate(request, keys, now, own),
    read: (request) => kind.read(request, own),
    // The events that come back are those that `read` has made.
    map: (event) => given.signal(event as Event),
  };
}

interface Checked {
  readonly group: string | string[];
  readonly enabled: boolean;
  readonly maxBytes?: number;
  readonly invocable: string[];
  readonly ambiguous?: 'resend';
}
