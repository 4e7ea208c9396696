import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { fromQueue, type SignalPlace } from '../signals/place.ts';
import { type Letter, readLetter } from './letter.ts';

/** So long nobody else gets what was received; after it, SQS puts it back by itself. */
const heldSeconds = 900;

const mostAtOnce = 10;

/** How many there are, as far as SQS knows. */
export interface Count {
  readonly waiting: number;
  /** Somebody has received them, and has not deleted them. */
  readonly elsewhere: number;
}

/** The dead letters of the signals: what is received is held until it is removed or put back. */
export class DeadLetterQueue {
  readonly #place: SignalPlace;
  readonly #url: string;
  /** Handles, by the ids of messages. */
  readonly #held = new Map<string, string>();

  private constructor(place: SignalPlace, url: string) {
    this.#place = place;
    this.#url = url;
  }

  /** Throws `AwsTrouble`; so do the methods. */
  static async open(place: SignalPlace): Promise<DeadLetterQueue> {
    return new DeadLetterQueue(place, await queueUrl(place, place.deadLetters));
  }

  async count(): Promise<Count> {
    const AttributeNames = [
      'ApproximateNumberOfMessages' as const,
      'ApproximateNumberOfMessagesNotVisible' as const,
    ];
    const command = new GetQueueAttributesCommand({ QueueUrl: this.#url, AttributeNames });
    const { Attributes } = await this.#ask('sqs:GetQueueAttributes', this.#place.sqs.send(command));
    return {
      waiting: Number(Attributes?.ApproximateNumberOfMessages ?? 0),
      elsewhere: Number(Attributes?.ApproximateNumberOfMessagesNotVisible ?? 0),
    };
  }

  /** All of them, each once, some at a time. It is held from then on. */
  async *read(): AsyncGenerator<readonly Letter[], void> {
    for (;;) {
      const letters = await this.#receive();
      // Whoever takes longer than they are held meets the first ones again.
      const fresh = letters.filter(({ messageId }) => !this.#held.has(messageId));
      for (const { messageId, handle } of letters) this.#held.set(messageId, handle);
      if (fresh.length === 0) return;
      yield fresh;
    }
  }

  async remove({ messageId, handle }: Letter): Promise<void> {
    const ReceiptHandle = this.#held.get(messageId) ?? handle;
    const command = new DeleteMessageCommand({ QueueUrl: this.#url, ReceiptHandle });
    await this.#ask('sqs:DeleteMessage', this.#place.sqs.send(command));
    // Whatever comes of it, nothing is left to be put back.
    this.#held.set(messageId, '');
  }

  /** Whoever looks for them finds what is held at once. Where that fails, in `heldSeconds` at most. */
  async putBack(): Promise<void> {
    const handles = [...this.#held.values()].filter((handle) => handle !== '');
    this.#held.clear();
    for (let at = 0; at < handles.length; at += mostAtOnce) {
      const Entries = handles
        .slice(at, at + mostAtOnce)
        .map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle, VisibilityTimeout: 0 }));
      const command = new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.#url, Entries });
      await this.#ask('sqs:ChangeMessageVisibility', this.#place.sqs.send(command));
    }
  }

  async #receive(): Promise<Letter[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.#url,
      MaxNumberOfMessages: mostAtOnce,
      VisibilityTimeout: heldSeconds,
      WaitTimeSeconds: this.#place.waitSeconds,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['SentTimestamp'],
    });
    const { Messages = [] } = await this.#ask('sqs:ReceiveMessage', this.#place.sqs.send(command));
    return Messages.flatMap((message) => readLetter(message) ?? []);
  }

  #ask<T>(rights: string, answer: Promise<T>): Promise<T> {
    return fromQueue(this.#place, this.#place.deadLetters, rights, answer);
  }
}

/** The address of the queue of that name. Throws `AwsTrouble`. */
export async function queueUrl(place: SignalPlace, name: string): Promise<string> {
  const answer = place.sqs.send(new GetQueueUrlCommand({ QueueName: name }));
  const { QueueUrl } = await fromQueue(place, name, 'sqs:GetQueueUrl', answer);
  if (QueueUrl === undefined) throw new Error(`SQS tells no address of queue ${name}`);
  return QueueUrl;
}
