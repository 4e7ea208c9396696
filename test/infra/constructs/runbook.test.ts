import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { lookupvisitor } from '../../../shared/api/endpoints.ts';
import { failureNames } from '../../../shared/api/metrics.ts';
import { Problem, problemStatus } from '../../../shared/api/problem.ts';
import { CallRecord } from '../../../shared/api/record.ts';
import { refreshFailureNames } from '../../../shared/authorization/metrics.ts';
import { RefreshRecord } from '../../../shared/authorization/record.ts';
import { PresenceError } from '../../../shared/presence/errors.ts';
import { groupId, visitorId } from '../../../shared/presence/ids.ts';
import { deadReasons } from '../../../shared/signals/dead-letter.ts';
import { SignalLog } from '../../../shared/signals/log.ts';
import { recordSeconds, type Signal, signalId } from '../../../shared/signals/signal.ts';
import { SnapshotLog } from '../../../shared/snapshots/log.ts';
import { slotAt } from '../../../shared/snapshots/slot.ts';
import { WebhookLog } from '../../../shared/webhooks/intake/log.ts';
import { gatewayEvent } from '../../support/gateway-event.ts';
import { captureLog } from '../../support/relay-environment.ts';
import { hooked, only, resourcesOf, templateOf, textOf, watched } from '../../support/stack.ts';

const runbook = readFileSync(path.resolve(import.meta.dirname, '../../../docs/runbook.md'), 'utf8');
const notOfAlarms = [
  'Set up',
  'Logs',
  'Webhooks',
  'What is stored',
  'Kill switch',
  'Remove and re-create a stack',
];
const sections = runbook
  .split(/^## /m)
  .slice(1)
  .map((section) => ({ heading: section.split('\n')[0] ?? '', text: section }));
const entries = sections.filter(({ heading }) => !notOfAlarms.includes(heading));

/** With nothing but what every stack with webhooks and snapshots has. */
let template: ReturnType<typeof templateOf>;
beforeAll(() => {
  template = templateOf({ ...hooked, groups: watched.groups });
});

function all(pattern: RegExp): string[] {
  return [...runbook.matchAll(pattern)].map(([whole, group]) => group ?? whole);
}

/** Which entry each alarm sends its reader to, each once. */
function entriesOfAlarms(): string[] {
  const named = resourcesOf(template, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => {
    const [, entry] = /docs\/runbook\.md#([a-z-]+)$/.exec(Properties.AlarmDescription) ?? [];
    return entry ?? `${Properties.AlarmName} names none`;
  });
  return [...new Set(named)];
}

describe('the runbook', () => {
  test('has the entry that an alarm names, and no other', () => {
    expect(entries.map(({ heading }) => heading).toSorted()).toEqual(entriesOfAlarms().toSorted());
  });

  test.for(entries)('says of $heading what it means, where to look and what to do', ({ text }) => {
    expect(text.match(/^- \*\*\w+\*\*/gm)).toEqual(['- **Means**', '- **Look**', '- **Do**']);
  });

  test('links to sections that exist', () => {
    const anchors = sections.map(({ heading }) => heading.toLowerCase().replaceAll(' ', '-'));
    for (const anchor of all(/\]\(#([^)]+)\)/g)) expect(anchors).toContain(anchor);
  });

  test('tells callers’ codes with the status that they have', () => {
    const told = [...runbook.matchAll(/\b([1-5]\d\d)\s+`([a-z-]+)`/g)];
    expect(told.length).toBeGreaterThan(10);
    for (const [, status, code] of told) expect(problemStatus).toHaveProperty(code ?? '', Number(status));
  });

  test('shows panels that the dashboard has', () => {
    const body = textOf(only(template, 'AWS::CloudWatch::Dashboard').Properties.DashboardBody);
    const panels = entries.flatMap(({ text }) => /panels? (.*)/i.exec(text)?.[1]?.match(/"[^"]+"/g) ?? []);
    expect(panels.length).toBeGreaterThan(3);
    for (const panel of [...panels, '"The last failures"']) expect(body).toContain(`"title":${panel}`);
  });
});

describe('a command of the runbook', () => {
  test('names functions, queues and outputs that the stack has', () => {
    const deployed = resourcesOf(template, 'AWS::Lambda::Function').map(([, { Properties }]) =>
      Properties.FunctionName.replace('presence-relay-prod-', ''),
    );
    const queues = resourcesOf(template, 'AWS::SQS::Queue').map(([, { Properties }]) =>
      Properties.QueueName.replace('presence-relay-prod-', ''),
    );
    const schedules = resourcesOf(template, 'AWS::Scheduler::ScheduleGroup').map(([, { Properties }]) =>
      Properties.Name.replace('presence-relay-prod-', ''),
    );
    const named = all(/\$STACK-(\w[\w.-]*\w)/g);
    expect(named.length).toBeGreaterThan(3);
    for (const name of named) expect([...deployed, ...queues, ...schedules]).toContain(name);
    for (const list of all(/^ *for name in (.*);/gm))
      for (const name of list.split(' ')) expect(queues).toContain(name);
    const outputs = all(/(?<=[`(])output (\w+(?:\$GROUP)?)/g).map((name) => name.replace('$GROUP', '12345'));
    expect(outputs).toEqual(
      expect.arrayContaining(['ApiId', 'Dashboard', 'CredentialsSecret12345', 'TokenSecret12345']),
    );
    // The only one that not every stack has: a `domain` without a zone wants it.
    for (const name of outputs.filter((name) => name !== 'DnsTarget'))
      expect(template.Outputs).toHaveProperty(name);
  });

  test('finds the log groups of the functions, the access log and the log of API Gateway’s errors', () => {
    const groups = resourcesOf(template, 'AWS::Logs::LogGroup');
    const ofFunctions = groups.filter(([id]) => !id.startsWith('ApiLogs')).map(([id]) => id);
    const own = resourcesOf(template, 'AWS::Lambda::Function').map(
      ([, { Properties }]) => Properties.LoggingConfig.LogGroup.Ref,
    );
    expect(ofFunctions.toSorted()).toEqual(own.toSorted());
    const { AccessLogSetting, RestApiId } = only(template, 'AWS::ApiGateway::Stage').Properties;
    expect(textOf(AccessLogSetting.DestinationArn)).toMatch(/(:log-group:)?<ApiLogsAccess\w+(\.Arn)?>$/);
    const named = groups.flatMap(([, { Properties }]) => Properties.LogGroupName ?? []).map(textOf);
    expect(named).toEqual([`API-Gateway-Execution-Logs_<${RestApiId.Ref}>/prod`]);
    expect(runbook).toContain('ERROR_LOG=API-Gateway-Execution-Logs_$API_ID/$STAGE ');
  });

  test('asks the logs for fields that their lines have', async () => {
    const access = JSON.parse(only(template, 'AWS::ApiGateway::Stage').Properties.AccessLogSetting.Format);
    const fieldsOf: Readonly<Record<string, readonly string[]>> = {
      ACCESS_LOG: Object.keys(access),
      ERROR_LOG: [],
      // https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report
      FUNCTION_LOGS: [...(await fieldsOfLines()), 'record.status'],
    };
    const asked = [...runbook.matchAll(/\binsights \d+ (?:'([^']+)'|"([^"]+)")((?: \$\w+_LOGS?)*)/g)];
    expect(asked.length).toBeGreaterThan(16);
    for (const [, single, double, logs = ''] of asked) {
      for (const log of logs.match(/\w+/g) ?? ['FUNCTION_LOGS'])
        expect(['@message', '@timestamp', ...(fieldsOf[log] ?? [])]).toEqual(
          expect.arrayContaining(fieldsIn(single ?? double ?? '')),
        );
    }
  });

  test('asks for failures that are counted, and for answers that API Gateway gives', () => {
    const failures = all(/(?:\bFailure = "|`why )([\w-]+)/g);
    expect(failures.length).toBeGreaterThan(14);
    for (const name of failures) expect([...failureNames, ...refreshFailureNames]).toContain(name);
    const given = resourcesOf(template, 'AWS::ApiGateway::GatewayResponse').map(
      ([, { Properties }]) => Properties.ResponseType,
    );
    for (const list of all(/answeredBy (?:in|=) ([^|]+)/g)) {
      for (const [, type] of list.matchAll(/"(\w+)"/g)) expect(given).toContain(type);
    }
  });

  test('stops every method, and undoes it to what a deployment without settings of its own has', () => {
    const { MethodSettings } = only(template, 'AWS::ApiGateway::Stage').Properties;
    const [methods = ''] = all(/for method in (.*); do/g);
    const paths = all(/op=replace,path='?([^',]+)/g).flatMap((path) =>
      path.includes('$method') ? methods.split(' ').map((method) => path.replace('$method', method)) : path,
    );
    const limitsBy = new Map<string, number[]>();
    for (const { ResourcePath, HttpMethod, ...settings } of MethodSettings) {
      for (const limit of ['rateLimit', 'burstLimit'])
        expect(paths).toContain(`${ResourcePath}/${HttpMethod}/throttling/${limit}`);
      limitsBy.set(ResourcePath, [settings.ThrottlingRateLimit, settings.ThrottlingBurstLimit]);
    }
    const [everything = [], query = [], webhooks = []] = [...limitsBy.values()];
    const callsOf = (...limits: number[]) => [limits.map(() => 0).join(' '), limits.join(' ')];
    expect(all(/^throttle (\d[\d ]*\d)/gm)).toEqual(callsOf(...everything, ...query));
    expect(all(/^throttle_webhooks (\d[\d ]*\d)/gm)).toEqual(callsOf(...webhooks));
  });
});

test('what a removed stack leaves is what the runbook says: secrets, signals, snapshots, logs, and API Gateway’s role for them', () => {
  const left = Object.values(template.Resources).filter(
    ({ DeletionPolicy = 'Delete' }) => DeletionPolicy !== 'Delete',
  );
  expect([...new Set(left.map(({ Type }) => Type))].toSorted()).toEqual([
    'AWS::ApiGateway::Account',
    'AWS::DynamoDB::Table',
    'AWS::IAM::Role',
    'AWS::Logs::LogGroup',
    'AWS::S3::Bucket',
    'AWS::SQS::Queue',
    'AWS::SecretsManager::Secret',
  ]);
  const queues = left.filter(({ Type }) => Type === 'AWS::SQS::Queue');
  expect(queues.map(({ Properties }) => Properties.QueueName).toSorted()).toEqual([
    'presence-relay-prod-signals',
    'presence-relay-prod-signals-dead-letters',
  ]);
});

test('how long things are kept is what the stack says', () => {
  const [, stored = ''] = /## What is stored(.*?)## /s.exec(runbook) ?? [];
  const days = (seconds: number) => `${seconds / 86_400} days`;
  const retentions = resourcesOf(template, 'AWS::SQS::Queue')
    .filter(([, { Properties }]) => /-signals/.test(Properties.QueueName))
    .map(([, { Properties }]) => days(Properties.MessageRetentionPeriod));
  const { RecoveryPeriodInDays } = only(template, 'AWS::DynamoDB::Table').Properties
    .PointInTimeRecoverySpecification;
  for (const time of [...retentions, days(recordSeconds), `last ${RecoveryPeriodInDays} days`])
    expect(stored).toContain(time);
});

test('every field of a log line that the runbook explains stands in one', async () => {
  const [table = ''] = /\| field of.*?\n\n/s.exec(runbook) ?? [];
  const explained = table.split('\n').flatMap((row) => row.split('|')[1]?.match(/(?<=`)\w+(?=`)/g) ?? []);
  expect(explained.length).toBeGreaterThan(10);
  expect(await fieldsOfLines()).toEqual(expect.arrayContaining(explained));
});

test('every line that the runbook asks for by its name is written by somebody', () => {
  const asked = [...runbook.matchAll(/\bevent (?:in|=) (\[[^\]]+\]|"[^"]+")/g)].flatMap(([, names = '']) =>
    Array.from(names.matchAll(/"([^"]+)"/g), ([, name]) => name),
  );
  expect(asked.length).toBeGreaterThan(6);
  const written = [...linesOfSignals(), ...linesOfWebhooks(), ...linesOfSnapshots()].map(
    ({ event }) => event,
  );
  expect(written).toEqual(expect.arrayContaining(asked));
});

test('every reason for a dead letter has its place in the entry about them', () => {
  const entry = entries.find(({ heading }) => heading === 'signals-dead-letters')?.text;
  for (const reason of deadReasons) expect(entry).toContain(`\`${reason}\``);
});

test('every reason for which a token is not renewed has its place in an entry about tokens', () => {
  const text = entries.flatMap(({ heading, text }) =>
    /^(token-age|refresh-failing|authorization-refused)$/.test(heading) ? text : [],
  );
  for (const name of refreshFailureNames) expect(text.join()).toMatch(new RegExp(`\`${name}\`:`));
});

/** Of a line that a function has really written. */
async function fieldsOfFailure(): Promise<string[]> {
  using log = captureLog();
  const record = new CallRecord(lookupvisitor, gatewayEvent({ query: { groupid: '12345' } }));
  await record.upstream(sleep(5));
  record.refused(new Problem('internal', 'The relay failed.'));
  return Object.keys(JSON.parse(log.text));
}

/** Of the lines that `refresh-token` writes. */
function fieldsOfRenewals(): string[] {
  using log = captureLog();
  const record = new RefreshRecord({ groupid: groupId.parse('12345'), because: 'schedule', at: '' }, 'id');
  record.ended({ outcome: 'renewed', expiresAt: Date.now() });
  const note = {
    version: '1',
    credentials: '1',
    failure: 'token-untried',
    reason: 'x',
    failures: 1,
  } as const;
  record.ended({
    outcome: 'failed',
    note: { ...note, at: Date.now(), until: Date.now() },
    asked: true,
    remembered: true,
  });
  const lines = log.text.trimEnd().split('\n');
  return lines.flatMap((line) => Object.keys(JSON.parse(line)));
}

interface Line {
  readonly event: string;
}

const signal: Signal = {
  id: signalId.parse('0123456789abcdef'),
  groupid: groupId.parse('12345'),
  visitorid: visitorId.parse('ada'),
  message: { mtype: 'invoke', data: { func: 'GLANCE.Cobrowse.Visitor.startSession' } },
  source: 'webhook:crm',
  acceptedAt: 1,
  expiresAt: 2,
};

/** All that `deliver` writes. */
function linesOfSignals(): Line[] {
  const lines: Line[] = [];
  const log = new SignalLog('id', { write: (line) => void lines.push(JSON.parse(line)) });
  log.ended(signal, 'failed', { reason: 'timeout', detail: 'no answer' });
  log.waiting(signal);
  log.repeated(signal, 'sent');
  log.postponed(signal, 'timeout', 'no answer', 1);
  log.unsent(1);
  log.failed('id', new Error('no'));
  return lines;
}

/** All that `webhook` writes. */
function linesOfWebhooks(): Line[] {
  const lines: Line[] = [];
  const log = new WebhookLog('id', (line) => void lines.push(JSON.parse(line)));
  log.of('crm');
  log.rejected('mismatch');
  log.accepted({ events: 1, signals: 1, unaddressed: 1, parked: 1 });
  log.unkept('TimeoutError');
  log.signal(signal, 'contact.changed');
  log.parked('mapping-threw', 'TypeError', 'contact.changed');
  log.faultyKeys('crm', 'is empty');
  log.failed(new Error('no'));
  return lines;
}

/** All that `snapshot` writes. */
function linesOfSnapshots(): Line[] {
  const lines: Line[] = [];
  const log = new SnapshotLog('id', { write: (line) => void lines.push(JSON.parse(line)) });
  const snapshot = slotAt(0);
  const numbers = { durationMs: 1, visitors: 1, unnamed: 0, bytes: 1, lineBytes: 1, missed: 0 };
  const taken = {
    status: 'taken',
    groupid: '12345',
    snapshot,
    takenAt: '',
    object: '',
    previous: null,
  } as const;
  log.taken({ ...taken, ...numbers, arrivals: null, departures: null }, 1, undefined);
  log.gap({ status: 'gap', groupid: '12345', snapshot, reason: 'late' }, 1);
  log.failed('12345', snapshot, new PresenceError('timeout', 'no answer'), 1);
  return lines;
}

/** Of the lines of all functions. */
async function fieldsOfLines(): Promise<string[]> {
  const others = [...linesOfSignals(), ...linesOfWebhooks(), ...linesOfSnapshots()].flatMap((line) =>
    Object.keys(line),
  );
  return [...(await fieldsOfFailure()), ...fieldsOfRenewals(), ...others];
}

const words = /^(filter|fields|stats|sum|sort|limit|count|by|in|or|and|like|desc|\d+)$/;

function fieldsIn(query: string): string[] {
  const names = query.replaceAll(/"[^"]*"|'[^']*'/g, '').match(/@?[A-Za-z][\w.]*|\d+/g) ?? [];
  return names.filter((name) => !words.test(name));
}
