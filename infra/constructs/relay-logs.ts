import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { acknowledge } from './acknowledge.ts';
import { removalPolicy } from './removal.ts';

/** A log, kept for as long as the configuration says. */
export class RelayLogs extends LogGroup {
  /** `logGroupName` is for a log that is written by that name, whoever makes it. */
  constructor(
    scope: Construct,
    id: string,
    config: RelayConfig,
    { logGroupName }: { logGroupName?: string } = {},
  ) {
    super(scope, id, {
      ...(logGroupName !== undefined && { logGroupName }),
      retention: config.logs.retentionDays,
      removalPolicy: removalPolicy(config),
    });
    acknowledge(this, {
      findings: ['CKV_AWS_158'],
      reason:
        'CloudWatch Logs encrypts it with a key of its own. No token, no visitor id and no message is ever in a log, so ' +
        'a key of the account would guard little.',
    });
  }
}
