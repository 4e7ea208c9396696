import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { Context } from 'aws-lambda';
import { snapshotEnvironment } from '../shared/api/config/snapshot-environment.ts';
import { openPresence } from '../shared/authorization/open-presence.ts';
import { deadlineIn } from '../shared/runtime/deadline.ts';
import { readEnvironment } from '../shared/runtime/environment.ts';
import { once } from '../shared/runtime/once.ts';
import { secretsManager } from '../shared/runtime/secrets-manager.ts';
import { answerOf } from '../shared/snapshots/answer.ts';
import { SnapshotLog } from '../shared/snapshots/log.ts';
import { openSnapshots } from '../shared/snapshots/open.ts';
import { readSnapshotRequest } from '../shared/snapshots/request.ts';
import { takeSnapshot } from '../shared/snapshots/take.ts';

/** What is kept of the function's own time to put down how it ended. */
const marginMs = 20_000;

const s3 = {
  S3Client,
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
};
const dynamodb = {
  DynamoDBClient,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
};
const eventbridge = { EventBridgeClient, PutEventsCommand };

const open = once(() => {
  const environment = readEnvironment(snapshotEnvironment, process.env);
  const client = secretsManager();
  const presence = openPresence({
    groups: new Map(Object.entries(environment.RELAY_GROUPS)),
    refreshQueue: environment.RELAY_REFRESH_QUEUE,
    client,
    limits: { headersMs: 60_000, bodyMs: 30_000 },
  });
  const clients = { s3, dynamodb, eventbridge, secretsManager: client };
  return { presence, ...openSnapshots(environment, clients) };
});

/** One group, one slot. What it throws, Lambda gives it twice more. */
export const handler = async (event: unknown, context: Context) => {
  const { groupid, slot } = readSnapshotRequest(event);
  const { planOf, ...dependencies } = await open();
  const log = new SnapshotLog(context.awsRequestId);
  const deadline = deadlineIn(context.getRemainingTimeInMillis() - marginMs);
  return answerOf(await takeSnapshot(slot, await planOf(groupid), { ...dependencies, log }, deadline));
};
