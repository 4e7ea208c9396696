import type { MessageAttributeValue, SQSClient } from '@aws-sdk/client-sqs';
import { once } from '../runtime/once.ts';
import { type DeadReason, deadAttributes } from './dead-letter.ts';
import { mostQueueBytes } from './limits.ts';
import { queueJson } from './queue-json.ts';
import { type Look, writeMessage } from './queue-message.ts';
import type { Signal } from './signal.ts';

type Module = typeof import('@aws-sdk/client-sqs');

/** What of the module is used: whoever names it has no more of it in the bundle. */
export type SqsModule = Pick<Module, 'SQSClient' | 'SendMessageCommand'>;

/** The client of SQS, and the command that sends. */
export type Sqs = { readonly client: SQSClient } & Pick<Module, 'SendMessageCommand'>;

/** Its time-outs fit a vendor that waits for an answer: five seconds in all. */
export function sqsOf({ SQSClient, SendMessageCommand }: SqsModule): Sqs {
  const client = new SQSClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
  });
  return { client, SendMessageCommand };
}

export interface QueueOptions {
  /** Address of the queue. */
  readonly url: string;
  /** Makes the client at its first use. */
  readonly open: () => Sqs | Promise<Sqs>;
}

/** The queue of signals that are to be delivered. All methods reject as the client does. */
export class SignalQueue {
  readonly #url: string;
  readonly #sqs: () => Promise<Sqs>;

  constructor({ url, open }: QueueOptions) {
    this.#url = url;
    this.#sqs = once(() => open());
  }

  /** In one message, as long as SQS takes it; after so many seconds, 900 at most. */
  async send(signals: readonly Signal[], delaySeconds = 0): Promise<void> {
    for (const some of inMessages(signals)) await this.#send(writeMessage({ signals: some }), delaySeconds);
  }

  async look(look: Look, delaySeconds: number): Promise<void> {
    await this.#send(writeMessage({ look }), delaySeconds);
  }

  async #send(MessageBody: string, DelaySeconds: number): Promise<void> {
    const { client, SendMessageCommand } = await this.#sqs();
    await client.send(new SendMessageCommand({ QueueUrl: this.#url, MessageBody, DelaySeconds }));
  }
}

/** As few messages as possible, of the size that SQS takes. */
export function inMessages(signals: readonly Signal[]): Signal[][] {
  const messages: Signal[][] = [];
  const empty = Buffer.byteLength(writeMessage({ signals: [] }));
  let room = 0;
  for (const signal of signals) {
    const bytes = Buffer.byteLength(queueJson(signal)) + 1;
    const last = messages.at(-1);
    if (last && bytes <= room) last.push(signal);
    else {
      messages.push([signal]);
      // The first of them has no comma.
      room = mostQueueBytes - empty + 1;
    }
    room -= bytes;
  }
  return messages;
}

export interface DeadLetter {
  readonly body: string;
  readonly reason: DeadReason;
  /** Says more, to an operator. Nothing secret and nothing of a person. */
  readonly detail: string;
  /** Which source of webhooks, or which caller, it comes from. */
  readonly source: string;
}

/** What could not be delivered, or made no signal, with its reason. Rejects as the client does. */
export class DeadLetters {
  readonly #url: string;
  readonly #sqs: () => Promise<Sqs>;

  constructor({ url, open }: QueueOptions) {
    this.#url = url;
    this.#sqs = once(() => open());
  }

  async put({ body, reason, detail, source }: DeadLetter): Promise<void> {
    const { client, SendMessageCommand } = await this.#sqs();
    const MessageAttributes = {
      [deadAttributes.reason]: text(reason),
      [deadAttributes.detail]: text(detail),
      [deadAttributes.source]: text(source),
    };
    await client.send(new SendMessageCommand({ QueueUrl: this.#url, MessageBody: body, MessageAttributes }));
  }
}

/** SQS takes neither an empty text nor characters that XML has not. */
function text(value: string): MessageAttributeValue {
  const printable = value.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 1_000);
  return { DataType: 'String', StringValue: printable === '' ? '-' : printable };
}
