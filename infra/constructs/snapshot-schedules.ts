import { Aws, Duration, RemovalPolicy, TimeZone } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ContextAttribute,
  Schedule,
  ScheduleExpression,
  ScheduleGroup,
  ScheduleTargetInput,
  TimeWindow,
} from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { groupsWithSnapshots } from '../../shared/api/config/snapshot-environment.ts';
import { scheduledSnapshot } from '../../shared/snapshots/request.ts';
import { stackName } from '../names.ts';
import type { RelayFunction } from './relay-function.ts';

interface SnapshotSchedulesProps {
  readonly stage: string;
  readonly config: RelayConfig;
  readonly target: RelayFunction;
}

/** Invokes the function for each group at its times. */
export class SnapshotSchedules extends Construct {
  constructor(scope: Construct, id: string, { stage, config, target }: SnapshotSchedulesProps) {
    super(scope, id);
    const name = `${stackName(stage)}-snapshots`;
    const scheduleGroup = new ScheduleGroup(this, 'Group', {
      scheduleGroupName: name,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = this.#role(scheduleGroup, target);
    for (const { id: groupid, snapshots } of groupsWithSnapshots(config)) {
      const schedule = new Schedule(this, groupid, {
        scheduleGroup,
        scheduleName: `${name}-${groupid}`,
        description: `Takes a snapshot of the visitors of group ${groupid}`,
        schedule: scheduleOf(snapshots.everyMinutes),
        timeWindow: TimeWindow.off(),
        target: new LambdaInvoke(target.lambda, {
          // Its policy is below; that of the CDK would let in every version of the function too.
          role: role.withoutPolicyUpdates(),
          input: ScheduleTargetInput.fromText(scheduledSnapshot(groupid, ContextAttribute.scheduledTime)),
          // Later than that, the function would only put down that nobody knows who was there.
          maxEventAge: Duration.seconds(Math.max(60, snapshots.everyMinutes * 30)),
          retryAttempts: 3,
        }),
      });
      schedule.node.addDependency(scheduleGroup, role, target);
    }
  }

  #role({ scheduleGroupArn }: ScheduleGroup, { lambda }: RelayFunction): Role {
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID, 'aws:SourceArn': scheduleGroupArn },
        },
      }),
      description: 'Lets the schedules of Presence Relay take snapshots',
    });
    role.addToPolicy(
      new PolicyStatement({
        sid: 'TakeSnapshots',
        actions: ['lambda:InvokeFunction'],
        resources: [lambda.functionArn],
      }),
    );
    return role;
  }
}

/** The same times every day, in UTC, which knows no daylight saving. The minutes divide a day. */
function scheduleOf(everyMinutes: number): ScheduleExpression {
  const [minute, hour] =
    everyMinutes < 60
      ? [everyMinutes === 1 ? '*' : `0/${everyMinutes}`, '*']
      : ['0', hoursOf(everyMinutes / 60)];
  return ScheduleExpression.cron({ minute, hour, timeZone: TimeZone.ETC_UTC });
}

function hoursOf(everyHours: number): string {
  if (everyHours === 1) return '*';
  return everyHours === 24 ? '0' : `0/${everyHours}`;
}
