import type { Signal } from './signal.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;

/**
 * When to look for a visitor again: every 2 s for whoever has waited for less than a minute, every 10 s until the tenth,
 * then every minute. The youngest of the signals counts, and that none is kept much beyond its time. Milliseconds.
 */
export function lookPauseMs(
  signals: readonly Pick<Signal, 'acceptedAt' | 'expiresAt'>[],
  now: number,
): number {
  const youngest = now - Math.max(...signals.map(({ acceptedAt }) => acceptedAt));
  const nextEnd = Math.min(...signals.map(({ expiresAt }) => expiresAt)) - now;
  return Math.min(paceMs(youngest), Math.max(secondMs, nextEnd + secondMs / 2));
}

function paceMs(ageMs: number): number {
  if (ageMs < minuteMs) return 2 * secondMs;
  return ageMs < 10 * minuteMs ? 10 * secondMs : minuteMs;
}

/** After so many attempts, doubled each time up to a minute, with jitter; never sooner than the service asks. */
export function backOffMs(attempts: number, retryAfterSeconds: number | undefined, random: number): number {
  const most = Math.min(minuteMs, secondMs * 2 ** Math.min(attempts, 10));
  return Math.max((retryAfterSeconds ?? 0) * secondMs, most * (0.5 + random / 2));
}
