import { beforeAll, describe, expect, test } from 'vitest';
import { failureNames } from '../../../shared/api/metrics.ts';
import { refreshFailureNames } from '../../../shared/authorization/metrics.ts';
import { signalEndings } from '../../../shared/signals/metrics.ts';
import { rejectionNames } from '../../../shared/webhooks/intake/metrics.ts';
import { full, hooked, only, resourcesOf, templateOf, textOf, unrenewed } from '../../support/stack.ts';

type Template = ReturnType<typeof templateOf>;

let template: Template;
let everything: Template;
let withWebhooks: Template;
beforeAll(() => {
  template = templateOf();
  everything = templateOf(full);
  withWebhooks = templateOf(hooked);
});

describe('the dashboard', () => {
  function widgetsOf(of: Template) {
    const { DashboardBody, DashboardName } = only(of, 'AWS::CloudWatch::Dashboard').Properties;
    const { widgets } = JSON.parse(textOf(DashboardBody));
    return { DashboardName, widgets };
  }

  function titlesOf(of: Template): string[] {
    return widgetsOf(of).widgets.map(
      ({ properties }: { properties: { title?: string } }) => properties.title,
    );
  }

  test('shows alarms, calls, failures by code, latency, upstream share, signals, tokens and the last failures', () => {
    expect(widgetsOf(template).DashboardName).toBe('presence-relay-prod');
    expect(titlesOf(template)).toEqual([
      undefined,
      'Alarms',
      'Calls',
      'Failures by code',
      'Latency of all calls (ms)',
      'Waited for the Presence service, p95 (ms)',
      'Upstream share of the functions’ time (%)',
      'Signals by outcome',
      'Signals that began to wait, or were too many',
      'From acceptance to delivery (ms)',
      'Messages in the signal queue',
      'Age of the oldest message (s)',
      'Dead letters of signals, unsent events',
      'Tokens renewed, by group',
      'Tokens not renewed, by reason',
      'Requests to the Authorization API',
      'Duration of the functions, p95 (ms)',
      'Crashes and throttles',
      'Calls at the same time',
      'The last failures',
    ]);
  });

  test('shows every alarm, and every failure that can be counted', () => {
    const body = JSON.stringify(widgetsOf(template).widgets);
    for (const [id] of resourcesOf(template, 'AWS::CloudWatch::Alarm')) expect(body).toContain(`<${id}.Arn>`);
    for (const name of [...failureNames, ...refreshFailureNames])
      expect(body).toContain(`"Failure","${name}"`);
  });

  test('shows webhooks where there are any: each source, each reason to refuse one, and what came of them', () => {
    const titles = [
      'Webhooks received, by source',
      'Webhooks rejected, by reason',
      'What came of webhooks, by source',
    ];
    expect(titlesOf(withWebhooks).filter((title) => /webhooks/i.test(title ?? ''))).toEqual(titles);
    const body = JSON.stringify(widgetsOf(withWebhooks).widgets);
    for (const name of rejectionNames) expect(body).toContain(`"Rejection","${name}"`);
    for (const name of [...Object.keys(hooked.webhooks), 'unknown'])
      expect(body).toContain(`"WebhooksReceived","Source","${name}"`);
    for (const metric of ['WebhooksAuthentic', 'SignalsMapped', 'EventsParked', 'WebhooksUnkept'])
      expect(body).toContain(`"${metric}","Source","crm"`);
  });

  test('shows how signals end', () => {
    const body = JSON.stringify(widgetsOf(template).widgets);
    for (const outcome of signalEndings) expect(body).toContain(`"SignalsEnded","Outcome","${outcome}"`);
  });

  test('asks about the Presence service only what the functions count that ask it', () => {
    const body = JSON.stringify(widgetsOf(template).widgets);
    const asked = new Set(Array.from(body.matchAll(/"Upstream","Endpoint","([\w-]+)"/g), ([, name]) => name));
    expect([...asked].toSorted()).toEqual(['findvisitor', 'lookupvisitor', 'query', 'signalvisitor']);
  });

  test('shows nothing of tokens where the relay gets none', () => {
    const titles = titlesOf(templateOf(unrenewed));
    expect(titles).toEqual(titlesOf(template).filter((title) => !/^(Tokens|Requests)/.test(title ?? '')));
  });

  test('shows whose tokens are renewed', () => {
    const renewals = widgetsOf(everything).widgets.find(
      ({ properties }: { properties: { title?: string } }) => properties.title === 'Tokens renewed, by group',
    );
    expect(renewals.properties.metrics.map((metric: unknown[]) => metric.slice(0, 6))).toEqual([
      ['PresenceRelay', 'TokensRenewed', 'Group', '72', 'Stage', 'prod'],
      ['PresenceRelay', 'TokensRenewed', 'Group', '12345', 'Stage', 'prod'],
    ]);
  });

  test('reads the logs of all functions', () => {
    const { widgets } = widgetsOf(template);
    const { query } = widgets.at(-1).properties;
    for (const [, { Properties }] of resourcesOf(template, 'AWS::Lambda::Function')) {
      expect(query).toContain(`<${Properties.LoggingConfig.LogGroup.Ref}>`);
    }
  });
});
