import type { SQSRecordAttributes } from 'aws-lambda';

/** What of SQS a local run asks itself, in the shapes of the wire. */
interface Operations {
  CreateQueue: {
    input: { QueueName: string; Attributes: Record<string, string> };
    output: { QueueUrl: string };
  };
  GetQueueUrl: {
    input: { QueueName: string };
    output: { QueueUrl: string };
  };
  GetQueueAttributes: {
    input: { QueueUrl: string; AttributeNames: string[] };
    output: { Attributes: Record<string, string> };
  };
  SendMessage: {
    input: { QueueUrl: string; MessageBody: string; MessageGroupId?: string };
    output: { MessageId: string };
  };
  ReceiveMessage: {
    input: {
      QueueUrl: string;
      MaxNumberOfMessages: number;
      WaitTimeSeconds: number;
      MessageSystemAttributeNames: string[];
      MessageAttributeNames: string[];
    };
    output: { Messages?: Message[] };
  };
  DeleteMessageBatch: {
    input: { QueueUrl: string; Entries: { Id: string; ReceiptHandle: string }[] };
    output: object;
  };
}

export interface Message {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly MD5OfBody: string;
  readonly MD5OfMessageAttributes?: string;
  readonly Attributes: SQSRecordAttributes;
  readonly MessageAttributes?: Readonly<Record<string, MessageAttribute>>;
}

interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  /** In base64. */
  readonly BinaryValue?: string;
}

/**
 * One call of SQS by its wire protocol (AWS JSON 1.0) at the host of `address`, which may be a queue's. The AWS client
 * would do it as well, but every start of the local run would wait for it to load.
 * Throws what SQS refuses, and when there is no answer.
 */
export async function callSqs<Operation extends keyof Operations>(
  address: string,
  operation: Operation,
  input: Operations[Operation]['input'],
  signal: AbortSignal | null = null,
): Promise<Operations[Operation]['output']> {
  const response = await fetch(new URL('/', address), {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${operation}` },
    body: JSON.stringify(input),
    signal,
  });
  const output = await response.json();
  if (!response.ok) throw new Error(`SQS refuses ${operation}: ${JSON.stringify(output)}`);
  return output as Operations[Operation]['output']; // The engine is a part of this run, not of the world outside.
}
