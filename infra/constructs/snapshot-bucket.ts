import { Aws, type CfnElement, Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type LifecycleRule,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { prefixes } from '../../shared/snapshots/keys.ts';
import { acknowledge } from './acknowledge.ts';
import { emptiedWithStack } from './emptied-bucket.ts';
import { removalPolicy } from './removal.ts';

/** The bucket that snapshots are kept in, with what is known of them and what Athena answers about them. */
export class SnapshotBucket extends Construct {
  readonly bucket: Bucket;
  readonly key: IKey | undefined;
  /** What empties it, where it goes with its stack: whoever writes to it has to be gone by then. */
  readonly emptying: Construct | undefined;

  /** Without object lock, and versions are gone after a day: who wants to be forgotten is. */
  constructor(scope: Construct, id: string, config: RelayConfig) {
    super(scope, id);
    const { keyArn, retentionDays } = config.snapshots;
    this.key = keyArn === undefined ? undefined : Key.fromKeyArn(this, 'Key', keyArn);
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      ...(this.key
        ? { encryption: BucketEncryption.KMS, encryptionKey: this.key, bucketKeyEnabled: true }
        : { encryption: BucketEncryption.S3_MANAGED }),
      versioned: true,
      lifecycleRules: lifecycle(retentionDays),
      removalPolicy: removalPolicy(config),
      autoDeleteObjects: config.ephemeral,
    });
    this.emptying = config.ephemeral ? emptiedWithStack(this, this.bucket, config) : undefined;
    acknowledge(this.bucket, {
      findings: ['AwsSolutions-S1', 'CKV_AWS_18'],
      reason:
        'A log of accesses would be one more place with traces of visitors, and a bucket more to keep. CloudTrail has ' +
        'data events for an account that wants to know who read what.',
    });
  }

  /** To take snapshots: see `shared/snapshots/`. */
  statementsOfTaker(): PolicyStatement[] {
    const { snapshots, manifests, state } = prefixes;
    const under = (...of: string[]) => of.map((prefix) => this.bucket.arnForObjects(`${prefix}*`));
    return [
      new PolicyStatement({
        sid: 'KeepSnapshots',
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: under(snapshots, manifests, state),
      }),
      new PolicyStatement({
        sid: 'AbortUploads',
        actions: ['s3:AbortMultipartUpload'],
        resources: under(snapshots),
      }),
      // Without it, S3 says of an object that is not there that it may not be read.
      new PolicyStatement({
        sid: 'KnowWhatIsMissing',
        actions: ['s3:ListBucket'],
        resources: [this.bucket.bucketArn],
      }),
      ...this.#statementsOfKey(),
    ];
  }

  /** Objects have names that nobody knows beforehand: what may be done with them is bounded by their prefix. */
  acknowledgeTaker(taker: Construct): void {
    const bucket = Stack.of(this).getLogicalId(this.bucket.node.defaultChild as CfnElement); // of a Bucket it is always that
    for (const prefix of [prefixes.snapshots, prefixes.manifests, prefixes.state])
      acknowledge(taker, {
        findings: [`AwsSolutions-IAM5[Resource::<${bucket}.Arn>/${prefix}*]`],
        reason:
          'Snapshots are named by their group and their time; the prefix says which kind of object is meant.',
      });
  }

  /** Through S3 alone. A part of an upload is decrypted again when they are put together. */
  #statementsOfKey(): PolicyStatement[] {
    if (!this.key) return [];
    return [
      new PolicyStatement({
        sid: 'EncryptSnapshots',
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: [this.key.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `s3.${Aws.REGION}.${Aws.URL_SUFFIX}` } },
      }),
    ];
  }
}

/** States are for the next comparison; a result of Athena can be had again. */
const stateDays = 2;
const resultDays = 7;

function lifecycle(retentionDays: number): LifecycleRule[] {
  const expiring = (prefix: string, days: number): LifecycleRule => ({
    id: prefix.replace('/', ''),
    prefix,
    expiration: Duration.days(days),
  });
  return [
    expiring(prefixes.snapshots, retentionDays),
    expiring(prefixes.manifests, retentionDays),
    expiring(prefixes.state, stateDays),
    expiring(prefixes.results, resultDays),
    {
      id: 'leftovers',
      noncurrentVersionExpiration: Duration.days(1),
      expiredObjectDeleteMarker: true,
      abortIncompleteMultipartUploadAfter: Duration.days(1),
    },
  ];
}
