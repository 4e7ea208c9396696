import { createHash } from 'node:crypto';
import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ContextAttribute,
  Schedule,
  ScheduleExpression,
  ScheduleGroup,
  ScheduleTargetInput,
} from 'aws-cdk-lib/aws-scheduler';
import { SqsSendMessage } from 'aws-cdk-lib/aws-scheduler-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { scheduledRequest } from '../../shared/authorization/request.ts';
import { stackName } from '../names.ts';
import { renewalMinutes } from '../refresh.ts';
import type { GroupSecrets, SecretsOfRenewedGroup } from './group-secrets.ts';
import type { RelayFunction } from './relay-function.ts';

interface RefreshSchedulesProps {
  readonly stage: string;
  readonly config: RelayConfig;
  readonly secrets: GroupSecrets;
  readonly queue: Queue;
  /** For what cannot be put into the queue. */
  readonly deadLetters: Queue;
  readonly consumer: RelayFunction;
}

/** Asks for a new token of each group, once at the deployment that makes its schedule and then again and again. */
export class RefreshSchedules extends Construct {
  constructor(scope: Construct, id: string, props: RefreshSchedulesProps) {
    super(scope, id);
    const { stage, config, secrets, queue, deadLetters, consumer } = props;
    const scheduleGroup = new ScheduleGroup(this, 'Group', {
      scheduleGroupName: stackName(stage),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = this.#role(scheduleGroup);
    for (const group of secrets.renewed) {
      const { groupid } = group;
      const name = nameOf(group);
      const schedule = new Schedule(this, name, {
        scheduleGroup,
        scheduleName: `${stackName(stage)}-${name}`,
        description: `Asks for a new Glance token of group ${groupid}`,
        // Without a start date it asks at once; a time window would put that off.
        // https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#rate-based
        schedule: ScheduleExpression.rate(
          Duration.minutes(renewalMinutes(config.tokens.refreshMinutes, groupid)),
        ),
        target: new SqsSendMessage(queue, {
          role,
          messageGroupId: groupid,
          input: ScheduleTargetInput.fromText(scheduledRequest(groupid, ContextAttribute.scheduledTime)),
          deadLetterQueue: deadLetters,
          maxEventAge: Duration.minutes(5),
          retryAttempts: 5,
        }),
      });
      // The first one has to find all that it needs, and credentials named anew the function that may read them.
      schedule.node.addDependency(scheduleGroup, role, queue, deadLetters, consumer);
    }
  }

  #role({ scheduleGroupArn }: ScheduleGroup): Role {
    return new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID, 'aws:SourceArn': scheduleGroupArn },
        },
      }),
      description: 'Lets the schedules of Presence Relay ask for tokens',
    });
  }
}

/** Another one where other credentials are named: a new schedule asks at once. */
function nameOf({ groupid, credentials }: SecretsOfRenewedGroup): string {
  if (credentials.isOwn) return groupid;
  return `${groupid}-${createHash('sha256').update(credentials.arn).digest('hex').slice(0, 8)}`;
}
