import { randomUUID } from 'node:crypto';
import { groupId, visitorId } from '../../../shared/presence/ids.ts';
import { patienceMs, type Signal, signalId } from '../../../shared/signals/signal.ts';
import { groupid } from './place.ts';

/**
 * - `present`: the visitor is there all the time
 * - `later`: the visitor comes when the signal has waited for a while
 * - `never`: nobody comes, and the signal waits for a short time only, or not at all
 */
type Kind = 'present' | 'later' | 'never';

export interface PlannedVisitor {
  readonly visitorid: string;
  readonly kind: Kind;
  /** All of them are sent together. */
  readonly signals: readonly Signal[];
  /** When, from the start on. */
  readonly sendMs: number;
  /** When the visitor comes, from the start on. */
  readonly comesMs: number;
}

interface PlanOptions {
  readonly signals: number;
  /** In which all of them are sent. */
  readonly spanMs: number;
  /** Those who come later do so within this time of their signals. */
  readonly laterMs: number;
  readonly random: () => number;
}

/** A visitor may get ten a minute. */
const mostPerVisitor = 10;
const neverShare = 0.04;
const laterShare = 0.33;

/** Who gets which signals when. */
export function planOf({ signals: count, spanMs, laterMs, random }: PlanOptions): PlannedVisitor[] {
  const visitors: PlannedVisitor[] = [];
  for (let left = count; left > 0; ) {
    const number = Math.min(left, 1 + Math.floor(random() * mostPerVisitor));
    left -= number;
    const dice = random();
    const kind = dice < neverShare ? 'never' : dice < neverShare + laterShare ? 'later' : 'present';
    const visitorid = `${kind}-${visitors.length}`;
    const sendMs = random() * spanMs;
    const lifeMs = kind === 'never' ? 5_000 + random() * laterMs : 10 * patienceMs;
    const waits = kind === 'later' || (kind === 'never' && random() < 0.5);
    const make = () => newSignal(visitorid, lifeMs, waits);
    visitors.push({
      visitorid,
      kind,
      signals: Array.from({ length: number }, make),
      sendMs,
      comesMs: kind === 'later' ? sendMs + random() * laterMs : 0,
    });
  }
  return visitors;
}

function newSignal(visitorid: string, lifeMs: number, waits: boolean): Signal {
  const id = signalId.parse(randomUUID());
  return {
    id,
    groupid: groupId.parse(String(groupid)),
    visitorid: visitorId.parse(visitorid),
    message: { mtype: 'signal', data: id },
    source: 'webhook:soak',
    acceptedAt: 1,
    expiresAt: lifeMs,
    ...(waits && { waits: true as const }),
  };
}

/** Times are told from when it is sent. */
export function sentNow(signal: Signal, now = Date.now()): Signal {
  return { ...signal, acceptedAt: now, expiresAt: now + Math.round(signal.expiresAt) };
}
