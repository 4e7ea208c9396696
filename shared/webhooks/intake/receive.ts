import { createHmac, randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { type DeadReason, type ParkedEvent, writeParked } from '../../signals/dead-letter.ts';
import type { DeadLetters, SignalQueue } from '../../signals/queue.ts';
import type { SignalId } from '../../signals/signal.ts';
import type { WebhookRequest } from '../request.ts';
import { type ReadEvent, type Reading, type Reply, type Source, Unreadable } from '../source.ts';
import type { Intake, WebhookLog } from './log.ts';
import { mapEvent } from './map.ts';
import type { RejectionName } from './metrics.ts';
import type { SourceKeys } from './source-keys.ts';

export interface Receiver {
  readonly sources: ReadonlyMap<string, Source>;
  readonly keys: SourceKeys;
  readonly idOf: (...parts: readonly string[]) => Promise<SignalId>;
  readonly queue: Pick<SignalQueue, 'send'>;
  readonly deadLetters: Pick<DeadLetters, 'put'>;
  readonly strictGroups: ReadonlySet<string>;
  readonly clock?: Pick<Clock, 'now'>;
}

/**
 * What becomes of a webhook, and so of its sender:
 * - `unauthenticated`: whatever is wrong, it looks the same
 * - `too-large`: authentic, and above the limit of its source
 * - a `Reply` in the way in which its vendor wants it
 */
export type Received = 'unauthenticated' | 'too-large' | Reply;

/** One that came over HTTP, for the source of this name. Nothing is parsed before it is authentic. */
export async function receive(
  name: string,
  request: WebhookRequest,
  receiver: Receiver,
  log: WebhookLog,
): Promise<Received> {
  const source = receiver.sources.get(name);
  if (source?.transport !== 'http') {
    pretend(request);
    log.rejected('unknown-source');
    return 'unauthenticated';
  }
  log.of(name);
  const rejection = await judge(name, source, request, receiver).catch((error: unknown) => {
    log.unkept(`the keys cannot be read: ${nameOf(error)}`);
    return source.answers.unavailable;
  });
  if (typeof rejection === 'object') return rejection;
  if (rejection !== undefined) {
    log.rejected(rejection);
    return 'unauthenticated';
  }
  return await takeIn(name, source, request, receiver, log);
}

/**
 * One that is authentic. What comes over HTTP to a source that is switched off is told to come again; nobody can tell a
 * bus, so its events are parked.
 */
export async function takeIn(
  name: string,
  source: Source,
  request: WebhookRequest,
  receiver: Receiver,
  log: WebhookLog,
): Promise<Exclude<Received, 'unauthenticated'>> {
  const { answers, enabled, transport, maxBytes } = source;
  if (!enabled && transport === 'http') {
    log.switchedOff();
    return answers.unavailable;
  }
  try {
    const bytes = request.body.length;
    if (bytes > maxBytes) {
      await parkUnread(name, `the body has ${bytes} bytes, of ${maxBytes} at most`, receiver, log);
      return answers.tooLarge ?? 'too-large';
    }
    const reading = readOr(request, source);
    if (reading instanceof Unreadable) {
      await parkUnread(name, reading.message, receiver, log);
      return answers.unreadable;
    }
    log.accepted(await keep(name, source, reading, receiver, log));
    return reading.reply ?? answers.accepted;
  } catch (error) {
    log.unkept(nameOf(error));
    return answers.unavailable;
  }
}

async function parkUnread(name: string, detail: string, receiver: Receiver, log: WebhookLog): Promise<void> {
  await park(name, {}, { reason: 'unreadable', detail }, receiver, log);
  log.accepted({ events: 0, signals: 0, unaddressed: 0, parked: 1 });
}

/** Why it is not taken for one of its source; nothing if it is. */
async function judge(
  name: string,
  source: Source,
  request: WebhookRequest,
  { keys, clock = systemClock }: Receiver,
): Promise<RejectionName | undefined> {
  const known = await keys.get(name, source);
  if (!known) pretend(request);
  const verdict = known ? source.authenticate(request, known, clock.now()) : 'no-keys';
  if (verdict === 'authentic') return undefined;
  if (verdict !== 'mismatch' && verdict !== 'no-keys') return verdict;
  const others = await keys.others(name, source);
  const second = others ? source.authenticate(request, others, clock.now()) : verdict;
  return second === 'authentic' ? undefined : second;
}

const nobodysKey = randomBytes(32);

/** Takes as long as to look at a signature, so that nobody can tell which sources there are. */
function pretend({ body }: WebhookRequest): void {
  createHmac('sha256', nobodysKey).update(body).digest();
}

function readOr(request: WebhookRequest, source: Source): Reading | Unreadable {
  try {
    return source.read(request);
  } catch (error) {
    if (error instanceof Unreadable) return error;
    throw error;
  }
}

/**
 * All signals of the request go into the queue at once. What is parked follows: should that fail, the vendor comes again,
 * and the signals are the same ones then.
 */
async function keep(
  name: string,
  source: Source,
  { events, faults = [] }: Reading,
  receiver: Receiver,
  log: WebhookLog,
): Promise<Intake> {
  const { idOf, queue, strictGroups, clock = systemClock } = receiver;
  const context = { name, source, idOf, strictGroups, now: clock.now() };
  const all = await Promise.all(
    events.map(async (event) => ({ event, mapped: source.enabled ? await mapEvent(event, context) : off })),
  );
  const signals = all.flatMap(({ event: { type }, mapped }) =>
    'signals' in mapped ? mapped.signals.map((signal) => ({ signal, type })) : [],
  );
  if (signals.length > 0) await queue.send(signals.map(({ signal }) => signal));
  for (const { signal, type } of signals) log.signal(signal, type);
  const unmapped = all.flatMap(({ event, mapped }) => ('reason' in mapped ? [{ event, cause: mapped }] : []));
  const letters = [
    ...unmapped,
    ...faults.map((detail) => ({ event: {}, cause: { reason: 'unreadable', detail } as const })),
  ];
  for (let at = 0; at < letters.length; at += atOnce) {
    const some = letters.slice(at, at + atOnce);
    await Promise.all(some.map(({ event, cause }) => park(name, event, cause, receiver, log)));
  }
  return {
    events: events.length,
    signals: signals.length,
    unaddressed: all.reduce((sum, { mapped }) => sum + ('signals' in mapped ? mapped.unaddressed : 0), 0),
    parked: letters.length,
  };
}

const off = { reason: 'switched-off', detail: 'the source is not enabled' } as const;

interface Cause {
  readonly reason: DeadReason;
  readonly detail: string;
}

/** One after the other, those of a large batch would take longer than its sender waits. */
const atOnce = 40;
/** SQS takes no more in one message. */
const mostParkedBytes = 1_000_000;

async function park(
  name: string,
  event: Partial<ReadEvent>,
  { reason, detail }: Cause,
  { deadLetters, clock = systemClock }: Receiver,
  log: WebhookLog,
): Promise<void> {
  const whole: ParkedEvent = { source: name, at: clock.now(), requestId: log.requestId, ...event };
  const { event: _, key: __, ...outline } = whole;
  const body = writeParked(whole);
  const fits = Buffer.byteLength(body) <= mostParkedBytes;
  await deadLetters.put({
    body: fits ? body : writeParked(outline),
    reason,
    detail,
    source: `webhook:${name}`,
  });
  log.parked(reason, detail, event.type);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
