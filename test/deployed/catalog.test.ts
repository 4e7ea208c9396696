import {
  AthenaClient,
  BatchGetNamedQueryCommand,
  GetWorkGroupCommand,
  ListNamedQueriesCommand,
  ListTableMetadataCommand,
} from '@aws-sdk/client-athena';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { athenaQuery } from '../../infra/cli/verify/athena.ts';
import { snapshotQueries } from '../../infra/constructs/snapshot-queries.ts';
import { forTrial } from '../../infra/local/trial.ts';
import { stackName, stageName } from '../../infra/names.ts';
import { loadRelayConfig } from '../../infra/relay-config.ts';
import { groupsWithSnapshots } from '../../shared/api/config/snapshot-environment.ts';
import { prefixes } from '../../shared/snapshots/keys.ts';
import { snapshotBucket } from '../support/deployed-snapshots.ts';
import { needs } from '../support/lacks.ts';

const WorkGroup = stackName(stageName());
const DatabaseName = WorkGroup.replaceAll('-', '_');
/** As it is deployed to be tried. */
const config = forTrial(await loadRelayConfig());
const groups = groupsWithSnapshots(config);
let bucket: string;
let athena: AthenaClient;
beforeAll(async () => {
  bucket = await snapshotBucket();
  athena = new AthenaClient({});
});
afterAll(() => athena.destroy());

test('Athena knows the tables, and where each day of each group is', async () => {
  const { TableMetadataList = [] } = await athena.send(
    new ListTableMetadataCommand({ CatalogName: 'AwsDataCatalog', DatabaseName }),
  );
  const places = { visitors: prefixes.snapshots, snapshots: prefixes.manifests };
  expect(TableMetadataList.map(({ Name }) => Name).sort()).toEqual(Object.keys(places).sort());
  for (const { Name, Columns, PartitionKeys, Parameters } of TableMetadataList) {
    const location = `s3://${bucket}/${places[Name as keyof typeof places]}`; // it is one of them, as above
    expect(Columns).toMatchObject([{ Name: 'line', Type: 'string' }]);
    expect(PartitionKeys?.map((key) => key.Name)).toEqual(['groupid', 'day']);
    expect(Parameters).toMatchObject({
      'projection.enabled': 'true',
      'projection.groupid.values': groups.map(({ id }) => id).join(),
      'storage.location.template': `${location}groupid=\${groupid}/day=\${day}/`,
    });
  }
});

test('the workgroup has a limit, and puts what it answers under results/', async () => {
  const { WorkGroup: group } = await athena.send(new GetWorkGroupCommand({ WorkGroup }));
  expect(group?.Configuration).toMatchObject({
    EnforceWorkGroupConfiguration: true,
    BytesScannedCutoffPerQuery: expect.any(Number),
    ResultConfiguration: {
      OutputLocation: `s3://${bucket}/${prefixes.results}`,
      EncryptionConfiguration: { EncryptionOption: expect.stringMatching(/^SSE_/) },
    },
  });
});

test('the saved queries are there, word for word', async () => {
  expect(groups.length).toBeGreaterThan(0);
  const { NamedQueryIds } = await athena.send(new ListNamedQueriesCommand({ WorkGroup }));
  const { NamedQueries = [] } = await athena.send(new BatchGetNamedQueryCommand({ NamedQueryIds }));
  const { retentionDays } = config.snapshots;
  const [first] = groups.map(({ id, snapshots: { everyMinutes } }) => ({ groupid: id, everyMinutes }));
  const wanted = first ? snapshotQueries({ ...first, retentionDays }) : [];
  const saved = NamedQueries.map(({ Name, Database, QueryString }) => ({ Name, Database, QueryString }));
  expect(new Set(saved)).toEqual(
    new Set(wanted.map(({ name, sql }) => ({ Name: name, Database: DatabaseName, QueryString: sql }))),
  );
});

test('a saved query runs over the snapshots', async (context) => {
  needs('athena', context);
  const snapshots = { workgroup: WorkGroup, database: DatabaseName, bucket };
  const { signal } = context;
  const { verdict, says } = await athenaQuery({ snapshots }, { tell: () => {}, signal });
  expect([verdict, says]).toEqual(['ok', expect.any(String)]);
}, 180_000);
