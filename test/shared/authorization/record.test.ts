import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { FailureNote } from '../../../shared/authorization/note.ts';
import { RefreshRecord } from '../../../shared/authorization/record.ts';
import type { RefreshOutcome } from '../../../shared/authorization/refresh.ts';
import { readRequest } from '../../../shared/authorization/request.ts';
import { captureLog } from '../../support/relay-environment.ts';

beforeEach(() => void vi.stubEnv('RELAY_STAGE', 'test'));
afterEach(() => void vi.unstubAllEnvs());

const at = Date.parse('2026-03-12T20:00:00Z');
const note: FailureNote = {
  version: 'version-of-the-token',
  credentials: 'version-of-the-credentials',
  failure: 'authorization-refused',
  reason: 'the Authorization API answered 401',
  failures: 3,
  at,
  until: at + 240_000,
};
const request = readRequest('{"groupid":"12345","because":"asked","version":"version-of-the-token"}');

interface Line {
  readonly _aws?: {
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
  readonly [field: string]: unknown;
}

function lineOf(ended: RefreshOutcome): Line {
  using log = captureLog();
  new RefreshRecord(request, 'r-1').ended(ended);
  expect(log.text.indexOf('\n')).toBe(log.text.length - 1);
  return JSON.parse(log.text);
}

/** What CloudWatch takes from a line: the value of each metric, and by which values it is counted. */
function countedIn(line: Line): [name: string, value: unknown, by: Record<string, unknown>][] {
  return (line._aws?.CloudWatchMetrics ?? []).flatMap(({ Namespace, Dimensions, Metrics }) => {
    expect(Namespace).toBe('PresenceRelay');
    return Metrics.map(({ Name, Unit }): [string, unknown, Record<string, unknown>] => {
      expect(Unit).toBe('Count');
      return [Name, line[Name], Object.fromEntries(Dimensions.flat().map((name) => [name, line[name]]))];
    });
  });
}

const always = {
  timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
  function: 'refresh-token',
  requestId: 'r-1',
  groupid: '12345',
  because: 'asked',
  ms: expect.any(Number),
  Stage: 'test',
};

test('a request that was not needed is told, and counts for nothing', () => {
  const line = lineOf({ outcome: 'not-needed' });
  expect(line).toEqual({ ...always, level: 'INFO', event: 'not needed', outcome: 'not-needed' });
});

test('one that comes too early is told with what failed before, and counts for nothing', () => {
  expect(lineOf({ outcome: 'postponed', note })).toEqual({
    ...always,
    level: 'INFO',
    event: 'postponed',
    outcome: 'postponed',
    failure: 'authorization-refused',
    reason: 'the Authorization API answered 401',
    failures: 3,
    until: '2026-03-12T20:04:00.000Z',
  });
});

test('a new token is told with its end, and counts for its group', () => {
  const line = lineOf({ outcome: 'renewed', expiresAt: at });
  expect(line).toEqual({
    ...always,
    level: 'INFO',
    event: 'token renewed',
    outcome: 'renewed',
    expires: '2026-03-12T20:00:00.000Z',
    Group: '12345',
    TokensRenewed: 1,
    Authorizations: 1,
    _aws: expect.any(Object),
  });
  expect(countedIn(line)).toEqual([
    ['TokensRenewed', 1, { Stage: 'test', Group: '12345' }],
    ['Authorizations', 1, { Stage: 'test' }],
  ]);
});

test('a new token of unknown end is told without one', () => {
  expect(lineOf({ outcome: 'renewed', expiresAt: undefined })).not.toHaveProperty('expires');
});

test('a failure is told as an error with its reason, and counts under its name', () => {
  const line = lineOf({ outcome: 'failed', note, asked: true, remembered: true });
  expect(line).toEqual({
    ...always,
    level: 'ERROR',
    event: 'renewal failed',
    outcome: 'failed',
    failure: 'authorization-refused',
    reason: 'the Authorization API answered 401',
    failures: 3,
    until: '2026-03-12T20:04:00.000Z',
    remembered: true,
    Failure: 'authorization-refused',
    RenewalsFailed: 1,
    Authorizations: 1,
    _aws: expect.any(Object),
  });
  expect(countedIn(line)).toEqual([
    ['RenewalsFailed', 1, { Stage: 'test', Failure: 'authorization-refused' }],
    ['Authorizations', 1, { Stage: 'test' }],
  ]);
});

test('a failure before Glance was asked counts for no question to it', () => {
  const early = { ...note, failure: 'no-credentials' } as const;
  const line = lineOf({ outcome: 'failed', note: early, asked: false, remembered: false });
  expect(line).toMatchObject({ remembered: false });
  expect(line).not.toHaveProperty('Authorizations');
  expect(countedIn(line)).toEqual([['RenewalsFailed', 1, { Stage: 'test', Failure: 'no-credentials' }]]);
});

test('the time of a metric is now, in milliseconds, without which CloudWatch drops it', () => {
  const line = lineOf({ outcome: 'renewed', expiresAt: at });
  const { Timestamp } = line._aws as unknown as { Timestamp: number };
  expect(Math.abs(Timestamp - Date.now())).toBeLessThan(10_000);
});

test('how long it took is from the first line of the request on', async () => {
  using log = captureLog();
  const record = new RefreshRecord(request, 'r-1');
  await new Promise((resolve) => setTimeout(resolve, 60));
  record.ended({ outcome: 'not-needed' });
  const { ms } = JSON.parse(log.text) as { ms: number };
  expect(ms).toBeGreaterThanOrEqual(55);
  expect(ms).toBeLessThan(5_000);
});

test('versions of secrets, and of whatever else an outcome may come to hold, stay out of the log', () => {
  const token = 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl';
  const more = { token, value: token };
  const outcomes: RefreshOutcome[] = [
    { outcome: 'not-needed' },
    { outcome: 'postponed', note: { ...note, ...more } },
    { outcome: 'renewed', expiresAt: at, ...more },
    { outcome: 'failed', note: { ...note, ...more }, asked: true, remembered: true, ...more },
  ];
  for (const ended of outcomes) {
    expect(JSON.stringify(lineOf(ended))).not.toMatch(/eyJ|version-of-the/);
  }
});
