import { type CfnResource, CustomResourceProviderBase, Stack } from 'aws-cdk-lib';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { acknowledge } from './acknowledge.ts';
import { RelayLogs } from './relay-logs.ts';

/** As the CDK calls its function for all buckets of a stack that are emptied, and what has it called for one. */
const [providerId, callId] = [
  'Custom::S3AutoDeleteObjectsCustomResourceProvider',
  'AutoDeleteObjectsCustomResource',
];

/**
 * Makes what empties this bucket, with `autoDeleteObjects`, go with the stack as a whole: its function gets a log of the
 * stack, and no right to make another. Lambda would make it one that nobody removes. Gives what empties the bucket when
 * it is deleted: whoever writes there should be gone by then.
 */
export function emptiedWithStack(scope: Construct, bucket: Bucket, config: RelayConfig): Construct {
  const provider = Stack.of(bucket).node.findChild(providerId);
  if (!(provider instanceof CustomResourceProviderBase)) throw new Error(`${providerId} is something else`);
  const logs = new RelayLogs(scope, 'EmptyingLogs', config);
  const part = (id: string) => provider.node.findChild(id) as CfnResource; // the CDK makes both of them so
  part('Handler').addPropertyOverride('LoggingConfig', { LogGroup: logs.logGroupName });
  acknowledge(part('Handler'), {
    findings: ['CKV_AWS_115', 'CKV_AWS_116', 'CKV_AWS_117'],
    reason:
      'The CDK makes it, for a stack that is a test. CloudFormation alone calls it, when the stack comes and goes, and ' +
      'hears of every failure.',
  });
  part('Role').addPropertyDeletionOverride('ManagedPolicyArns');
  provider.addToRolePolicy({
    Sid: 'WriteOwnLog',
    Effect: 'Allow',
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: logs.logGroupArn,
  });
  return bucket.node.findChild(callId);
}
