import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { attributeOf, type Dynamo, happened, itemOf } from '../runtime/dynamo.ts';
import { parseExactly } from '../runtime/exact-json.ts';
import { once } from '../runtime/once.ts';
import { entryKey, lookKey, type Person, partition } from './line-keys.ts';
import type { SignalQueue } from './queue.ts';
import type { Look } from './queue-message.ts';
import { type Signal, signal as signalSchema } from './signal.ts';

export interface LinesOptions {
  readonly table: string;
  readonly queue: SignalQueue;
  readonly clock?: Pick<Clock, 'now'>;
  readonly open: () => Dynamo | Promise<Dynamo>;
}

type Addressee = Pick<Look, 'groupid' | 'visitorid'>;

/** The signals that wait for a visitor, in the order in which they were accepted, and the look that comes next. */
export interface Line {
  readonly signals: readonly Signal[];
  readonly look: NextLook | undefined;
}

interface NextLook {
  /** Its name: any other one is over. */
  readonly line: string;
  /** Milliseconds since 1970. */
  readonly nextAt: number;
  /** How many signals have relied on it. */
  readonly joins: number;
}

type Before = Pick<NextLook, 'line' | 'joins'>;

/** SQS delays no message for longer. */
const longestMs = 900_000;
/** A look that is so late has been lost. */
const lostMs = 90_000;
/** Whoever has just begun to wait is looked for after so long. */
const soonMs = 2_000;
const mostTries = 10;

/**
 * The visitors for whom signals wait. However many wait for one, there is one message in the queue that says when to look
 * for the visitor next. Its name stands in the table, so that a copy of it, or one that was overtaken, does nothing. Each
 * look is announced before the table names it: a worker that dies in between leaves the one before in force.
 */
export class Lines {
  readonly #table: string;
  readonly #queue: SignalQueue;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #dynamo: () => Promise<Dynamo>;

  constructor({ table, queue, clock = systemClock, open }: LinesOptions) {
    this.#table = table;
    this.#queue = queue;
    this.#clock = clock;
    this.#dynamo = once(open);
  }

  async read(person: Person): Promise<Line> {
    const { client, QueryCommand } = await this.#dynamo();
    const signals: Signal[] = [];
    let look: NextLook | undefined;
    let from: Record<string, { S: string }> | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: this.#table,
          ConsistentRead: true,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': { S: partition(person) } },
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      for (const item of Items) {
        if (item.signal?.S !== undefined) signals.push(signalSchema.parse(parseExactly(item.signal.S)));
        else
          look = { line: item.line?.S ?? '', nextAt: Number(item.nextAt?.N), joins: Number(item.joins?.N) };
      }
      from = LastEvaluatedKey as typeof from; // the keys of the table are text
    } while (from);
    return { signals, look };
  }

  /** Has the signal wait, last in the line, and sees to it that its visitor is looked for: at once, or soon. */
  async join(signal: Signal, { atOnce = false } = {}): Promise<void> {
    const { client, PutItemCommand } = await this.#dynamo();
    await client.send(
      new PutItemCommand({
        TableName: this.#table,
        Item: {
          ...entryKey(signal),
          ...itemOf({ signal: JSON.stringify(signal), ttl: Math.ceil(signal.expiresAt / 1_000) + 86_400 }),
        },
      }),
    );
    await this.#lookWithin(signal, atOnce ? 0 : soonMs);
  }

  /** It waits no longer. */
  async leave(signal: Signal): Promise<void> {
    const { client, DeleteItemCommand } = await this.#dynamo();
    await client.send(new DeleteItemCommand({ TableName: this.#table, Key: entryKey(signal) }));
  }

  /**
   * Whether this look is the one that goes on: `ours`, or `over`. `named`: it may have become that only now, so the line
   * has to be read anew.
   */
  async begin(look: Look, next: NextLook | undefined): Promise<'ours' | 'named' | 'over'> {
    if (next?.line === look.line) return 'ours';
    if (next?.line !== look.after) return 'over';
    // It came before the table could name it, or its announcer has died. Whether this has named it, or somebody else, or
    // the client's first try whose answer was missed, only the table knows.
    await this.#name(look, next, this.#clock.now());
    return 'named';
  }

  /** Looks again after so long; soon, where somebody has joined since the line was read. */
  async lookAgain(look: Look, joins: number, delayMs: number): Promise<void> {
    const before = { line: look.line, joins };
    if (await this.#announce(look, before, delayMs, { unlessJoined: true })) return;
    const { look: next } = await this.read(look);
    if (next?.line === look.line) await this.#announce(look, next, Math.min(delayMs, soonMs));
  }

  /** Nobody waits any longer. False where somebody has joined since the line was read. */
  async close(look: Look, joins: number): Promise<boolean> {
    const { client, DeleteItemCommand } = await this.#dynamo();
    const command = new DeleteItemCommand({
      TableName: this.#table,
      Key: lookKey(look),
      ConditionExpression: 'line = :line AND joins = :joins',
      ExpressionAttributeValues: { ':line': { S: look.line }, ':joins': attributeOf(joins) },
    });
    return await happened(client.send(command));
  }

  async #lookWithin(person: Addressee, delayMs: number): Promise<void> {
    for (let tries = 1; tries <= mostTries; tries++) {
      const { look: next } = await this.read(person);
      const now = this.#clock.now();
      const isSoon = next && next.nextAt <= now + delayMs + 500 && now <= next.nextAt + lostMs;
      const done = isSoon ? await this.#rely(person, next) : await this.#announce(person, next, delayMs);
      if (done) return;
    }
    throw new Error('the line of a visitor changes too fast');
  }

  async #rely(person: Person, { line }: NextLook): Promise<boolean> {
    const { client, UpdateItemCommand } = await this.#dynamo();
    const command = new UpdateItemCommand({
      TableName: this.#table,
      Key: lookKey(person),
      UpdateExpression: 'ADD joins :one',
      ConditionExpression: 'line = :line',
      ExpressionAttributeValues: { ':one': { N: '1' }, ':line': { S: line } },
    });
    return await happened(client.send(command));
  }

  async #announce(
    { groupid, visitorid }: Addressee,
    before: Before | undefined,
    delayMs: number,
    only: { readonly unlessJoined?: true } = {},
  ): Promise<boolean> {
    const delay = Math.min(delayMs, longestMs);
    const look: Look = {
      groupid,
      visitorid,
      line: randomUUID(),
      ...(before && { after: before.line }),
    };
    await this.#queue.look(look, Math.round(delay / 1_000));
    return await this.#name(look, before, this.#clock.now() + delay, only);
  }

  async #name(
    look: Look,
    before: Before | undefined,
    nextAt: number,
    { unlessJoined = false } = {},
  ): Promise<boolean> {
    const { client, PutItemCommand } = await this.#dynamo();
    const ttl = Math.ceil(nextAt / 1_000) + 7 * 86_400;
    const command = new PutItemCommand({
      TableName: this.#table,
      Item: {
        ...lookKey(look),
        ...itemOf({ line: look.line, nextAt, ttl, joins: (before?.joins ?? 0) + 1 }),
      },
      ...(before
        ? {
            ConditionExpression: unlessJoined ? 'line = :before AND joins = :joins' : 'line = :before',
            ExpressionAttributeValues: {
              ':before': { S: before.line },
              ...(unlessJoined && { ':joins': attributeOf(before.joins) }),
            },
          }
        : { ConditionExpression: 'attribute_not_exists(pk)' }),
    });
    return await happened(client.send(command));
  }
}
