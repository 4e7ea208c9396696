import { beforeAll, describe, expect, test } from 'vitest';
import {
  idOf,
  logGroupOf,
  queueOf,
  receive,
  rightsOf,
  secretOf,
  statementsIn,
} from '../../support/rights.ts';
import { full, hooked, resourcesOf, templateOf, unrenewed } from '../../support/stack.ts';

type Template = ReturnType<typeof templateOf>;

let template: Template;
let withWebhooks: Template;
beforeAll(() => {
  template = templateOf();
  withWebhooks = templateOf(hooked);
});

/** Where rights lead to. */
function placesIn(of: Template) {
  return {
    token: `<${secretOf(of, 'presence-relay/prod/12345/token')}>`,
    idKey: `<${secretOf(of, 'presence-relay/prod/signal-ids')}>`,
    refreshes: `<${queueOf(of, 'presence-relay-prod-refresh.fifo')}.Arn>`,
    queue: `<${queueOf(of, 'presence-relay-prod-signals')}.Arn>`,
    deadLetters: `<${queueOf(of, 'presence-relay-prod-signals-dead-letters')}.Arn>`,
    // Its index of visitors would be another resource.
    table: `<${idOf(of, 'AWS::DynamoDB::Table', () => true)}.Arn>`,
    bus: `<${idOf(of, 'AWS::Events::EventBus', () => true)}.Arn>`,
  };
}

const read = ['secretsmanager:GetSecretValue'];
const send = ['sqs:SendMessage'];
const items = (...actions: string[]) => actions.map((action) => `dynamodb:${action}Item`);

/** That a function may do this, write its own log, and nothing else. */
function expectRights(of: Template, name: string, actionsOn: Record<string, readonly string[]>): void {
  const full = `presence-relay-prod-${name}`;
  const log = { [`<${logGroupOf(of, full)}.Arn>`]: ['logs:CreateLogStream', 'logs:PutLogEvents'] };
  const rights = Object.entries({ ...log, ...actionsOn }).flatMap(([resource, actions]) =>
    actions.map((action) => `Allow ${action} ${resource}`),
  );
  expect(rightsOf(of, full)).toEqual(rights.toSorted());
}

test('signalvisitor may do what the others may, put signals into the queue, and keep their records', () => {
  const { token, idKey, refreshes, queue, table } = placesIn(template);
  expectRights(template, 'signalvisitor', {
    [token]: read,
    [idKey]: read,
    [refreshes]: send,
    [queue]: send,
    [table]: items('Get', 'Put', 'Update'),
  });
});

test('signals may read records and cancel signals, and has neither tokens nor queues', () => {
  for (const of of [template, templateOf(unrenewed)])
    expectRights(of, 'signals', { [placesIn(of).table]: items('Get', 'Update', 'Delete') });
});

test('deliver may take signals and send them back, keep records, tell of them, read tokens and ask for them', () => {
  const { token, refreshes, queue, deadLetters, table, bus } = placesIn(template);
  expectRights(template, 'deliver', {
    [token]: read,
    [refreshes]: send,
    [queue]: [...receive, ...send],
    [deadLetters]: send,
    [table]: [...items('Get', 'Put', 'Update', 'Delete'), 'dynamodb:Query'],
    [bus]: ['events:PutEvents'],
  });
});

describe('webhook', () => {
  test('may read the keys of the sources, send signals and park events: it has no tokens and no records', () => {
    const { idKey, queue, deadLetters } = placesIn(withWebhooks);
    expectRights(withWebhooks, 'webhook', {
      [`<${secretOf(withWebhooks, 'presence-relay/prod/webhooks/crm')}>`]: read,
      [`<${secretOf(withWebhooks, 'presence-relay/prod/webhooks/help-desk')}>`]: read,
      [idKey]: read,
      [queue]: send,
      [deadLetters]: send,
    });
  });

  test('may read no keys where no source has any', () => {
    const of = templateOf({ ...hooked, webhooks: { sales: full.webhooks.sales } });
    const { idKey, queue, deadLetters } = placesIn(of);
    expectRights(of, 'webhook', { [idKey]: read, [queue]: send, [deadLetters]: send });
  });
});

test('No queue lets anybody in by itself, but the dead letters of signals the rules of EventBridge', () => {
  const rule = idOf(withWebhooks, 'AWS::Events::Rule', () => true);
  const allowing = resourcesOf(withWebhooks, 'AWS::SQS::QueuePolicy').flatMap(([, policy]) =>
    statementsIn(policy)
      .filter(({ Effect }) => Effect === 'Allow')
      .map((statement) => ({ queue: policy.Properties.Queues[0].Ref, ...statement })),
  );
  expect(allowing).toEqual([
    expect.objectContaining({
      queue: queueOf(withWebhooks, 'presence-relay-prod-signals-dead-letters'),
      Action: 'sqs:SendMessage',
      Principal: { Service: 'events.amazonaws.com' },
      Condition: { ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [rule, 'Arn'] } } },
    }),
  ]);
});
