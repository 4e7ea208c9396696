import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { onTestFinished } from 'vitest';
import { onThisMachine } from '../../../../infra/cli/aws.ts';
import type { Place } from '../../../../infra/cli/credentials/place.ts';
import { region } from '../../../../infra/local/account.ts';
import { startQueues } from '../../../../infra/local/queues/server.ts';
import { startSecretsManager } from '../../../../infra/local/secrets/server.ts';
import { credentialsName, refreshQueueName, secretName } from '../../../../infra/names.ts';
import type { FailureNote } from '../../../../shared/authorization/note.ts';
import { Vault } from '../../../../shared/authorization/vault.ts';
import type { Token } from '../../../../shared/presence/token.ts';
import { jwt } from '../../../support/tokens.ts';
import { someAws } from '../running.ts';

export const unset = '{"state":"unset"}';

interface StandInOptions {
  stage?: string;
  /** Any free ones unless given. */
  ports?: { secrets: number; queues: number };
}

export interface Message {
  readonly body: string;
  readonly group: string | undefined;
  readonly deduplication: string | undefined;
}

/** A stack that is deployed, for group 12345: its secrets, its queue, and for its function what a test makes of it. */
export async function standIn({ stage = 'prod', ports }: StandInOptions = {}) {
  const secrets = await startSecretsManager({ port: ports?.secrets ?? 0 });
  const queues = await startQueues({ port: ports?.queues ?? 0 });
  const queue = refreshQueueName(stage);
  await queues.create({ name: queue, fifo: true, visibilitySeconds: 60, retentionSeconds: 60 });
  const names = { credentials: credentialsName(stage, 12345), token: secretName(stage, 12345) };
  secrets.put(names.credentials, unset);
  secrets.put(names.token, unset);

  const portOf = (url: string) => Number(new URL(url).port);
  const secretsManager = new SecretsManagerClient(onThisMachine(portOf(secrets.url)));
  const sqs = new SQSClient(onThisMachine(portOf(queues.url)));
  const messages: Message[] = [];
  const working: Promise<void>[] = [];
  const ended = new AbortController();
  onTestFinished(async () => {
    ended.abort();
    await Promise.allSettled(working);
    secretsManager.destroy();
    sqs.destroy();
    await secrets.close();
    await queues.close();
  });
  const place: Place = {
    secretsManager: new SecretsManagerClient(onThisMachine(portOf(secrets.url))),
    sqs,
    ...names,
    queue,
    command: 'npm run credentials -- 12345',
    log: 'the log',
  };

  async function work(react: (vault: Vault, message: Message) => Promise<void>): Promise<void> {
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: queue }));
    while (!ended.signal.aborted) {
      const receive = new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ['All'] });
      const { Messages = [] } = await sqs.send(receive, { abortSignal: ended.signal });
      for (const { Body = '', Attributes, ReceiptHandle } of Messages) {
        const message = {
          body: Body,
          group: Attributes?.MessageGroupId,
          deduplication: Attributes?.MessageDeduplicationId,
        };
        messages.push(message);
        await react(new Vault(secretsManager), message);
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
      await sleep(20);
    }
  }

  return {
    place,
    secrets,
    /** For a program whose AWS this shall be. */
    environment: {
      ...someAws,
      AWS_REGION: region,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
      AWS_ENDPOINT_URL_SQS: queues.url,
    },
    /** Those that were taken from the queue. */
    messages: messages as readonly Message[],
    /** What the function does with each message. */
    onMessage: (react: (vault: Vault, message: Message) => Promise<void>) => void working.push(work(react)),
    /** It gets a token, always. */
    grants: () => void working.push(work((vault) => vault.putToken(names.token, token()))),
    /** It fails, always. */
    fails: (part: Partial<FailureNote> = {}) =>
      void working.push(work((vault) => vault.putNote(names.token, note(part)))),
    stored: () => secrets.current(names.credentials),
  };
}

/** One that was granted just now. */
export function token(part: Partial<Token> = {}): Token {
  const issuedAt = Date.now();
  return { value: jwt({ id: randomUUID() }), issuedAt, expiresAt: issuedAt + 7_200_000, ...part };
}

export function note(part: Partial<FailureNote> = {}): FailureNote {
  const at = Date.now();
  return {
    version: undefined,
    credentials: undefined,
    failure: 'authorization-refused',
    reason: 'the Authorization API answered 401: "No such user"',
    failures: 1,
    at,
    until: at + 60_000,
    ...part,
  };
}
