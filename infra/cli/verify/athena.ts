import { randomUUID } from 'node:crypto';
import {
  AthenaClient,
  BatchGetNamedQueryCommand,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  InvalidRequestException,
  ListNamedQueriesCommand,
  type NamedQuery,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { S3Client } from '@aws-sdk/client-s3';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { type AwsCall, AwsTrouble, answerOf, onAws } from '../aws.ts';
import { type Finding, finding } from '../report.ts';
import type { DeployedRelay } from './relay.ts';
import { removeResults } from './results.ts';
import { type Surroundings, wakeful } from './step.ts';

/** The saved query that reads nothing but manifests. */
export const cheapQuery = 'Visitors per minute';

/** How long a query is waited for: it takes seconds, and may have to queue. */
const limitMs = 120_000;
const pollMs = 1_000;

interface Clients {
  readonly athena: AthenaClient;
  readonly s3: S3Client;
}

/** A saved query runs, as somebody would run it in the console; what Athena has put into the bucket for it goes away. */
export async function athenaQuery(
  { snapshots }: Pick<DeployedRelay, 'snapshots'>,
  surroundings: Surroundings,
  { athena, s3 }: Clients = { athena: new AthenaClient(onAws()), s3: new S3Client(onAws()) },
  clock = wakeful(surroundings),
): Promise<Finding> {
  if (!snapshots)
    return finding(
      'warn',
      'not checked: the relay takes no snapshots, so there is nothing to query',
      'docs/snapshots.md tells how to have some',
    );
  const { workgroup } = snapshots;
  const thing = `workgroup ${workgroup}`;
  const ask = async <T>(rights: string, answer: Promise<T>) => {
    const call: AwsCall = { client: athena, service: 'Athena', deed: 'used', hints: { rights } };
    const told = await answerOf(thing, call, answer.catch(refusal));
    if (told instanceof InvalidRequestException)
      throw new AwsTrouble(`${thing} does not take it: ${oneLine(told.message)}`, changed, { cause: told });
    return told;
  };
  const query = await savedQuery(athena, ask, workgroup);
  if (!query?.QueryString)
    return finding(
      'fail',
      `workgroup ${workgroup} has no saved query "${cheapQuery}"`,
      'was it deleted in the console? Deploy again',
    );
  const start = new StartQueryExecutionCommand({
    QueryString: query.QueryString,
    QueryExecutionContext: { Database: query.Database ?? snapshots.database },
    WorkGroup: workgroup,
    ClientRequestToken: randomUUID(),
  });
  const { QueryExecutionId: id = '' } = await ask(
    'athena:StartQueryExecution, glue:GetTable, glue:GetDatabase, s3:GetObject and s3:PutObject',
    athena.send(start),
  );
  const ended = await end(athena, ask, id, surroundings, clock).catch(async (error: unknown) => {
    await athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id })).catch(() => undefined);
    throw error;
  });
  const found = await judge(athena, ask, ended).catch(asFinding);
  const removed = await removeResults(s3, ended?.ResultConfiguration?.OutputLocation);
  const verdict = found.verdict === 'ok' ? removed.verdict : found.verdict;
  return finding(verdict, `${found.says}; ${removed.says}`, found.hint ?? removed.hint);
}

/** What is in the way of reading a result is not in the way of removing it. */
function asFinding(error: unknown): Finding {
  if (error instanceof AwsTrouble) return finding('fail', error.message, error.hint);
  throw error;
}

/** Athena has one name for most of what it does not take, such as a workgroup that is not there: its words tell more. */
function refusal(error: unknown): InvalidRequestException {
  if (error instanceof InvalidRequestException) return error;
  throw error;
}

const changed = 'was the workgroup changed or removed by hand? Deploy again';

type Ask = <T>(rights: string, answer: Promise<T>) => Promise<T>;

/** Somebody may have saved many more. */
async function savedQuery(
  athena: AthenaClient,
  ask: Ask,
  WorkGroup: string,
): Promise<NamedQuery | undefined> {
  let NextToken: string | undefined;
  do {
    const page = await ask(
      'athena:ListNamedQueries',
      athena.send(new ListNamedQueriesCommand({ WorkGroup, NextToken, MaxResults: 50 })),
    );
    const { NamedQueryIds = [] } = page;
    if (NamedQueryIds.length === 0) return undefined;
    const { NamedQueries = [] } = await ask(
      'athena:BatchGetNamedQuery',
      athena.send(new BatchGetNamedQueryCommand({ NamedQueryIds })),
    );
    const found = NamedQueries.find(({ Name }) => Name === cheapQuery);
    if (found) return found;
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return undefined;
}

async function end(
  athena: AthenaClient,
  ask: Ask,
  QueryExecutionId: string,
  { tell }: Surroundings,
  clock: Clock,
): Promise<QueryExecution | undefined> {
  const begin = clock.now();
  for (;;) {
    const { QueryExecution: execution } = await ask(
      'athena:GetQueryExecution',
      athena.send(new GetQueryExecutionCommand({ QueryExecutionId })),
    );
    const state = execution?.Status?.State ?? 'unknown';
    if (['SUCCEEDED', 'FAILED', 'CANCELLED'].includes(state)) return execution;
    const elapsed = clock.now() - begin;
    if (elapsed > limitMs)
      throw new AwsTrouble(
        `the query "${cheapQuery}" is ${state} after ${limitMs / 1_000} s`,
        'ask again later',
      );
    tell(`the query is ${state.toLowerCase()}: ${Math.floor(elapsed / 1_000)} s`);
    await clock.sleep(pollMs);
  }
}

async function judge(
  athena: AthenaClient,
  ask: Ask,
  execution: QueryExecution | undefined,
): Promise<Finding> {
  const { State = 'unknown', StateChangeReason = '' } = execution?.Status ?? {};
  if (State !== 'SUCCEEDED')
    // Athena may repeat a value that it could not read: this query reads nothing but manifests, and those name nobody.
    return finding('fail', `the query "${cheapQuery}" ${State}: ${oneLine(StateChangeReason)}`, rights);
  const rows = await countRows(athena, ask, execution?.QueryExecutionId ?? '');
  const {
    DataScannedInBytes = 0,
    TotalExecutionTimeInMillis,
    EngineExecutionTimeInMillis = 0,
  } = execution?.Statistics ?? {};
  const seconds = ((TotalExecutionTimeInMillis ?? EngineExecutionTimeInMillis) / 1_000).toFixed(1);
  const says = `the saved query "${cheapQuery}" gave ${rows} ${rows === 1 ? 'row' : 'rows'}, read ${DataScannedInBytes} bytes, and took ${seconds} s`;
  if (rows > 0) return finding('ok', says);
  return finding(
    'warn',
    says,
    'there is no manifest of yesterday and today; see the step "schedule", and ask again then',
  );
}

const rights =
  'may these credentials read the tables (glue:GetTable, glue:GetDatabase) and the bucket (s3:GetObject, s3:ListBucket, s3:GetBucketLocation, s3:PutObject under results/), and the key if one of yours encrypts it?';

/** The first row of the first page names the columns. */
async function countRows(athena: AthenaClient, ask: Ask, QueryExecutionId: string): Promise<number> {
  let rows = -1;
  let NextToken: string | undefined;
  do {
    const page = await ask(
      'athena:GetQueryResults, and s3:GetObject under results/ of the bucket',
      athena.send(new GetQueryResultsCommand({ QueryExecutionId, NextToken, MaxResults: 1_000 })),
    );
    rows += page.ResultSet?.Rows?.length ?? 0;
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return Math.max(0, rows);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 300);
}
