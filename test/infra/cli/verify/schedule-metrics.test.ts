import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { expect, test } from 'vitest';
import { schedulesOfTokens } from '../../../../infra/cli/verify/schedule-metrics.ts';
import { testClock } from '../../../support/clock.ts';
import { alone, at, jsonService } from './aws-servers.ts';

const minute = 60_000;

/** `attempts`: what CloudWatch knows, one look after the other; then always the last. */
async function found(attempts: number[], ageMs = 86_400_000) {
  const service = await jsonService(() => {
    const Sum = attempts.length > 1 ? attempts.shift() : attempts[0];
    return { Datapoints: Sum ? [{ Sum, Timestamp: 0 }] : [] };
  });
  const clock = testClock();
  const begin = clock.now();
  const relay = { name: 'presence-relay-prod', deployedAt: begin - ageMs };
  const one = await schedulesOfTokens(relay, alone(), new CloudWatchClient(at(service.url)), clock);
  return { ...one, asked: service.asked, waited: clock.now() - begin };
}

test('what the Scheduler has tried in the last two hours is told', async () => {
  const { verdict, says, asked } = await found([3]);
  expect([verdict, says]).toEqual([
    'ok',
    'the schedules of tokens, in their group presence-relay-prod: 3 attempts in the last two hours',
  ]);
  expect(asked[0]?.input).toMatchObject({
    Namespace: 'AWS/Scheduler',
    MetricName: 'InvocationAttemptCount',
    Dimensions: [{ Name: 'ScheduleGroup', Value: 'presence-relay-prod' }],
    Statistics: ['Sum'],
  });
});

test('an old relay of which nothing is known fails at once', async () => {
  const { verdict, waited, hint } = await found([0]);
  expect([verdict, waited]).toEqual(['fail', 0]);
  expect(hint).toContain('aws scheduler list-schedules --group-name presence-relay-prod');
});

test('for a young one, it waits until CloudWatch knows', async () => {
  const { verdict, waited } = await found([0, 0, 1], minute);
  expect([verdict, waited]).toEqual(['ok', 20_000]);
});

test('but six minutes at most, and then there is a warning', async () => {
  const { verdict, waited } = await found([0], minute);
  expect([verdict, waited]).toEqual(['warn', 6 * minute]);
});
