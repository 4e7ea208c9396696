import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { deliverEnvironment } from '../shared/api/config/deliver-environment.ts';
import { openPresence } from '../shared/authorization/open-presence.ts';
import { deadlineIn } from '../shared/runtime/deadline.ts';
import { readEnvironment } from '../shared/runtime/environment.ts';
import { once } from '../shared/runtime/once.ts';
import { secretsManager } from '../shared/runtime/secrets-manager.ts';
import { deliverBatch } from '../shared/signals/batch.ts';
import { Delivery } from '../shared/signals/delivery.ts';
import { SignalEvents } from '../shared/signals/events.ts';
import { SignalLog } from '../shared/signals/log.ts';
import { openSignals } from '../shared/signals/open.ts';

/** What is kept of the function's own time to give back what could not be done. */
const marginMs = 2_000;

const sqs = { SQSClient, SendMessageCommand };
const eventbridge = { EventBridgeClient, PutEventsCommand };
const dynamodb = {
  DynamoDBClient,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
};

const open = once(() => {
  const environment = readEnvironment(deliverEnvironment, process.env);
  const presence = openPresence({
    groups: new Map(Object.entries(environment.RELAY_GROUPS)),
    refreshQueue: environment.RELAY_REFRESH_QUEUE,
    client: secretsManager(),
  });
  return {
    presence,
    limits: environment.RELAY_LIMITS,
    ...openSignals(environment, { sqs, dynamodb, eventbridge }),
  };
});

export const handler = async ({ Records }: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
  const { queue, bus, ...dependencies } = await open();
  const log = new SignalLog(context.awsRequestId);
  const events = new SignalEvents({ bus, unsent: (count) => log.unsent(count) });
  return await deliverBatch(Records, {
    delivery: new Delivery({ ...dependencies, log, events }),
    queue,
    events,
    deadline: deadlineIn(context.getRemainingTimeInMillis() - marginMs),
    failed: (messageId, error) => log.failed(messageId, error),
  });
};
