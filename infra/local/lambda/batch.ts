import type { SQSEvent, SQSMessageAttributes } from 'aws-lambda';
import * as z from 'zod/mini';
import { region } from '../account.ts';
import type { Message } from '../queues/protocol.ts';

/** Messages of one queue as a function gets them. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
export function sqsEvent(queueArn: string, messages: readonly Message[]): SQSEvent {
  const records = messages.map((message) => ({
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes,
    messageAttributes: messageAttributes(message),
    md5OfBody: message.MD5OfBody,
    ...(message.MD5OfMessageAttributes && { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  }));
  return { Records: records };
}

function messageAttributes({ MessageAttributes = {} }: Message): SQSMessageAttributes {
  const attributes = Object.entries(MessageAttributes).map(([name, attribute]) => {
    const { StringValue, BinaryValue, DataType } = attribute;
    const value = BinaryValue === undefined ? { stringValue: StringValue } : { binaryValue: BinaryValue };
    return [name, { ...value, stringListValues: [], binaryListValues: [], dataType: DataType }];
  });
  return Object.fromEntries(attributes);
}

const batchAnswer = z.nullable(
  z.object({ batchItemFailures: z.nullish(z.array(z.object({ itemIdentifier: z.string() }))) }),
);

/**
 * The ids of the messages that the function's answer calls failed. Throws when the answer is none, or names another
 * message: then Lambda takes the whole batch for failed.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#sqs-batchfailurereporting-conditions
 */
export function failedMessages(answer: unknown, messages: readonly Message[]): Set<string> {
  const { success, data } = batchAnswer.safeParse(answer);
  if (!success) throw new Error('the answer is no { "batchItemFailures": [{ "itemIdentifier": "…" }] }');
  const failures = data?.batchItemFailures ?? [];
  const failed = new Set(failures.map(({ itemIdentifier }) => itemIdentifier));
  const isStranger = (id: string) => messages.every(({ MessageId }) => MessageId !== id);
  if ([...failed].some(isStranger)) throw new Error('the answer names a message that is not in the batch');
  return failed;
}
