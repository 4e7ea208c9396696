/** What of DynamoDB a local run asks itself, in the shapes of the wire. */
interface Operations {
  CreateTable: {
    input: {
      TableName: string;
      BillingMode: 'PAY_PER_REQUEST';
      AttributeDefinitions: { AttributeName: string; AttributeType: 'S' | 'N' }[];
      KeySchema: KeyElement[];
      GlobalSecondaryIndexes: {
        IndexName: string;
        KeySchema: KeyElement[];
        Projection: { ProjectionType: 'ALL' };
      }[];
    };
    output: object;
  };
  DescribeTable: {
    input: { TableName: string };
    output: { Table: { TableStatus: string } };
  };
}

interface KeyElement {
  readonly AttributeName: string;
  readonly KeyType: 'HASH' | 'RANGE';
}

/** The engine wants to see a signature, and looks at its form alone. */
const signed = {
  authorization: 'AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=local',
  'x-amz-date': '20260101T000000Z',
};

/**
 * One call of DynamoDB by its wire protocol (AWS JSON 1.0): like `callSqs`, since the AWS client takes its time to load.
 * Throws what DynamoDB refuses, and when there is no answer.
 */
export async function callDynamo<Operation extends keyof Operations>(
  address: string,
  operation: Operation,
  input: Operations[Operation]['input'],
): Promise<Operations[Operation]['output']> {
  const response = await fetch(address, {
    method: 'POST',
    headers: {
      ...signed,
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
    },
    body: JSON.stringify(input),
  });
  const output = await response.json();
  if (!response.ok) throw new Error(`DynamoDB refuses ${operation}: ${JSON.stringify(output)}`);
  return output as Operations[Operation]['output']; // The engine is a part of this run, not of the world outside.
}
