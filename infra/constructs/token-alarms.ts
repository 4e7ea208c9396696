import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import type { RefreshFailureName } from '../../shared/authorization/metrics.ts';
import { type AlarmSpec, period } from './alarm-spec.ts';
import { refreshFailuresOf, renewalsOf } from './metrics.ts';
import type { Refresh } from './refresh.ts';

/** What is wrong with the credentials, or with the account that they are of: it does not pass by itself. */
const refusals = {
  'bad-credentials': 'The credentials of a group cannot be read, or are malformed.',
  'authorization-refused': 'Glance grants no token for the credentials of a group.',
  'token-refused': 'The Presence service refuses the tokens that Glance grants for a group.',
  'token-not-stored': 'The secret of a group does not take its new token.',
} satisfies Partial<Record<RefreshFailureName, string>>;

/** What may pass by itself. That there are no credentials yet, `token-age` tells: a new stack has none. */
const troubles = {
  'authorization-unavailable': 'The Authorization API of Glance is not reached, overloaded or failing.',
  'authorization-invalid':
    'The Authorization API of Glance answers in a way that the relay does not understand.',
  'token-untried': 'New tokens cannot be tried on the Presence service, so they are not taken.',
} satisfies Partial<Record<RefreshFailureName, string>>;

/** Tells somebody that tokens are not renewed, and why. */
export function tokenAlarms(
  stage: string,
  { tokens }: RelayConfig,
  { groupids, deadLetters, undelivered }: Refresh,
): readonly AlarmSpec[] {
  const minutes = 2 * tokens.refreshMinutes;
  // Not one long period: CloudWatch looks back over several before it takes missing data for a breach.
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
  const ofTwoRenewals = Math.ceil(minutes / period.toMinutes());
  return [
    ...groupids.map((groupid) => ({
      name: 'token-age',
      of: groupid,
      says: `Group ${groupid} has got no new token for ${minutes} minutes.`,
      metric: renewalsOf(stage, groupid, period),
      spans: { atLeast: ofTwoRenewals, of: ofTwoRenewals },
      isExpected: true,
    })),
    ...entriesOf(troubles).map(([failure, says]) => ({
      name: 'refresh-failing',
      of: failure,
      says: `${says} Renewals keep failing.`,
      metric: refreshFailuresOf(stage, failure, period),
      spans: { atLeast: 2, of: ofTwoRenewals },
    })),
    ...entriesOf(refusals).map(([failure, says]) => ({
      name: 'authorization-refused',
      of: failure,
      says,
      metric: refreshFailuresOf(stage, failure, period),
      // Longer than the longest pause between two attempts: nothing is mended meanwhile.
      spans: { atLeast: 1, of: Math.max(ofTwoRenewals, 15) },
    })),
    deadLettersIn(deadLetters, 'requests', 'A request for a token failed every time.'),
    deadLettersIn(undelivered, 'schedules', 'A schedule could not ask for a token.'),
  ];
}

function entriesOf<Name extends string>(texts: Readonly<Record<Name, string>>): [Name, string][] {
  return Object.entries(texts) as [Name, string][]; // of a literal, which has no other keys
}

function deadLettersIn(queue: Queue, of: string, says: string): AlarmSpec {
  const metric = queue.metricApproximateNumberOfMessagesVisible({ period });
  return { name: 'refresh-dead-letters', of, says, metric };
}
