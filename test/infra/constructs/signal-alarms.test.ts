import { beforeAll, describe, expect, test } from 'vitest';
import { signalEndings } from '../../../shared/signals/metrics.ts';
import { rejectionNames } from '../../../shared/webhooks/intake/metrics.ts';
import { alarmsNamed, alarmsOf, dimensionsOf, nameOf } from '../../support/alarms.ts';
import { queueOf } from '../../support/rights.ts';
import { full, hooked, templateOf, textOf } from '../../support/stack.ts';

type Template = ReturnType<typeof templateOf>;

let template: Template;
let withWebhooks: Template;
beforeAll(() => {
  template = templateOf();
  withWebhooks = templateOf(hooked);
});

describe('alarms', () => {
  test('tell of webhooks too where there are any', () => {
    const before = alarmsOf(template).map(nameOf);
    const more = alarmsOf(withWebhooks)
      .map(nameOf)
      .filter((name) => !before.includes(name));
    expect(more.toSorted()).toEqual([
      'events-lost',
      'function-errors-webhook',
      'function-throttles-webhook',
      'webhook-keys',
      'webhooks-rejected-mismatch',
      'webhooks-rejected-stale',
      'webhooks-unkept-crm',
      'webhooks-unkept-help-desk',
      'webhooks-unkept-sales',
      'webhooks-unkept-unknown',
    ]);
  });

  test('tell of events that are lost, and not of keys, where no source sends requests', () => {
    const { sales, crm } = full.webhooks;
    const namesOf = (webhooks: Record<string, typeof crm>) =>
      alarmsOf(templateOf({ ...hooked, webhooks }))
        .map(nameOf)
        .filter((name) => /^(webhook|events-lost)/.test(name));
    expect(namesOf({ sales })).toEqual(['webhooks-unkept-sales', 'webhooks-unkept-unknown', 'events-lost']);
    expect(namesOf({ crm })).not.toContain('events-lost');
  });
});

describe('alarms about signals', () => {
  const letters = 'presence-relay-prod-signals-dead-letters';

  test.each([
    ['signals-dead-letters', letters, 'ApproximateNumberOfMessagesVisible', 1],
    ['signals-late', 'presence-relay-prod-signals', 'ApproximateAgeOfOldestMessage', 300],
  ])('%s looks at the queue %s', (name, queue, MetricName, Threshold) => {
    const [alarm, ...more] = alarmsNamed(template, name);
    expect(more).toEqual([]);
    expect(alarm).toMatchObject({ Namespace: 'AWS/SQS', MetricName, Threshold, Statistic: 'Maximum' });
    expect(textOf(alarm?.Dimensions[0].Value)).toBe(`<${queueOf(template, queue)}.QueueName>`);
  });

  test.each([
    ['signals-failed', { Outcome: 'failed' }, 'SignalsEnded', 5],
    ['signals-unknown', { Outcome: 'unknown' }, 'SignalsEnded', 1],
    ['events-unsent', {}, 'EventsUnsent', 1],
    ['webhooks-rejected-mismatch', { Rejection: 'mismatch' }, 'WebhooksRejected', 5],
    ['webhooks-rejected-stale', { Rejection: 'stale' }, 'WebhooksRejected', 1],
    ['webhook-keys', { Rejection: 'no-keys' }, 'WebhooksRejected', 1],
    ['webhooks-unkept-help-desk', { Source: 'help-desk' }, 'WebhooksUnkept', 1],
    ['webhooks-unkept-unknown', { Source: 'unknown' }, 'WebhooksUnkept', 1],
  ])('%s looks at what the functions count', (name, dimensions, MetricName, Threshold) => {
    const [alarm] = alarmsOf(withWebhooks).filter((each) => nameOf(each) === name);
    expect(alarm).toMatchObject({ Namespace: 'PresenceRelay', MetricName, Threshold, Statistic: 'Sum' });
    expect(dimensionsOf(alarm ?? {})).toEqual({ Stage: 'prod', ...dimensions });
  });

  test('never look at a name that anybody could send', () => {
    const configured = ['unknown', ...Object.keys(hooked.webhooks)];
    for (const alarm of alarmsOf(withWebhooks)) {
      const { Source = 'unknown', Rejection = 'missing', Outcome = 'sent' } = dimensionsOf(alarm);
      expect(configured).toContain(Source);
      expect(rejectionNames).toContain(Rejection);
      expect(signalEndings).toContain(Outcome);
    }
  });

  test('tell of events that are lost to the function of webhooks', () => {
    const [alarm] = alarmsNamed(withWebhooks, 'events-lost');
    expect(alarm).toMatchObject({ Namespace: 'AWS/Lambda', MetricName: 'DestinationDeliveryFailures' });
    const { FunctionName } = withWebhooks.Resources[alarm?.Dimensions[0].Value.Ref]?.Properties ?? {};
    expect(FunctionName).toBe('presence-relay-prod-webhook');
  });
});
