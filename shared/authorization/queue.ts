import type { SendMessageCommandInput, SQSClient } from '@aws-sdk/client-sqs';
import { PresenceError } from '../presence/errors.ts';
import type { Renewal } from '../presence/secret-tokens.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { once } from '../runtime/once.ts';
import { type FailureNote, passes } from './note.ts';
import type { Vault } from './vault.ts';

export interface RefreshQueueOptions {
  /** Address of the queue. */
  readonly url: string;
  /** The secret with the token of a group; nothing where its tokens are not renewed. */
  secretOf(groupid: string): string | undefined;
  readonly vault: Vault;
  readonly clock?: Pick<Clock, 'now'>;
}

const resendMs = 30_000;

/**
 * The queue on which a function asks for a new token. It is a FIFO queue, deduplicated by group, version of the token,
 * and the last time that its renewal failed: however many instances ask, there is one renewal, and after one that failed
 * none before its time.
 */
export class RefreshQueue implements Renewal {
  readonly #options: RefreshQueueOptions;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #client = once(openClient);
  readonly #asking = new Map<string, Promise<boolean>>();
  /** When the last messages were sent, by their deduplication id. */
  readonly #sent = new Map<string, number>();

  constructor(options: RefreshQueueOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  ask(groupid: string, version: string | undefined): Promise<boolean> {
    const key = `${groupid}.${version}`;
    const asking = this.#asking.get(key) ?? this.#ask(groupid, version);
    this.#asking.set(key, asking);
    const over = () => this.#asking.delete(key);
    asking.then(over, over);
    return asking;
  }

  async #ask(groupid: string, version: string | undefined): Promise<boolean> {
    const { url, secretOf, vault } = this.#options;
    const secret = secretOf(groupid);
    if (secret === undefined) return false;
    // Where it cannot be read, the renewal itself will keep to it.
    const left = await vault.note(secret).catch(() => undefined);
    const note = left?.version === version ? left : undefined;
    if (note && this.#clock.now() < note.until) throw this.#hopeless(groupid, note);
    const message = {
      QueueUrl: url,
      MessageBody: JSON.stringify({ groupid, because: 'asked', version }),
      MessageGroupId: groupid,
      MessageDeduplicationId: `${groupid}.${version ?? 'none'}.${note?.at ?? 0}`,
    };
    await this.#send(message);
    return true;
  }

  /** The queue would drop what it has got already; there is no need to send it that. */
  async #send(message: SendMessageCommandInput & { MessageDeduplicationId: string }): Promise<void> {
    const { MessageDeduplicationId: id } = message;
    const now = this.#clock.now();
    if (now < (this.#sent.get(id) ?? 0) + resendMs) return;
    const { client, SendMessageCommand } = await this.#client();
    await client.send(new SendMessageCommand(message)).catch(notAsked);
    this.#sent.set(id, now);
  }

  #hopeless(groupid: string, { failure, reason, at, until }: FailureNote): PresenceError {
    const [tried, again] = [at, until].map((time) => new Date(time).toISOString());
    return new PresenceError(
      passes(failure) ? 'unavailable' : 'authorization',
      `group ${groupid} gets no token (${failure}): ${reason}; tried at ${tried}, to be tried again from ${again}`,
      { retryAfterSeconds: Math.ceil((until - this.#clock.now()) / 1_000) },
    );
  }
}

/** Only a function that has to ask loads the client. */
async function openClient(): Promise<
  { client: SQSClient } & Pick<typeof import('@aws-sdk/client-sqs'), 'SendMessageCommand'>
> {
  const { SQSClient, SendMessageCommand } = await import('@aws-sdk/client-sqs');
  const client = new SQSClient({
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
  });
  return { client, SendMessageCommand };
}

function notAsked(cause: unknown): never {
  const name = cause instanceof Error ? cause.name : 'unknown error';
  throw new PresenceError('unavailable', `a new token could not be asked for: ${name}`, { cause });
}
