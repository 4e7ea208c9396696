import type { Message } from '@aws-sdk/client-sqs';
import { deadAttributes, type ParkedEvent, readParked } from '../../../shared/signals/dead-letter.ts';
import { type QueueMessage, readMessage } from '../../../shared/signals/queue-message.ts';
import { type BusEvent, readBusEvent } from './bus-event.ts';

/**
 * What a dead letter holds: a message of the signal queue, an event that made no signal, an event of a partner bus that
 * the function did not take, or nothing of ours.
 */
type Content =
  | QueueMessage
  | { readonly parked: ParkedEvent }
  | { readonly bus: BusEvent }
  | { readonly foreign: true };

export interface Letter {
  readonly messageId: string;
  /** What SQS wants to see of whoever deletes it or puts it back. */
  readonly handle: string;
  readonly body: string;
  readonly content: Content;
  readonly reason: string;
  /** What else the relay has told of it. */
  readonly detail: string | undefined;
  /** `webhook:<name>`, `caller:<role>`. */
  readonly sources: readonly string[];
  readonly groups: readonly string[];
  /** When it was first put into a queue: milliseconds since 1970. */
  readonly sentAt: number;
}

/** SQS itself has put it with the dead letters. */
export const receivedTooOften = 'received-too-often';
/** EventBridge has, or Lambda. */
export const notTaken = 'not-taken';

/** Nothing where SQS gives no such thing. */
export function readLetter(message: Message): Letter | undefined {
  const { MessageId: messageId, ReceiptHandle: handle, Body: body, Attributes } = message;
  if (messageId === undefined || handle === undefined || body === undefined) return undefined;
  const told = (name: string) => message.MessageAttributes?.[name]?.StringValue;
  const content = contentOf(body);
  return {
    messageId,
    handle,
    body,
    content,
    reason: told(deadAttributes.reason) ?? ('bus' in content ? notTaken : receivedTooOften),
    detail: told(deadAttributes.detail),
    sources: distinct(sourcesIn(content)),
    groups: distinct(groupsIn(content)),
    sentAt: Number(Attributes?.SentTimestamp ?? 0),
  };
}

function contentOf(body: string): Content {
  const parked = readParked(body);
  if (parked) return { parked };
  try {
    return readMessage(body);
  } catch {
    const bus = readBusEvent(body);
    return bus ? { bus } : { foreign: true };
  }
}

function sourcesIn(content: Content): string[] {
  if ('parked' in content) return [`webhook:${content.parked.source}`];
  if ('bus' in content) return [content.bus.source];
  return 'signals' in content ? content.signals.map(({ source }) => source) : [];
}

function groupsIn(content: Content): string[] {
  if ('look' in content) return [content.look.groupid];
  return 'signals' in content ? content.signals.map(({ groupid }) => groupid) : [];
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

/** Which of them are meant; all of them unless something is given. */
export interface Choice {
  readonly reason?: string | undefined;
  /** With or without what stands before the last part of its name. */
  readonly source?: string | undefined;
}

export function isChosen({ reason, sources }: Letter, choice: Choice): boolean {
  const isOf = (wanted: string) =>
    sources.some((source) => source === wanted || source.endsWith(`:${wanted}`));
  return (
    (choice.reason === undefined || choice.reason === reason) &&
    (choice.source === undefined || isOf(choice.source))
  );
}
