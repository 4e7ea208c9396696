import type { Metric } from '../runtime/metrics.ts';
import type { Ending } from './signal.ts';

/** How signals end, as they are counted. */
export const signalEndings = [
  'sent',
  'expired',
  'cancelled',
  'unknown',
  'failed',
] as const satisfies readonly Ending[];

/** Signals that have ended; `Outcome` is an `Ending`. */
export const signalsEnded = {
  name: 'SignalsEnded',
  unit: 'Count',
  dimensions: ['Stage', 'Outcome'],
} as const satisfies Metric;

/** Signals that have begun to wait for their visitor. */
export const signalsWaiting = {
  name: 'SignalsWaiting',
  unit: 'Count',
  dimensions: ['Stage'],
} as const satisfies Metric;

/** How long signals that were sent took for it, from their acceptance on. */
export const signalAge = {
  name: 'SignalAge',
  unit: 'Milliseconds',
  dimensions: ['Stage'],
} as const satisfies Metric;

/** Signals that failed since their visitor has had enough of them; they count as `failed` too. */
export const signalsLimited = {
  name: 'SignalsLimited',
  unit: 'Count',
  dimensions: ['Stage'],
} as const satisfies Metric;
