import * as dynamo from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod/mini';
import { signedFetch } from '../../../infra/cli/signed-fetch.ts';
import type { EmulatedAccount } from '../../../infra/emulated/account.ts';
import { functionName, signalDeadLettersName, signalTableName } from '../../../infra/names.ts';
import { SignalTable } from '../../../shared/signals/table.ts';
import { prefixes } from '../../../shared/snapshots/keys.ts';
import { scheduledSnapshot } from '../../../shared/snapshots/request.ts';
import { slotAt, slotTime } from '../../../shared/snapshots/slot.ts';
import type { RelayUnderTest } from '../relay.ts';

const settings = z.object({
  methodSettings: z.record(z.string(), z.object({ throttlingRateLimit: z.number() })),
});

/** What a stack holds, as its services tell, and what somebody puts there. All of it is of group 12345. */
export class Contents {
  readonly #account: EmulatedAccount;
  readonly #stage: string;
  readonly #s3: S3Client;

  constructor(account: EmulatedAccount, stage: string) {
    this.#account = account;
    this.#stage = stage;
    this.#s3 = new S3Client({ ...account.options, forcePathStyle: true });
  }

  /** Of the signals of that visitor. */
  async statuses(visitor: string): Promise<string[]> {
    const client = new dynamo.DynamoDBClient(this.#account.options);
    const table = new SignalTable({
      table: signalTableName(this.#stage),
      open: () => ({ client, ...dynamo }),
    });
    const found: string[] = [];
    for await (const { status } of table.ofVisitor('12345', visitor)) found.push(status);
    return found;
  }

  /** How many calls per second its methods take, as API Gateway has it. */
  async rates({ addresses }: RelayUnderTest): Promise<Set<number>> {
    const { region, endpoint, options } = this.#account;
    const call = signedFetch({ credentials: options.credentials, region, service: 'apigateway' });
    const [, id] = /restapis\/(\w+)/.exec(addresses.relay) ?? [];
    const answer = await call(`${endpoint}/restapis/${id}/stages/${this.#stage}`);
    const { methodSettings } = settings.parse(await answer.json());
    return new Set(Object.values(methodSettings).map(({ throttlingRateLimit }) => throttlingRateLimit));
  }

  /** One of now. */
  async takeSnapshot(): Promise<void> {
    const FunctionName = functionName(this.#stage, 'snapshot');
    const Payload = scheduledSnapshot('12345', slotTime(slotAt(Date.now())));
    const lambda = new LambdaClient(this.#account.options);
    const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName, Payload }));
    if (FunctionError !== undefined) throw new Error(`the snapshot was not taken: ${FunctionError}`);
  }

  /** How many objects are in that bucket, counting those that were replaced and the marks of those that were removed. */
  async versionsIn(Bucket: string): Promise<number> {
    const { Versions = [], DeleteMarkers = [] } = await this.#s3.send(
      new ListObjectVersionsCommand({ Bucket }),
    );
    return Versions.length + DeleteMarkers.length;
  }

  /** Puts one there as Athena does, replaces it, and removes it. */
  async leaveVersions(Bucket: string): Promise<void> {
    const object = { Bucket, Key: `${prefixes.results}1.csv` };
    for (const Body of ['1', '2']) await this.#s3.send(new PutObjectCommand({ ...object, Body }));
    await this.#s3.send(new DeleteObjectCommand(object));
  }

  async putDeadLetter(): Promise<void> {
    const sqs = new SQSClient(this.#account.options);
    const QueueName = signalDeadLettersName(this.#stage);
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'nobody could deliver it' }));
  }
}
