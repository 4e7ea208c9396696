import { createServer, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { close, isLoopbackHost, listen } from '../http/loopback.ts';
import { callDynamo } from './protocol.ts';

export interface Tables {
  /** For `AWS_ENDPOINT_URL_DYNAMODB`. */
  readonly url: string;
  /** The table can be used when this is done. Rejects what DynamoDB would not take. */
  create(options: TableOptions): Promise<void>;
  close(): Promise<void>;
}

interface TableOptions {
  readonly name: string;
  /** Both are text. */
  readonly partitionKey: string;
  readonly sortKey: string;
  /** Has all of every item that has both keys: the first is text, the second a number. */
  readonly index: { readonly name: string; readonly partitionKey: string; readonly sortKey: string };
}

/**
 * DynamoDB on loopback, over its wire protocol: for the unmodified client, whose environment says
 * `AWS_ENDPOINT_URL_DYNAMODB`. Signatures are not checked, items stay in memory and do not expire.
 */
export async function startTables({ port }: { port: number }): Promise<Tables> {
  // Takes a twentieth of a second, in which others may start as well.
  const { default: dynalite } = await import('dynalite');
  const engine = dynalite({ createTableMs: 0 });

  // The engine by itself would answer any host, and let every page in a browser read what it answers.
  const server = createServer((request, response) => {
    const message = refusal(request);
    if (message === undefined) {
      delete request.headers.origin;
      engine.emit('request', request, response);
      // With this listener, a client that breaks off in the middle of a request would end the whole run.
      request.removeAllListeners('error');
    } else {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify({ __type: 'com.amazon.coral.service#UnknownOperationException', message }));
    }
  });
  const url = await listen(server, port, 'DynamoDB');

  return {
    url,
    async create(options) {
      await callDynamo(url, 'CreateTable', definition(options));
      while (!(await isActive(url, options.name))) await sleep(2);
    },
    close: () => close(server),
  };
}

function refusal({ method, headers }: IncomingMessage): string | undefined {
  if (!isLoopbackHost(headers.host)) return 'Not this host.';
  const isDynamo = method === 'POST' && String(headers['x-amz-target']).startsWith('DynamoDB_20120810.');
  return isDynamo ? undefined : 'This is DynamoDB: POST with X-Amz-Target.';
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html */
function definition({ name, partitionKey, sortKey, index }: TableOptions) {
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST' as const,
    AttributeDefinitions: [
      ...[partitionKey, sortKey, index.partitionKey].map((key) => attribute(key, 'S')),
      attribute(index.sortKey, 'N'),
    ],
    KeySchema: keys(partitionKey, sortKey),
    GlobalSecondaryIndexes: [
      {
        IndexName: index.name,
        KeySchema: keys(index.partitionKey, index.sortKey),
        Projection: { ProjectionType: 'ALL' as const },
      },
    ],
  };
}

function attribute(AttributeName: string, AttributeType: 'S' | 'N') {
  return { AttributeName, AttributeType };
}

function keys(partitionKey: string, sortKey: string) {
  return [
    { AttributeName: partitionKey, KeyType: 'HASH' as const },
    { AttributeName: sortKey, KeyType: 'RANGE' as const },
  ];
}

async function isActive(url: string, TableName: string): Promise<boolean> {
  const { Table } = await callDynamo(url, 'DescribeTable', { TableName });
  return Table.TableStatus === 'ACTIVE';
}
