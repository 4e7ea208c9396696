import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { unknownSource } from '../../shared/webhooks/intake/metrics.ts';
import { type AlarmSpec, period } from './alarm-spec.ts';
import { rejectionsOf, signalsOf, unsentOf, webhooksOf } from './signal-metrics.ts';
import type { Signals } from './signals.ts';
import type { Webhooks } from './webhooks.ts';

/** Tells somebody of signals that are late, lost or in doubt, or of which nobody could be told. */
export function signalAlarms(stage: string, { queue, deadLetters }: Signals): readonly AlarmSpec[] {
  return [
    {
      name: 'signals-dead-letters',
      says: 'Signals could not be delivered, or events of webhooks made no signal; they are kept for 14 days.',
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({ period }),
    },
    {
      name: 'signals-late',
      says: 'A message has been in the signal queue for five minutes.',
      metric: queue.metricApproximateAgeOfOldestMessage({ period }),
      threshold: 300,
    },
    {
      name: 'signals-failed',
      says: 'Signals that the relay had taken on could not be delivered.',
      metric: signalsOf(stage, 'failed', period),
      threshold: 5,
    },
    {
      name: 'signals-unknown',
      says: 'A signal was sent, and nothing says whether it arrived.',
      metric: signalsOf(stage, 'unknown', period),
    },
    {
      name: 'events-unsent',
      says: 'Events of signals or snapshots could not be put on the bus; nobody puts them again.',
      metric: unsentOf(stage, period),
    },
  ];
}

/** Tells somebody of webhooks that are not taken. What is parked rings as `signals-dead-letters`. */
export function webhookAlarms(
  stage: string,
  config: RelayConfig,
  { function: { lambda }, hasAddress, hasBus }: Webhooks,
): readonly AlarmSpec[] {
  const ofRequests: readonly AlarmSpec[] = [
    {
      name: 'webhooks-rejected',
      of: 'mismatch',
      says: 'Webhooks come that no key of their source fits: a key is wrong, or they are forged.',
      metric: rejectionsOf(stage, 'mismatch', period),
      threshold: 5,
    },
    {
      name: 'webhooks-rejected',
      of: 'stale',
      says: 'An authentic webhook came more than five minutes after it was signed.',
      metric: rejectionsOf(stage, 'stale', period),
    },
    {
      name: 'webhook-keys',
      says: 'Webhooks cannot be checked: the secret of their source is unset or faulty.',
      metric: rejectionsOf(stage, 'no-keys', period),
    },
  ];
  return [
    ...(hasAddress ? ofRequests : []),
    // Where the function cannot even read its environment, it does not know the sources.
    ...[...Object.keys(config.webhooks), unknownSource].map((source) => ({
      name: 'webhooks-unkept',
      of: source,
      says: `Webhooks (source: ${source}) could not be stored; their sender was told to come again.`,
      metric: webhooksOf('unkept', stage, source, period),
    })),
    ...(hasBus
      ? [
          {
            name: 'events-lost',
            says: 'An event of a partner bus was not taken, nor put with the dead letters.',
            metric: lambda.metric('DestinationDeliveryFailures', { period, statistic: 'Sum' }),
          },
        ]
      : []),
  ];
}
