import { GraphWidget, type IMetric, type IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { signalEndings } from '../../shared/signals/metrics.ts';
import { rejectionNames, unknownSource } from '../../shared/webhooks/intake/metrics.ts';
import {
  ageOf,
  limitedOf,
  rejectionsOf,
  signalsOf,
  unsentOf,
  type WhatOfWebhooks,
  waitingOf,
  webhooksOf,
} from './signal-metrics.ts';
import type { Signals } from './signals.ts';
import { period, third } from './widget-size.ts';

/** What comes of the signals that the relay has taken on, and what is still to be done. */
export function signalWidgets(stage: string, { queue, deadLetters }: Signals): IWidget[][] {
  return [
    [
      graph(
        'Signals by outcome',
        signalEndings.map((outcome) => signalsOf(stage, outcome, period).with({ label: outcome })),
        true,
      ),
      graph('Signals that began to wait, or were too many', [
        waitingOf(stage, period).with({ label: 'began to wait' }),
        limitedOf(stage, period).with({ label: 'too many for their visitor' }),
      ]),
      graph(
        'From acceptance to delivery (ms)',
        ['p50', 'p95', 'Maximum'].map((statistic) => ageOf(stage, statistic, period)),
      ),
    ],
    [
      graph('Messages in the signal queue', [
        queue.metricApproximateNumberOfMessagesVisible({ period, label: 'to be taken' }),
        queue.metricApproximateNumberOfMessagesNotVisible({ period, label: 'taken' }),
        queue.metricApproximateNumberOfMessagesDelayed({ period, label: 'for later' }),
      ]),
      graph('Age of the oldest message (s)', [
        queue.metricApproximateAgeOfOldestMessage({ period, label: 'signal queue' }),
      ]),
      graph('Dead letters of signals, unsent events', [
        deadLetters.metricApproximateNumberOfMessagesVisible({ period, label: 'letters' }),
        unsentOf(stage, period).with({ label: 'events that the bus did not take' }),
      ]),
    ],
  ];
}

/** Who sends webhooks, which are not taken, and what is made of the others. */
export function webhookWidgets(stage: string, { webhooks }: Pick<RelayConfig, 'webhooks'>): IWidget[] {
  const sources = Object.keys(webhooks);
  const countsOf = (what: WhatOfWebhooks, label: string) =>
    sources.map((name) => webhooksOf(what, stage, name, period).with({ label: `${name} ${label}`.trim() }));
  const ofNoSource = webhooksOf('received', stage, unknownSource, period).with({ label: 'of no source' });
  return [
    graph('Webhooks received, by source', [...countsOf('received', ''), ofNoSource], true),
    graph(
      'Webhooks rejected, by reason',
      rejectionNames.map((name) => rejectionsOf(stage, name, period).with({ label: name })),
      true,
    ),
    graph('What came of webhooks, by source', [
      ...countsOf('authentic', 'authentic'),
      ...countsOf('mapped', 'signals'),
      ...countsOf('parked', 'parked'),
      ...countsOf('unkept', 'not stored'),
    ]),
  ];
}

function graph(title: string, left: IMetric[], stacked = false): IWidget {
  return new GraphWidget({ title, left, stacked, ...third });
}
