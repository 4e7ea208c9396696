import { AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { signalTableName } from '../names.ts';
import { signalTable } from '../signals.ts';
import { acknowledge } from './acknowledge.ts';
import { removalPolicy } from './removal.ts';

interface SignalRecordsProps {
  readonly stage: string;
  readonly config: RelayConfig;
}

/** So far back the table can be restored: a signal is of no use any more by then. */
const recoveryPeriodInDays = 7;

const unrestorable = {
  findings: ['AwsSolutions-DDB3', 'CKV_AWS_28'],
  reason: 'An ephemeral stack leaves nothing behind, and DynamoDB keeps a backup of what could be restored.',
} as const;

/** The table with the records of the signals. */
export class SignalRecords extends Construct {
  readonly name: string;
  readonly #arn: string;

  /**
   * Without protection against deletion by hand, since a first deployment that fails could not take it back then.
   * DynamoDB keeps a backup of a deleted table for 35 days, where it could be restored: not of an ephemeral one.
   * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
   */
  constructor(scope: Construct, id: string, { stage, config }: SignalRecordsProps) {
    super(scope, id);
    const { partitionKey, sortKey, expiry, visitorIndex } = signalTable;
    this.name = signalTableName(stage);
    const table = new Table(this, 'Table', {
      tableName: this.name,
      partitionKey: { name: partitionKey, type: AttributeType.STRING },
      sortKey: { name: sortKey, type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: expiry,
      pointInTimeRecoverySpecification: config.ephemeral
        ? { pointInTimeRecoveryEnabled: false }
        : { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays },
      removalPolicy: removalPolicy(config),
    });
    table.addGlobalSecondaryIndex({
      indexName: visitorIndex.name,
      partitionKey: { name: visitorIndex.partitionKey, type: AttributeType.STRING },
      sortKey: { name: visitorIndex.sortKey, type: AttributeType.NUMBER },
      projectionType: ProjectionType.ALL,
    });
    acknowledge(table, {
      findings: ['CKV_AWS_119'],
      reason:
        'DynamoDB encrypts it with a key of its own, and its records expire. A key in KMS would be one more call to pay ' +
        'and to fail, and would keep out nobody whom IAM lets at the table.',
    });
    if (config.ephemeral) acknowledge(table, unrestorable);
    this.#arn = table.tableArn;
  }

  /** To do this with records, but not to look for those of a visitor: that is for operators. */
  statementOf(...actions: readonly RecordAction[]): PolicyStatement {
    return new PolicyStatement({
      sid: 'KeepRecords',
      actions: actions.map((action) => `dynamodb:${action}`),
      resources: [this.#arn],
    });
  }

  /** To claim slots of snapshots: `shared/snapshots/claims.ts`. They are in the same table, and the signals are not touched. */
  statementOfClaims(): PolicyStatement {
    return new PolicyStatement({
      sid: 'ClaimSlots',
      actions: ['GetItem', 'PutItem', 'UpdateItem', 'Query'].map((action) => `dynamodb:${action}`),
      resources: [this.#arn],
      conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['snapshot#*'] } },
    });
  }
}

type RecordAction = 'GetItem' | 'PutItem' | 'UpdateItem' | 'DeleteItem' | 'Query';
