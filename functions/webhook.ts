import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { APIGatewayProxyEvent, Context, EventBridgeEvent } from 'aws-lambda';
import config from '../relay.config.ts';
import { webhookEnvironment } from '../shared/api/config/webhook-environment.ts';
import { openReceiver, serveEvent, serveWebhook } from '../shared/api/webhook.ts';
import { readEnvironment } from '../shared/runtime/environment.ts';
import { once } from '../shared/runtime/once.ts';

const sqs = { SQSClient, SendMessageCommand };

/** A file that exports a plain object is as good as one that exports `defineRelay`. */
const open = once(() =>
  openReceiver(config.webhooks ?? {}, readEnvironment(webhookEnvironment, process.env), sqs),
);

type PartnerEvent = EventBridgeEvent<string, unknown>;

/** Webhooks come through API Gateway, or as events of a partner bus. */
export const handler = async (event: APIGatewayProxyEvent | PartnerEvent, context: Context) => {
  if (!('detail-type' in event)) return await serveWebhook(event, open);
  await serveEvent(event, await open(), context.awsRequestId);
  return undefined;
};
