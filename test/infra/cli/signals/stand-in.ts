import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { onTestFinished } from 'vitest';
import { onThisMachine } from '../../../../infra/cli/aws.ts';
import { type SignalPlace, signalTableOf } from '../../../../infra/cli/signals/place.ts';
import { region } from '../../../../infra/local/account.ts';
import { portCount, portsFrom } from '../../../../infra/local/ports.ts';
import { callSqs, type Message } from '../../../../infra/local/queues/protocol.ts';
import { startQueues } from '../../../../infra/local/queues/server.ts';
import { startSecretsManager } from '../../../../infra/local/secrets/server.ts';
import { createSignalQueue, createSignalTable } from '../../../../infra/local/signals.ts';
import { startTables } from '../../../../infra/local/table/server.ts';
import { idKeyName, localStage, signalDeadLettersName, signalQueueName } from '../../../../infra/names.ts';
import { groupId, visitorId } from '../../../../shared/presence/ids.ts';
import { DeadLetters } from '../../../../shared/signals/queue.ts';
import { type Ending, type Signal, signalId } from '../../../../shared/signals/signal.ts';
import { freePorts } from '../../../support/ports.ts';
import { someAws } from '../running.ts';

interface StandInOptions {
  stage?: string;
  /** Any free ones unless given. */
  ports?: { secrets: number; queues: number; table: number };
}

/** A stand-in for the local run, and the options that lead to it. */
export async function localStandIn() {
  const port = await freePorts(portCount);
  const { secrets, queues, table } = portsFrom(port);
  const relay = await standIn({ stage: localStage, ports: { secrets, queues, table } });
  return { relay, port, local: ['--local', '--port', String(port)] };
}

/** The queues, the table and the secret of a stack that is deployed, and nobody who works with them. */
export async function standIn({ stage = 'prod', ports }: StandInOptions = {}) {
  const secrets = await startSecretsManager({ port: ports?.secrets ?? 0 });
  const queues = await startQueues({ port: ports?.queues ?? 0 });
  const tables = await startTables({ port: ports?.table ?? 0 });
  const { queue, deadLetters } = await createSignalQueue(queues, stage);
  const name = await createSignalTable(tables, stage);
  secrets.put(idKeyName(stage), 'not-to-be-guessed');

  const portOf = (url: string) => Number(new URL(url).port);
  const dynamo = new DynamoDBClient(onThisMachine(portOf(tables.url)));
  const sqs = new SQSClient(onThisMachine(portOf(queues.url)));
  const secretsManager = new SecretsManagerClient(onThisMachine(portOf(secrets.url)));
  onTestFinished(async () => {
    secretsManager.destroy();
    dynamo.destroy();
    sqs.destroy();
    await secrets.close();
    await queues.close();
    await tables.close();
  });

  const letters = new DeadLetters({
    url: deadLetters.url,
    open: () => ({ client: sqs, SendMessageCommand }),
  });
  const place: SignalPlace = {
    ...{ dynamo, sqs, secretsManager, table: name },
    ...{ queue: signalQueueName(stage), deadLetters: signalDeadLettersName(stage), idKey: idKeyName(stage) },
    waitSeconds: 0,
    command: (text) => `npm run ${text}`,
  };
  const table = signalTableOf(place);
  return {
    place,
    table,
    letters,
    queue,
    environment: {
      ...someAws,
      AWS_REGION: region,
      AWS_ENDPOINT_URL_DYNAMODB: tables.url,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
      AWS_ENDPOINT_URL_SQS: queues.url,
    },
    /** A signal with its record, that has come to this end. */
    async ended(status: Ending, part: Partial<Signal> = {}, reason?: 'unavailable' | 'rate-limited') {
      const one = signal(part);
      const claim = await table.claim(one);
      if (!('hold' in claim)) throw new Error(`it is ${claim.outcome}`);
      if (status === 'sent') await claim.hold.sending();
      await claim.hold.end(status, reason);
      return one;
    },
    /** As SQS itself puts it there: without a reason. */
    put: (body: string) => sqs.send(new SendMessageCommand({ QueueUrl: deadLetters.url, MessageBody: body })),
    /** The bodies that wait in the queue of signals; they are gone then. */
    taken: () => take(queue.url),
    /** How many dead letters there are; none of them is in anybody's hands. */
    async left() {
      const { visible, inFlight } = await deadLetters.count();
      return inFlight === 0 ? visible : Number.NaN;
    },
  };
}

export const sampleVisitor = 'grace-hopper';

/** One that was accepted five minutes and more ago, and had five minutes. */
export function signal(part: Partial<Signal> = {}): Signal {
  const acceptedAt = Date.now() - 400_000;
  return {
    id: signalId.parse(randomUUID()),
    groupid: groupId.parse('12345'),
    visitorid: visitorId.parse(sampleVisitor),
    message: { mtype: 'signal', data: { secret: 'tell-nobody' } },
    source: 'webhook:crm',
    acceptedAt,
    expiresAt: acceptedAt + 300_000,
    ...part,
  };
}

async function take(QueueUrl: string): Promise<string[]> {
  const { Messages = [] } = await callSqs(QueueUrl, 'ReceiveMessage', {
    QueueUrl,
    MaxNumberOfMessages: 10,
    WaitTimeSeconds: 0,
    MessageSystemAttributeNames: [],
    MessageAttributeNames: [],
  });
  const Entries = Messages.map(({ ReceiptHandle }: Message, at) => ({ Id: String(at), ReceiptHandle }));
  if (Entries.length > 0) await callSqs(QueueUrl, 'DeleteMessageBatch', { QueueUrl, Entries });
  return Messages.map(({ Body }: Message) => Body);
}
