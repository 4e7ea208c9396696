import type { SQSClient } from '@aws-sdk/client-sqs';
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

type Heard = Awaited<ReturnType<Renewal['ask']>>;

/** A request that was lost, or came too early, is made anew after so long; until then it is the same one. */
const slotMs = 60_000;
const mendedSlotMs = 5 * 60_000;

/**
 * The queue on which a function asks for a new token. It is a FIFO queue, deduplicated by group, version of the token,
 * the last time that its renewal failed, and the minute: however many instances ask, there is one renewal, and after one
 * that failed none before its time.
 */
export class RefreshQueue implements Renewal {
  readonly #options: RefreshQueueOptions;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #client = once(openClient);
  readonly #asking = new Map<string, Promise<Heard>>();
  /** The deduplication id of the last message of a group. */
  readonly #sent = new Map<string, string>();

  constructor(options: RefreshQueueOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  ask(groupid: string, version: string | undefined): Promise<Heard> {
    const key = `${groupid}.${version}`;
    const asking = this.#asking.get(key) ?? this.#ask(groupid, version);
    this.#asking.set(key, asking);
    const over = () => this.#asking.delete(key);
    asking.then(over, over);
    return asking;
  }

  async #ask(groupid: string, version: string | undefined): Promise<Heard> {
    const { secretOf, vault } = this.#options;
    const secret = secretOf(groupid);
    if (secret === undefined) return 'nobody';
    // Where it cannot be read, the renewal itself will keep to it.
    const left = await vault.note(secret).catch(() => undefined);
    const note = left?.version === version ? left : undefined;
    if (!note || this.#clock.now() >= note.until) {
      return await this.#send(groupid, version, `${note?.at ?? 0}.${this.#slot(slotMs)}`);
    }
    // Somebody may have mended it: the renewal knows whether the credentials are others, and does nothing if not.
    if (!passes(note.failure)) await this.#send(groupid, version, `mended.${this.#slot(mendedSlotMs)}`);
    throw this.#hopeless(groupid, note);
  }

  #slot(ms: number): number {
    return Math.floor(this.#clock.now() / ms);
  }

  /** The queue drops what it has got already; there is no need to send it that. */
  async #send(groupid: string, version: string | undefined, occasion: string): Promise<Heard> {
    const id = `${groupid}.${version ?? 'none'}.${occasion}`;
    if (this.#sent.get(groupid) === id) return 'asked';
    const { client, SendMessageCommand } = await this.#client();
    const message = {
      QueueUrl: this.#options.url,
      MessageBody: JSON.stringify({ groupid, because: 'asked', version }),
      MessageGroupId: groupid,
      MessageDeduplicationId: id,
    };
    try {
      await client.send(new SendMessageCommand(message));
    } catch {
      return 'unheard';
    }
    this.#sent.set(groupid, id);
    return 'asked';
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
