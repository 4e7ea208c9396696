import * as z from 'zod/mini';
import { type GroupId, groupId, isStrictVisitorId, type VisitorId, visitorId } from '../../presence/ids.ts';
import { type Message, message, messageOutline, mostMessageBytes } from '../../presence/message.ts';
import { type Flaw, flawsOf, flawText } from '../../runtime/flaws.ts';
import type { DeadReason } from '../../signals/dead-letter.ts';
import { patienceMs, type Signal, type SignalId } from '../../signals/signal.ts';
import type { ReadEvent, Source } from '../source.ts';

export interface MappingContext {
  /** The source's name in `relay.config.ts`. */
  readonly name: string;
  readonly source: Source;
  /** The groups that ask for strict visitor ids. */
  readonly strictGroups: ReadonlySet<string>;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Rejects as the client of Secrets Manager does. */
  readonly idOf: (...parts: readonly string[]) => Promise<SignalId>;
}

export type Mapped =
  | {
      readonly signals: readonly Signal[];
      /** Drafts without a visitor id: nobody to signal. */
      readonly unaddressed: number;
    }
  | {
      readonly reason: Extract<DeadReason, 'mapping-threw' | 'mapping-invalid'>;
      /** For an operator; repeats nothing of the event. */
      readonly detail: string;
    };

/** As many as one event shall make at most; more come of a mistake. */
const mostSignals = 100;

const draft = z.strictObject({
  visitorid: visitorId,
  groupid: z.optional(z.pipe(z.union([z.string(), z.number()]), z.pipe(z.transform(String), groupId))),
  message,
  ttl: z.optional(
    z
      .int('must be a whole number')
      .check(z.gte(1, 'must be at least 1'), z.lte(86_400, 'must be at most 86400')),
  ),
  label: z.optional(
    z.string().check(z.minLength(1, 'must not be empty'), z.maxLength(100, 'must be at most 100 characters')),
  ),
});
type Draft = z.infer<typeof draft>;

/** The signals of an event, as `relay.config.ts` has it; or why there are none where there should be. */
export async function mapEvent(
  { key, keySeconds, event }: Pick<ReadEvent, 'key' | 'keySeconds' | 'event'>,
  context: MappingContext,
): Promise<Mapped> {
  let given: unknown;
  try {
    given = context.source.map(event);
  } catch (error) {
    return { reason: 'mapping-threw', detail: describe(error) };
  }
  const checked = readDrafts(given, context);
  if ('flaws' in checked)
    return { reason: 'mapping-invalid', detail: checked.flaws.map(flawText).join('; ') };
  const signals = checked.drafts.map(({ groupid, label, ...rest }) =>
    toSignal(
      { ...rest, groupid, id: context.idOf('webhook', context.name, key, label), keySeconds },
      context,
    ),
  );
  return { signals: await Promise.all(signals), unaddressed: checked.unaddressed };
}

interface Addressed extends Draft {
  readonly groupid: GroupId;
  readonly label: string;
}

type Checked =
  | { readonly drafts: readonly Addressed[]; readonly unaddressed: number }
  | { readonly flaws: readonly Flaw[] };

function readDrafts(given: unknown, context: MappingContext): Checked {
  if (isPromise(given)) {
    given.then(undefined, () => {});
    return { flaws: [{ path: [], detail: 'must answer at once, not with a promise' }] };
  }
  const all = given === null || given === undefined ? [] : Array.isArray(given) ? given : [given];
  if (all.length > mostSignals)
    return { flaws: [{ path: [], detail: `made more than ${mostSignals} signals of one event` }] };
  const addressed = all.map((one, at) => ({ one, at })).filter(({ one }) => !isUnaddressed(one));
  const drafts: Addressed[] = [];
  const flaws: Flaw[] = [];
  for (const { one, at } of addressed) {
    const checked = readDraft(one, at, context);
    if ('flaws' in checked)
      flaws.push(...checked.flaws.map(({ path, detail }) => ({ path: [at, ...path], detail })));
    else drafts.push(checked);
  }
  const labels = new Set(drafts.map(({ label }) => label));
  if (labels.size < drafts.length) flaws.push({ path: [], detail: 'gave two signals the same label' });
  return flaws.length > 0 ? { flaws } : { drafts, unaddressed: all.length - addressed.length };
}

function readDraft(
  one: unknown,
  at: number,
  { source, strictGroups }: MappingContext,
): Addressed | { flaws: readonly Flaw[] } {
  const parsed = draft.safeParse(one, { reportInput: true });
  if (!parsed.success) {
    // The form of a message stops at its first fault; its outline names the others.
    const outline = z.object({ message: messageOutline }).safeParse(one, { reportInput: true });
    return { flaws: flawsOf(parsed.error, outline.error) };
  }
  const { groupid: asked, label = String(at), ...rest } = parsed.data;
  const [only, ...others] = source.groups;
  const groupid = asked ?? (others.length === 0 ? groupId.parse(only) : undefined);
  const flaws = [
    ...groupFlaws(groupid, source),
    ...messageFlaws(rest.message, source),
    ...visitorFlaws(rest.visitorid, groupid !== undefined && strictGroups.has(groupid)),
  ];
  return flaws.length > 0 || groupid === undefined ? { flaws } : { ...rest, groupid, label };
}

function groupFlaws(groupid: GroupId | undefined, { groups }: Source): Flaw[] {
  if (groupid === undefined)
    return [{ path: ['groupid'], detail: 'is missing: the source has several groups' }];
  return groups.includes(groupid)
    ? []
    : [{ path: ['groupid'], detail: 'is none of the groups of the source' }];
}

function messageFlaws(given: Message, { invocable }: Source): Flaw[] {
  const flaws: Flaw[] = [];
  if (given.mtype === 'invoke' && !invocable.includes(given.data.func))
    flaws.push({ path: ['message', 'data', 'func'], detail: 'must be one that this source may invoke' });
  if (Buffer.byteLength(jsonOf(given)) > mostMessageBytes)
    flaws.push({ path: ['message'], detail: `must be at most ${mostMessageBytes} bytes of JSON` });
  return flaws;
}

function visitorFlaws(id: VisitorId, strict: boolean): Flaw[] {
  if (!strict || isStrictVisitorId(id)) return [];
  return [{ path: ['visitorid'], detail: 'must be 1 to 50 characters of A-Z, a-z, 0-9, "_", "-"' }];
}

interface Parts extends Draft {
  readonly groupid: GroupId;
  readonly id: Promise<SignalId>;
  readonly keySeconds: number | undefined;
}

async function toSignal(
  { id, groupid, visitorid, message: told, ttl, keySeconds }: Parts,
  { name, source, now }: MappingContext,
): Promise<Signal> {
  return {
    id: await id,
    groupid,
    visitorid,
    // As it leaves: what a mapping has put there may have methods, and change.
    message: JSON.parse(jsonOf(told)),
    source: `webhook:${name}`,
    acceptedAt: now,
    expiresAt: now + (ttl === undefined ? patienceMs : ttl * 1_000),
    ...(ttl !== undefined && { waits: true as const }),
    ...(source.ambiguous === 'resend' && told.mtype === 'signal' && { resend: true as const }),
    ...(keySeconds !== undefined && { sameUntil: now + keySeconds * 1_000 }),
  };
}

/** Something that JSON cannot hold is longer than any message. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return ' '.repeat(mostMessageBytes + 1);
  }
}

/** Most records of a CRM are of people who are not on the site, and tell so. */
function isUnaddressed(one: unknown): boolean {
  if (typeof one !== 'object' || one === null || !('message' in one)) return false;
  const { visitorid: id } = one as { visitorid?: unknown }; // of an object anything may be asked
  return id === undefined || id === null || id === '';
}

function isPromise(given: unknown): given is PromiseLike<unknown> {
  return typeof given === 'object' && given !== null && 'then' in given && typeof given.then === 'function';
}

/** What the engine says of the program alone. Other messages may repeat what it was working with. */
const harmless =
  /^(Cannot read properties of (undefined|null) \(reading '[A-Za-z_$][\w$]{0,60}'\)|[\w$.]{1,100} is not (a function|a constructor|defined))$/;

function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'it threw something that is no error';
  return harmless.test(error.message) ? `${error.name}: ${error.message}` : error.name;
}
