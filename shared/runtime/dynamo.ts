import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

type Module = typeof import('@aws-sdk/client-dynamodb');
type CommandName =
  | 'DeleteItemCommand'
  | 'GetItemCommand'
  | 'PutItemCommand'
  | 'QueryCommand'
  | 'UpdateItemCommand';

/** What of the module is used: whoever names it has no more of it in the bundle. */
export type DynamoModule = Pick<Module, 'DynamoDBClient' | CommandName>;

/** The client of DynamoDB, and those of its commands that the records need. */
export type Dynamo = { readonly client: DynamoDBClient } & Pick<Module, CommandName>;

/** Its time-outs fit a call that somebody waits for. */
export function dynamoOf(module: DynamoModule): Dynamo {
  const { DynamoDBClient, DeleteItemCommand, GetItemCommand, PutItemCommand, QueryCommand } = module;
  const { UpdateItemCommand } = module;
  const client = new DynamoDBClient({
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
  });
  return { client, DeleteItemCommand, GetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand };
}

/** An attribute as DynamoDB's wire has it; nothing but text and numbers is kept. */
export type Attribute = { S: string } | { N: string };
export type Item = Record<string, Attribute>;

/** What is undefined is left out. */
export function itemOf(values: Readonly<Record<string, string | number | undefined>>): Item {
  const given = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, attributeOf(value)] as const],
  );
  return Object.fromEntries(given);
}

export function attributeOf(value: string | number): Attribute {
  return typeof value === 'number' ? { N: String(value) } : { S: value };
}

/** What `itemOf` was given. */
export function valuesOf(item: Readonly<Record<string, { S?: string; N?: string }>>) {
  const values = Object.entries(item).map(([name, { S, N }]) => [name, N === undefined ? S : Number(N)]);
  return Object.fromEntries(values) as Record<string, string | number | undefined>; // of these entries
}

/** Whether a write did not happen since the item is not as it was thought to be. */
export function isConditionFailure(error: unknown): boolean {
  return error instanceof Error && error.name === 'ConditionalCheckFailedException';
}

/** Whether a write with a condition happened. */
export async function happened(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (isConditionFailure(error)) return false;
    throw error;
  }
}
