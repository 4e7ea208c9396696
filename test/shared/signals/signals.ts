import { randomUUID } from 'node:crypto';
import { visitorId } from '../../../shared/presence/ids.ts';
import { patienceMs, type Signal, signalId } from '../../../shared/signals/signal.ts';
import { group } from '../../support/presence-pair.ts';

/** A signal that nobody has seen before, accepted now; `to` is its visitor. */
export function newSignal(
  now: number,
  { to = 'ada', ...more }: Partial<Omit<Signal, 'visitorid'>> & { readonly to?: string } = {},
): Signal {
  const id = signalId.parse(randomUUID());
  return {
    id,
    groupid: group,
    visitorid: visitorId.parse(to),
    message: { mtype: 'signal', data: id },
    source: 'webhook:crm',
    acceptedAt: now,
    expiresAt: now + patienceMs,
    ...more,
  };
}

/** One that waits for its visitor, an hour unless told otherwise. */
export function waitingSignal(now: number, more: Parameters<typeof newSignal>[1] = {}): Signal {
  return newSignal(now, { expiresAt: now + 3_600_000, waits: true, ...more });
}

export const invoke = {
  mtype: 'invoke',
  data: { func: 'GLANCE.Cobrowse.Visitor.startSession' },
} as const satisfies Signal['message'];

/** Time enough for everything. */
export const ample = { remaining: () => 28_000 };
