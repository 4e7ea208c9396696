import type { Metric } from '../../runtime/metrics.ts';
import type { Rejection } from '../source.ts';

/**
 * Why a webhook was not taken. Beside what its source finds:
 * - `unknown-source`: no source of this name is configured
 * - `no-keys`: the secret of the source is in its first state, or cannot be used, so nothing could be checked
 */
export const rejectionNames = [
  'unknown-source',
  'missing',
  'malformed',
  'mismatch',
  'stale',
  'no-keys',
] as const satisfies readonly (Rejection | 'unknown-source' | 'no-keys')[];
export type RejectionName = (typeof rejectionNames)[number];

/** The `Source` of webhooks for a source that is not configured: what they call themselves is no dimension. */
export const unknownSource = 'unknown';

/** Requests to the address of a source; `Source` is its configured name, or `unknownSource`. */
export const webhooksReceived = {
  name: 'WebhooksReceived',
  unit: 'Count',
  dimensions: ['Stage', 'Source'],
} as const satisfies Metric;

/** Those that are really of their source. */
export const webhooksAuthentic = {
  name: 'WebhooksAuthentic',
  unit: 'Count',
  dimensions: ['Stage', 'Source'],
} as const satisfies Metric;

/** Those that were not taken. */
export const webhooksRejected = {
  name: 'WebhooksRejected',
  unit: 'Count',
  dimensions: ['Stage', 'Rejection'],
} as const satisfies Metric;

/** Authentic ones that could not be stored; their sender was told to come again. */
export const webhooksUnkept = {
  name: 'WebhooksUnkept',
  unit: 'Count',
  dimensions: ['Stage', 'Source'],
} as const satisfies Metric;

/** Signals that were made of events, and put into the queue. */
export const signalsMapped = {
  name: 'SignalsMapped',
  unit: 'Count',
  dimensions: ['Stage', 'Source'],
} as const satisfies Metric;

/** Events that could not be read or mapped, and were put with the dead letters. */
export const eventsParked = {
  name: 'EventsParked',
  unit: 'Count',
  dimensions: ['Stage', 'Source'],
} as const satisfies Metric;
