import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../runtime/clock.ts';
import {
  type Attribute,
  attributeOf,
  type Dynamo,
  happened,
  type Item,
  isConditionFailure,
} from '../runtime/dynamo.ts';
import { once } from '../runtime/once.ts';
import { leaseSeconds } from './limits.ts';
import { entryKey } from './line-keys.ts';
import { afterwardsMs, keptUntil, newItem, readRecord, recordKey, visitorKey } from './record.ts';
import {
  type Ending,
  isEnding,
  type Signal,
  type SignalId,
  type SignalReason,
  type SignalRecord,
} from './signal.ts';

export interface SignalTableOptions {
  /** Name of the table. */
  readonly table: string;
  readonly clock?: Pick<Clock, 'now'>;
  /** How long a claim holds. */
  readonly leaseMs?: number;
  readonly open: () => Dynamo | Promise<Dynamo>;
}

/**
 * - `claimed`: ours until the lease ends
 * - `ambiguous`: ours, but whoever was sending it is dead, and nobody knows whether it arrived
 * - `taken`: somebody else works on it
 * - `ended`: it has ended before
 */
export type Claim =
  | { readonly outcome: 'claimed' | 'ambiguous'; readonly record: SignalRecord; readonly hold: Hold }
  | { readonly outcome: 'taken' | 'ended'; readonly record: SignalRecord };

/** What whoever has claimed a signal may do with it. Once somebody else has it, nothing happens any more. */
export interface Hold {
  /** Right before the message leaves. False: it is not ours any more, or was cancelled: it must not leave. */
  sending(): Promise<boolean>;
  /** The record, if it says so now. */
  end(status: Ending, reason?: SignalReason): Promise<SignalRecord | undefined>;
  /** Nothing was sent: whoever comes may claim it at once. */
  release(reason?: SignalReason): Promise<void>;
  /** Likewise; it waits for its visitor. */
  wait(reason?: SignalReason): Promise<void>;
}

/**
 * The records of the signals, in DynamoDB: who works on which, and what became of it. Every write has a condition, so
 * however many workers meet in one signal, one has it. What is past its time is as good as gone, whether DynamoDB has
 * removed it yet or not. All methods reject as the client does.
 */
export class SignalTable {
  readonly #table: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #leaseMs: number;
  readonly #dynamo: () => Promise<Dynamo>;

  constructor({ table, clock = systemClock, leaseMs = leaseSeconds * 1_000, open }: SignalTableOptions) {
    this.#table = table;
    this.#clock = clock;
    this.#leaseMs = leaseMs;
    this.#dynamo = once(open);
  }

  /** As it is now; nothing where there is none. */
  async read(id: SignalId): Promise<SignalRecord | undefined> {
    return (await this.#read(id))?.record;
  }

  /** Puts down that a signal is taken on, unless that is known. Gives the record that is there. */
  async accept(signal: Signal): Promise<SignalRecord> {
    const item = newItem(signal, this.#clock.now());
    if (await this.#put(item, signal.acceptedAt)) return readRecord(item);
    return (await this.read(signal.id)) ?? (await this.accept(signal));
  }

  async claim(signal: Signal): Promise<Claim> {
    const holder = randomUUID();
    const leaseUntil = this.#clock.now() + this.#leaseMs;
    const lease = { holder: { S: holder }, leaseUntil: attributeOf(leaseUntil) };
    const item = { ...newItem(signal, this.#clock.now()), ...lease, attempts: { N: '1' } };
    if (await this.#put(item, signal.acceptedAt)) return this.#held('claimed', readRecord(item), holder);
    const free = await this.#take(signal.id, holder, ['accepted', 'waiting']);
    if (free) return this.#held('claimed', free, holder);
    const found = await this.#read(signal.id);
    // It went away meanwhile: its time was over.
    if (!found) return await this.claim(signal);
    const { record } = found;
    // The client repeats a write whose answer it has missed.
    if (found.holder === holder) return this.#held('claimed', record, holder);
    if (isEnding(record.status)) return { outcome: 'ended', record };
    const orphan = record.status === 'sending' && (await this.#take(signal.id, holder, ['sending']));
    return orphan ? this.#held('ambiguous', orphan, holder) : { outcome: 'taken', record };
  }

  /** Gives the record afterwards: `cancelled`, if it was neither on its way nor at its end. */
  async cancel(id: SignalId): Promise<SignalRecord | undefined> {
    const cancelled = await this.#update(id, {
      set: { status: 'cancelled', endedAt: this.#clock.now() },
      remove: ['leaseUntil', 'holder', 'reason'],
      where: '#status IN (:accepted, :waiting)',
      values: { ':accepted': 'accepted', ':waiting': 'waiting' },
    });
    const record = cancelled ?? (await this.read(id));
    if (record?.status === 'cancelled') await this.#leaveLine(record);
    return record;
  }

  /** One that failed, or that nobody came to deliver, may be delivered until then. Nothing where it is otherwise. */
  async reopen(id: SignalId, expiresAt: number): Promise<SignalRecord | undefined> {
    return await this.#update(id, {
      set: { status: 'accepted', expiresAt, ttl: keptUntil(expiresAt, this.#clock.now()) },
      remove: ['endedAt', 'reason', 'waitingSince'],
      where: '#status IN (:failed, :accepted)',
      values: { ':failed': 'failed', ':accepted': 'accepted' },
    });
  }

  /** All records of a person, the oldest first. */
  async *ofVisitor(groupid: string, visitorid: string): AsyncGenerator<SignalRecord, void> {
    const { client, QueryCommand } = await this.#dynamo();
    let from: Item | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: this.#table,
          IndexName: 'visitor',
          KeyConditionExpression: 'visitor = :visitor',
          ExpressionAttributeValues: { ':visitor': { S: visitorKey(groupid, visitorid) } },
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      yield* Items.map(readRecord);
      from = LastEvaluatedKey as Item | undefined; // keys are text and numbers
    } while (from);
  }

  /** Removes the record of a signal that has ended, if it is there; false where it has not. */
  async forget(id: SignalId): Promise<boolean> {
    const { client, DeleteItemCommand } = await this.#dynamo();
    return await happened(
      client.send(
        new DeleteItemCommand({
          TableName: this.#table,
          Key: recordKey(id),
          ConditionExpression: 'attribute_not_exists(pk) OR attribute_exists(endedAt)',
        }),
      ),
    );
  }

  /** Nobody has to look for its visitor any more. Where it stays, a look finds out in the end that it was cancelled. */
  async #leaveLine(record: SignalRecord): Promise<void> {
    const { client, DeleteItemCommand } = await this.#dynamo();
    const command = new DeleteItemCommand({ TableName: this.#table, Key: entryKey(record) });
    await client.send(command).catch(() => {});
  }

  async #read(id: SignalId): Promise<Found | undefined> {
    const { client, GetItemCommand } = await this.#dynamo();
    const { Item } = await client.send(
      new GetItemCommand({ TableName: this.#table, Key: recordKey(id), ConsistentRead: true }),
    );
    const isKept = Item && Number(Item.ttl?.N) >= this.#seconds();
    return isKept ? { record: readRecord(Item), holder: Item.holder?.S } : undefined;
  }

  #held(outcome: 'claimed' | 'ambiguous', record: SignalRecord, holder: string): Claim {
    const { id } = record;
    const ours = (change: Omit<Change, 'where'>, where = 'holder = :holder') =>
      this.#update(id, { ...change, where, values: { ...change.values, ':holder': holder } });
    const letGo = (set: Change['set']) => ours({ set, remove: ['leaseUntil', 'holder', 'sendingAt'] });
    const before = record.waitingSince === undefined ? 'accepted' : 'waiting';
    return {
      outcome,
      record,
      hold: {
        sending: async () => {
          const set = { status: 'sending', sendingAt: this.#clock.now() };
          return (await ours({ set, remove: ['reason'] })) !== undefined;
        },
        end: async (status, reason) => {
          const set = { status, endedAt: this.#clock.now(), ...(reason && { reason }) };
          const remove = ['leaseUntil', 'holder', ...(reason ? [] : ['reason'])];
          const values = { ':unknown': 'unknown', ':sending': 'sending' };
          // Whoever took it over could only guess.
          const where = 'holder = :holder OR #status = :unknown OR #status = :sending';
          const ended = await (status === 'sent'
            ? ours({ set, remove, values }, where)
            : ours({ set, remove }));
          if (ended) return ended;
          // The client repeats a write whose answer it has missed, and finds that it is done.
          const found = await this.read(id).catch(() => undefined);
          return found?.status === status ? found : undefined;
        },
        release: async (reason) => {
          await letGo({ status: before, ...(reason && { reason }) });
        },
        wait: async (reason) => {
          const waitingSince = record.waitingSince ?? this.#clock.now();
          await letGo({ status: 'waiting', waitingSince, ...(reason && { reason }) });
        },
      },
    };
  }

  /** Claims one in one of these states, that nobody works on. */
  async #take(id: SignalId, holder: string, statuses: readonly string[]): Promise<SignalRecord | undefined> {
    const now = this.#clock.now();
    const names = statuses.map((_, at) => `:status${at}`);
    return await this.#update(id, {
      set: { holder, leaseUntil: now + this.#leaseMs },
      add: { attempts: 1 },
      where: `#status IN (${names.join(', ')}) AND (attribute_not_exists(leaseUntil) OR leaseUntil <= :now)`,
      values: { ...Object.fromEntries(statuses.map((status, at) => [`:status${at}`, status])), ':now': now },
    });
  }

  /**
   * False where there is one already. When it came decides whether it is another one than the last of its id, not when it
   * is worked on: it may have stood in the queue. What came before the last one had ended is the same. One that nobody has
   * ended in time is over as well.
   */
  async #put(item: Item, acceptedAt: number): Promise<boolean> {
    const { client, PutItemCommand } = await this.#dynamo();
    return await happened(
      client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: item,
          ConditionExpression:
            'attribute_not_exists(pk) OR #ttl < :now OR (sameUntil < :at AND (endedAt < :at OR expiresAt < :before))',
          ExpressionAttributeNames: { '#ttl': 'ttl' },
          ExpressionAttributeValues: {
            ':now': attributeOf(this.#seconds()),
            ':at': attributeOf(acceptedAt),
            ':before': attributeOf(acceptedAt - afterwardsMs),
          },
        }),
      ),
    );
  }

  /** As `ttl` has them. */
  #seconds(): number {
    return Math.floor(this.#clock.now() / 1_000);
  }

  /** The record afterwards; nothing where the condition does not hold, or the record is gone. */
  async #update(
    id: SignalId,
    { set, add = {}, remove = [], where, values }: Change,
  ): Promise<SignalRecord | undefined> {
    const { client, UpdateItemCommand } = await this.#dynamo();
    const names = [...Object.keys(set), ...Object.keys(add), ...remove, 'status', 'ttl'];
    const sets = Object.keys(set).map((name) => `#${name} = :set_${name}`);
    const adds = Object.keys(add).map((name) => `#${name} :add_${name}`);
    const expression = [
      `SET ${sets.join(', ')}`,
      adds.length > 0 && `ADD ${adds.join(', ')}`,
      remove.length > 0 && `REMOVE ${remove.map((name) => `#${name}`).join(', ')}`,
    ];
    const given: Record<string, Attribute> = {
      ...prefixed(':set_', set),
      ...prefixed(':add_', add),
      ...prefixed('', values ?? {}),
      ':seconds': attributeOf(this.#seconds()),
    };
    try {
      const { Attributes } = await client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: recordKey(id),
          UpdateExpression: expression.filter(Boolean).join(' '),
          ConditionExpression: `#ttl >= :seconds AND (${where})`,
          ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
          ExpressionAttributeValues: given,
          ReturnValues: 'ALL_NEW',
        }),
      );
      return Attributes && readRecord(Attributes);
    } catch (error) {
      if (isConditionFailure(error)) return undefined;
      throw error;
    }
  }
}

interface Found {
  readonly record: SignalRecord;
  readonly holder: string | undefined;
}

interface Change {
  readonly set: Readonly<Record<string, string | number>>;
  readonly add?: Readonly<Record<string, number>>;
  readonly remove?: readonly string[];
  readonly where: string;
  readonly values?: Readonly<Record<string, string | number>>;
}

function prefixed(prefix: string, values: Readonly<Record<string, string | number>>): Item {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${prefix}${name}`, attributeOf(value)]),
  );
}
