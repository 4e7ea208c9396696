import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { lookupvisitor } from '../../../shared/api/endpoints.ts';
import { problemOf } from '../../../shared/api/failure.ts';
import { failureNames } from '../../../shared/api/metrics.ts';
import { Problem } from '../../../shared/api/problem.ts';
import { CallRecord } from '../../../shared/api/record.ts';
import { PresenceError } from '../../../shared/presence/errors.ts';
import { account, assumedRole, gatewayEvent } from '../../support/gateway-event.ts';
import { captureLog } from '../../support/relay-environment.ts';

beforeEach(() => {
  vi.stubEnv('RELAY_STAGE', 'test');
});
afterEach(() => vi.unstubAllEnvs());

/** The line that is left of a call. */
async function lineOf(end: (record: CallRecord) => void | Promise<void>) {
  using log = captureLog();
  const userArn = assumedRole('desk', account, 'ada.lovelace@acme.example');
  await end(
    new CallRecord(
      lookupvisitor,
      gatewayEvent({ query: { groupid: '1', visitorid: 'visitor-of-mine' }, userArn }),
    ),
  );
  expect(log.text).not.toMatch(/visitor-of-mine|ada\.lovelace/);
  return JSON.parse(log.text);
}

/** Reads a line as CloudWatch does: metrics with the values of their dimensions. */
function metricsOf(line: Record<string, unknown>) {
  const { Timestamp, CloudWatchMetrics } = line._aws as {
    Timestamp: number;
    CloudWatchMetrics: {
      Namespace: string;
      Dimensions: string[][];
      Metrics: { Name: string; Unit: string }[];
    }[];
  };
  expect(Math.abs(Timestamp - Date.now())).toBeLessThan(60_000);
  return CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Metrics.map(({ Name, Unit }) => {
      expect(line[Name]).toEqual(expect.any(Number));
      const by = Dimensions.flat().map((name) => {
        expect(line[name]).toEqual(expect.any(String));
        return `${name}=${line[name]}`;
      });
      return `${Namespace} ${Name} ${Unit} ${by.join(',')}`;
    }),
  );
}

describe('a call', () => {
  test('leaves one line: who called what, how it ended, how long it took', async () => {
    expect(await lineOf((record) => record.answered())).toMatchObject({
      level: 'INFO',
      event: 'answered',
      function: 'lookupvisitor',
      requestId: 'request-1',
      caller: `${account}:desk`,
      groupid: '1',
      ms: expect.any(Number),
    });
  });

  test('counts how long it has waited for the Presence service', async () => {
    const line = await lineOf(async (record) => {
      await record.upstream(new Promise((resolve) => setTimeout(resolve, 60)));
      record.answered();
    });
    expect(metricsOf(line)).toEqual([
      'PresenceRelay Upstream Milliseconds Stage=test,Endpoint=lookupvisitor',
    ]);
    expect(line.Upstream).toBeGreaterThanOrEqual(59);
    expect(line.Upstream).toBeLessThan(1_000);
  });

  test('that waits in vain counts the time all the same', async () => {
    const line = await lineOf(async (record) => {
      const failing = new Promise((_, reject) => setTimeout(() => reject(new Error('hunter2')), 60));
      await record.upstream(failing).catch((error) => record.refused(problemOf(error)));
    });
    expect(line.Upstream).toBeGreaterThanOrEqual(59);
  });

  test('that is refused before anything is asked does not count as one that took no time', async () => {
    const line = await lineOf(async (record) => {
      const forbidden = Promise.reject(new Problem('forbidden-function', 'no'));
      await record.upstream(forbidden).catch((error) => record.refused(problemOf(error)));
    });
    expect(line).not.toHaveProperty('Upstream');
    expect(metricsOf(line)).toEqual(['PresenceRelay Failures Count Stage=test,Failure=forbidden-function']);
  });

  test('that is refused is counted by its code', async () => {
    const line = await lineOf((record) => record.refused(new Problem('forbidden-caller', 'no')));
    expect(line).not.toHaveProperty('Upstream');
    expect(line).toMatchObject({ level: 'INFO', event: 'forbidden-caller', status: 403, Failures: 1 });
    expect(metricsOf(line)).toEqual(['PresenceRelay Failures Count Stage=test,Failure=forbidden-caller']);
    expect(line.reason).toBe('Problem: no');
  });

  test('that fails says why', async () => {
    const error = new PresenceError('authorization', 'secret s holds no token yet');
    const line = await lineOf((record) => record.refused(problemOf(error)));
    expect(line).toMatchObject({
      level: 'ERROR',
      event: 'upstream-authorization',
      status: 502,
      reason: 'PresenceError: secret s holds no token yet',
    });
    expect(metricsOf(line)[0]).toBe('PresenceRelay Failures Count Stage=test,Failure=upstream-authorization');
  });

  test('whose direct server was refused is counted apart from other answers that are not understood', async () => {
    const of = (code: 'refused-server' | 'invalid-answer') =>
      lineOf((record) => record.refused(problemOf(new PresenceError(code, 'x'))));
    expect(await of('refused-server')).toMatchObject({
      event: 'upstream-invalid',
      Failure: 'refused-server',
    });
    expect(await of('invalid-answer')).toMatchObject({
      event: 'upstream-invalid',
      Failure: 'upstream-invalid',
    });
  });

  test('that is cut in the middle of its answer is counted too', async () => {
    const line = await lineOf((record) => record.cut(new Error('hunter2')));
    expect(metricsOf(line)[0]).toBe('PresenceRelay Failures Count Stage=test,Failure=stream-cut');
    expect(failureNames).toContain('stream-cut');
    expect(JSON.stringify(line)).not.toContain('hunter2');
  });

  test('in a broken environment still leaves its line', async () => {
    vi.stubEnv('RELAY_STAGE', undefined);
    const line = await lineOf((record) => record.refused(new Problem('internal', 'x')));
    expect(metricsOf(line)[0]).toBe('PresenceRelay Failures Count Stage=unknown,Failure=internal');
  });
});
