import { type Dynamo, dynamoOf } from '../runtime/dynamo.ts';
import { type Sqs, sqsOf } from './queue.ts';

/** For a function that seldom has to do with signals that are kept: it loads a client when it needs one. */
export async function lateDynamo(): Promise<Dynamo> {
  return dynamoOf(await import('@aws-sdk/client-dynamodb'));
}

export async function lateSqs(): Promise<Sqs> {
  return sqsOf(await import('@aws-sdk/client-sqs'));
}
