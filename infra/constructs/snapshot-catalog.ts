import { Aws } from 'aws-cdk-lib';
import { CfnNamedQuery, CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import { Construct } from 'constructs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { groupsWithSnapshots } from '../../shared/api/config/snapshot-environment.ts';
import { prefixes } from '../../shared/snapshots/keys.ts';
import { stackName } from '../names.ts';
import type { SnapshotBucket } from './snapshot-bucket.ts';
import { snapshotQueries } from './snapshot-queries.ts';

interface SnapshotCatalogProps {
  readonly stage: string;
  readonly config: RelayConfig;
  readonly kept: SnapshotBucket;
}

/** What lets Athena read the snapshots: tables, a workgroup with limits, and queries to begin with. */
export class SnapshotCatalog extends Construct {
  readonly database: string;
  readonly workgroup: string;

  constructor(scope: Construct, id: string, { stage, config, kept }: SnapshotCatalogProps) {
    super(scope, id);
    // Athena takes no hyphen in a name that is not quoted.
    this.database = stackName(stage).replaceAll('-', '_');
    const database = new CfnDatabase(this, 'Database', {
      catalogId: Aws.ACCOUNT_ID,
      databaseInput: { name: this.database, description: `Presence Relay: snapshots of stage ${stage}` },
    });
    const tables = [
      this.#table('visitors', 'A line for each visitor of each snapshot', prefixes.snapshots, config, kept),
      this.#table('snapshots', 'What is known of each snapshot', prefixes.manifests, config, kept),
    ];
    for (const table of tables) table.addResourceDependency(database);
    this.workgroup = stackName(stage);
    const workgroup = this.#workgroup(config, kept);
    for (const query of this.#queries(config)) query.addResourceDependency(workgroup);
  }

  /**
   * Athena makes up the partitions by itself, so nobody has to register a day. The line is one text, whatever stands in
   * it: its bytes end at a line break or at a byte 1, neither of which stands in a line of JSON.
   */
  #table(
    name: string,
    description: string,
    prefix: string,
    config: RelayConfig,
    { bucket }: SnapshotBucket,
  ): CfnTable {
    const location = bucket.s3UrlForObject(prefix);
    return new CfnTable(this, `Table-${name}`, {
      catalogId: Aws.ACCOUNT_ID,
      databaseName: this.database,
      tableInput: {
        name,
        description,
        tableType: 'EXTERNAL_TABLE',
        partitionKeys: [
          { name: 'groupid', type: 'string' },
          { name: 'day', type: 'string', comment: 'The UTC day: 2026-11-22' },
        ],
        parameters: {
          EXTERNAL: 'TRUE',
          ...projection(config),
          'storage.location.template': `${location}groupid=\${groupid}/day=\${day}/`,
        },
        storageDescriptor: {
          columns: [{ name: 'line', type: 'string', comment: 'JSON, for json_extract_scalar' }],
          location,
          inputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
          outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
          serdeInfo: {
            serializationLibrary: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe',
            // The delimiter by its number; without an escape character, so backslashes stay as they are.
            parameters: { 'serialization.format': '1' },
          },
        },
      },
    });
  }

  #workgroup({ snapshots }: RelayConfig, { bucket, key }: SnapshotBucket): CfnWorkGroup {
    return new CfnWorkGroup(this, 'Workgroup', {
      name: this.workgroup,
      description: 'Presence Relay: queries of snapshots',
      // One in which anything was ever asked could not be removed else. The results stay in the bucket.
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
        publishCloudWatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: snapshots.queryLimitGiB * 2 ** 30,
        resultConfiguration: {
          outputLocation: bucket.s3UrlForObject(prefixes.results),
          expectedBucketOwner: Aws.ACCOUNT_ID,
          encryptionConfiguration: key
            ? { encryptionOption: 'SSE_KMS', kmsKey: key.keyArn }
            : { encryptionOption: 'SSE_S3' },
        },
      },
    });
  }

  #queries(config: RelayConfig): CfnNamedQuery[] {
    const [first] = groupsWithSnapshots(config);
    if (!first) return [];
    const { everyMinutes } = first.snapshots;
    const { retentionDays } = config.snapshots;
    return snapshotQueries({ groupid: first.id, everyMinutes, retentionDays }).map(
      ({ name, says, sql }) =>
        new CfnNamedQuery(this, `Query-${name.replaceAll(' ', '')}`, {
          name,
          description: says,
          database: this.database,
          workGroup: this.workgroup,
          queryString: sql,
        }),
    );
  }
}

/** https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html */
function projection(config: RelayConfig): Record<string, string> {
  return {
    'projection.enabled': 'true',
    'projection.groupid.type': 'enum',
    'projection.groupid.values': groupsWithSnapshots(config)
      .map(({ id }) => id)
      .join(','),
    'projection.day.type': 'date',
    'projection.day.format': 'yyyy-MM-dd',
    'projection.day.range': `NOW-${config.snapshots.retentionDays}DAYS,NOW`,
    'projection.day.interval': '1',
    'projection.day.interval.unit': 'DAYS',
  };
}
