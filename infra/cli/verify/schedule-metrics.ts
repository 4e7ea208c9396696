import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { answerOf, onAws } from '../aws.ts';
import { type Finding, finding } from '../report.ts';
import type { DeployedRelay } from './relay.ts';
import { type Surroundings, wakeful } from './step.ts';

/** The longest that a schedule is waited for. */
export const mostWaitMs = 6 * 60_000;
const pollMs = 10_000;
/** So far back it is looked; the schedules of tokens come more often. */
const spanMs = 2 * 60 * 60_000;

/** What the Scheduler itself counts; CloudWatch has it some minutes later. */
export async function schedulesOfTokens(
  { name, deployedAt }: Pick<DeployedRelay, 'name' | 'deployedAt'>,
  surroundings: Surroundings,
  client = new CloudWatchClient(onAws()),
  clock = wakeful(surroundings),
): Promise<Finding> {
  const begin = clock.now();
  const ageMs = begin - deployedAt;
  const until = begin + (ageMs > mostWaitMs ? 0 : mostWaitMs);
  const says = (text: string) =>
    `the schedules of tokens, in their group ${name}: ${text} in the last two hours`;
  for (;;) {
    const attempts = await attemptsOf(client, name, clock.now());
    if (attempts > 0) return finding('ok', says(attempts === 1 ? 'one attempt' : `${attempts} attempts`));
    if (clock.now() >= until)
      return finding(
        ageMs > spanMs ? 'fail' : 'warn',
        says('CloudWatch knows of no attempt'),
        `it knows of them some minutes later, and may miss one. Are they there, and enabled? aws scheduler list-schedules --group-name ${name}`,
      );
    surroundings.tell(
      `waiting until CloudWatch knows of an attempt: ${Math.floor((clock.now() - begin) / 1_000)} s`,
    );
    await clock.sleep(pollMs);
  }
}

async function attemptsOf(client: CloudWatchClient, scheduleGroup: string, now: number): Promise<number> {
  const command = new GetMetricStatisticsCommand({
    Namespace: 'AWS/Scheduler',
    MetricName: 'InvocationAttemptCount',
    Dimensions: [{ Name: 'ScheduleGroup', Value: scheduleGroup }],
    StartTime: new Date(now - spanMs),
    EndTime: new Date(now),
    Period: spanMs / 1_000,
    Statistics: ['Sum'],
  });
  const { Datapoints = [] } = await answerOf(
    'metrics of AWS/Scheduler',
    { client, service: 'CloudWatch', deed: 'read', hints: { rights: 'cloudwatch:GetMetricStatistics' } },
    client.send(command),
  );
  return Datapoints.reduce((sum, { Sum = 0 }) => sum + Sum, 0);
}
