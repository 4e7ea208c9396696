import type { Metric } from './metrics.ts';

/** Events that the bus did not take, of whatever kind. */
export const eventsUnsent = {
  name: 'EventsUnsent',
  unit: 'Count',
  dimensions: ['Stage'],
} as const satisfies Metric;
