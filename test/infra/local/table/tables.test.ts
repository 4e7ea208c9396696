import { once } from 'node:events';
import { connect } from 'node:net';
import {
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { request } from 'undici';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startTables } from '../../../../infra/local/table/server.ts';

const TableName = 'toys';
const toys = {
  name: TableName,
  partitionKey: 'owner',
  sortKey: 'toy',
  index: { name: 'maker', partitionKey: 'maker', sortKey: 'madeAt' },
};

/** A table, which is ready, and the client as it comes; gone after the test. */
async function toyTable() {
  const tables = await startTables({ port: 0 });
  onTestFinished(() => tables.close());
  await tables.create(toys);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: tables.url, region: 'us-east-1', credentials });
  onTestFinished(() => client.destroy());
  const put = (toy: string, madeAt?: number) =>
    client.send(
      new PutItemCommand({
        TableName,
        Item: {
          owner: { S: 'ada' },
          toy: { S: toy },
          ...(madeAt !== undefined && { maker: { S: 'acme' }, madeAt: { N: String(madeAt) } }),
        },
        ConditionExpression: 'attribute_not_exists(toy)',
      }),
    );
  return { tables, client, put };
}

test('The client as it comes finds the table by AWS_ENDPOINT_URL_DYNAMODB', async () => {
  const { tables } = await toyTable();
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', tables.url);
  onTestFinished(() => void vi.unstubAllEnvs());
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ region: 'us-east-1', credentials });
  onTestFinished(() => client.destroy());
  expect(await client.send(new ListTablesCommand())).toMatchObject({ TableNames: [TableName] });
});

test('A table has the keys and the index that it was created with, and can be used at once', async () => {
  const { client, put } = await toyTable();
  await put('kite');
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  expect(Table).toMatchObject({
    TableStatus: 'ACTIVE',
    KeySchema: [
      { AttributeName: 'owner', KeyType: 'HASH' },
      { AttributeName: 'toy', KeyType: 'RANGE' },
    ],
    BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
    GlobalSecondaryIndexes: [
      {
        IndexName: 'maker',
        IndexStatus: 'ACTIVE',
        KeySchema: [
          { AttributeName: 'maker', KeyType: 'HASH' },
          { AttributeName: 'madeAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  });
});

test('A condition holds: of two that would be first, one is', async () => {
  const { put } = await toyTable();
  const both = await Promise.allSettled([put('kite'), put('kite')]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  await expect(put('kite')).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
});

test('The index gives the items that have its keys, in the order of their numbers', async () => {
  const { client, put } = await toyTable();
  await put('kite', 1_700_000_000_123);
  await put('ball', 999);
  await put('home-made');
  const query = new QueryCommand({
    TableName,
    IndexName: 'maker',
    KeyConditionExpression: 'maker = :maker',
    ExpressionAttributeValues: { ':maker': { S: 'acme' } },
  });
  const { Items = [] } = await client.send(query);
  expect(Items.map(({ toy, owner }) => [toy?.S, owner?.S])).toEqual([
    ['ball', 'ada'],
    ['kite', 'ada'],
  ]);
});

test('A table that is there already is refused', async () => {
  const { tables } = await toyTable();
  await expect(tables.create(toys)).rejects.toThrow('ResourceInUseException');
});

test('A port that is taken is told', async () => {
  const { tables } = await toyTable();
  const { port } = new URL(tables.url);
  await expect(startTables({ port: Number(port) })).rejects.toThrow(
    `Port ${port} is not to be had for DynamoDB: it is taken`,
  );
});

test('Nothing listens on any other address than 127.0.0.1', async () => {
  const { tables } = await toyTable();
  const socket = connect(Number(new URL(tables.url).port), '127.0.0.2');
  await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

const listTables = {
  authorization: 'AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b, Signature=c',
  'x-amz-date': '20260101T000000Z',
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-target': 'DynamoDB_20120810.ListTables',
};

test.each([
  ['for a host of the internet', 'POST', { ...listTables, host: 'rebound.example' }],
  ['of a page that asks whether it may call', 'OPTIONS', { origin: 'https://evil.example' }],
  ['of whoever looks in', 'GET', {}],
])('A request %s is refused', async (_what, method, headers) => {
  const { tables } = await toyTable();
  const answer = await request(tables.url, { method, headers, body: method === 'POST' ? '{}' : null });
  expect(answer.statusCode).toBe(400);
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  expect(await answer.body.text()).not.toContain(TableName);
});

test('A page of another site cannot read what it is told', async () => {
  const { tables } = await toyTable();
  const headers = { ...listTables, origin: 'https://evil.example' };
  const answer = await request(tables.url, { method: 'POST', headers, body: '{}' });
  expect(answer.statusCode).toBe(200);
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  await answer.body.dump();
});

test('A client that goes away in the middle of a request takes nobody with it', async () => {
  const { tables, client, put } = await toyTable();
  await put('kite');
  const socket = connect(Number(new URL(tables.url).port), '127.0.0.1');
  await once(socket, 'connect');
  const lines = Object.entries({ host: '127.0.0.1', ...listTables, 'content-length': 1000 });
  socket.write(`POST / HTTP/1.1\r\n${lines.map((line) => `${line.join(': ')}\r\n`).join('')}\r\n{"Tab`);
  await new Promise((done) => setTimeout(done, 50));
  socket.resetAndDestroy();
  await new Promise((done) => setTimeout(done, 50));
  const get = new GetItemCommand({ TableName, Key: { owner: { S: 'ada' }, toy: { S: 'kite' } } });
  expect((await client.send(get)).Item).toBeDefined();
});
