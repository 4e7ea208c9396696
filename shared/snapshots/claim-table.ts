import { type Clock, systemClock } from '../runtime/clock.ts';
import {
  attributeOf,
  type Dynamo,
  happened,
  type Item,
  isConditionFailure,
  itemOf,
  valuesOf,
} from '../runtime/dynamo.ts';
import { once } from '../runtime/once.ts';
import {
  type ClaimRecord,
  cursorKey,
  groupKey,
  readClaim,
  type SlotStatus,
  slotKey,
} from './claim-record.ts';
import { type Slot, slotAt, slotName } from './slot.ts';

export interface ClaimTableOptions {
  /** Name of the table. */
  readonly table: string;
  readonly clock?: Pick<Clock, 'now'>;
  readonly open: () => Dynamo | Promise<Dynamo>;
}

/** What is to become of the record of a slot, if it is as it must be. */
export interface ClaimChange {
  readonly from: readonly SlotStatus[];
  /** In DynamoDB's words, with these values. */
  readonly where: string;
  readonly values: Readonly<Record<string, string | number>>;
  readonly set?: Readonly<Record<string, string | number>>;
  readonly remove?: readonly string[];
}

/** Usually the slot right before is whole; after an outage, the newest one may stand behind thousands that are not. */
const pageSizes = { first: 4, most: 1_000 } as const;

/**
 * The items of slots and cursors in the table of the signals. What is past its time is as good as gone, whether DynamoDB
 * has removed it yet or not. All methods reject as the client does.
 */
export class ClaimTable {
  readonly #table: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #dynamo: () => Promise<Dynamo>;

  constructor({ table, clock = systemClock, open }: ClaimTableOptions) {
    this.#table = table;
    this.#clock = clock;
    this.#dynamo = once(open);
  }

  async read(groupid: string, slot: Slot): Promise<ClaimRecord | undefined> {
    const item = await this.#get(slotKey(groupid, slot));
    const claim = item && readClaim(item);
    return claim && claim.ttl >= this.#seconds() ? claim : undefined;
  }

  /** False where there is one already. */
  async add(item: Item): Promise<boolean> {
    return await this.#put(item, {
      where: 'attribute_not_exists(pk) OR #ttl < :now',
      names: { '#ttl': 'ttl' },
      values: { ':now': this.#seconds() },
    });
  }

  /** The record afterwards; nothing where it is not as it must be, or is gone. */
  async change(
    groupid: string,
    slot: Slot,
    { from, where, values, set = {}, remove = [] }: ClaimChange,
  ): Promise<ClaimRecord | undefined> {
    const { client, UpdateItemCommand } = await this.#dynamo();
    const sets = Object.keys(set).map((name) => `#${name} = :set_${name}`);
    const expression = [
      sets.length > 0 && `SET ${sets.join(', ')}`,
      remove.length > 0 && `REMOVE ${remove.map((name) => `#${name}`).join(', ')}`,
    ];
    const names = [...Object.keys(set), ...remove, 'status', 'ttl'];
    const statuses = from.map((status, at) => [`:status${at}`, status] as const);
    const write = new UpdateItemCommand({
      TableName: this.#table,
      Key: slotKey(groupid, slot),
      UpdateExpression: expression.filter(Boolean).join(' '),
      ConditionExpression: `#ttl >= :seconds AND #status IN (${statuses.map(([name]) => name).join(', ')}) AND (${where})`,
      ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: itemOf({
        ...Object.fromEntries(Object.entries(set).map(([name, value]) => [`:set_${name}`, value])),
        ...Object.fromEntries(statuses),
        ...values,
        ':seconds': this.#seconds(),
      }),
      ReturnValues: 'ALL_NEW',
    });
    try {
      const { Attributes } = await client.send(write);
      return Attributes && readClaim(Attributes as Item); // text and numbers
    } catch (error) {
      if (isConditionFailure(error)) return undefined;
      throw error;
    }
  }

  /** The newest slot before this one that is done. */
  async newestDone(groupid: string, before: Slot): Promise<Slot | undefined> {
    const { client, QueryCommand } = await this.#dynamo();
    let from: Item | undefined;
    let size: number = pageSizes.first;
    do {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: this.#table,
          KeyConditionExpression: 'pk = :group AND sk < :before',
          FilterExpression: '#status = :done AND #ttl >= :now',
          ExpressionAttributeNames: { '#status': 'status', '#ttl': 'ttl' },
          ExpressionAttributeValues: itemOf({
            ':group': groupKey(groupid),
            ':before': slotName(before),
            ':done': 'done' satisfies SlotStatus,
            ':now': this.#seconds(),
          }),
          ScanIndexForward: false,
          ConsistentRead: true,
          Limit: size,
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      if (Items[0]) return slotIn(Items[0]);
      from = LastEvaluatedKey as Item | undefined; // keys are text and numbers
      size = Math.min(size * 4, pageSizes.most);
    } while (from);
    return undefined;
  }

  async cursor(groupid: string): Promise<Slot | undefined> {
    const item = await this.#get(cursorKey(groupid));
    return item && slotIn(item);
  }

  /** False where it is at neither of these slots. */
  async moveCursor(groupid: string, from: Slot | undefined, to: Slot): Promise<boolean> {
    return await this.#put(
      { ...cursorKey(groupid), slot: attributeOf(to) },
      {
        where: `${from === undefined ? 'attribute_not_exists(pk)' : '#slot = :from'} OR #slot = :to`,
        names: { '#slot': 'slot' },
        values: { ':from': from, ':to': to },
      },
    );
  }

  async #get(Key: Item): Promise<Item | undefined> {
    const { client, GetItemCommand } = await this.#dynamo();
    const { Item } = await client.send(
      new GetItemCommand({ TableName: this.#table, Key, ConsistentRead: true }),
    );
    return Item as Item | undefined; // text and numbers
  }

  async #put(
    item: Item,
    {
      where,
      names,
      values,
    }: { where: string; names: Record<string, string>; values: Parameters<typeof itemOf>[0] },
  ): Promise<boolean> {
    const { client, PutItemCommand } = await this.#dynamo();
    const write = new PutItemCommand({
      TableName: this.#table,
      Item: item,
      ConditionExpression: where,
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: itemOf(values),
    });
    return await happened(client.send(write));
  }

  /** As `ttl` has them. */
  #seconds(): number {
    return Math.floor(this.#clock.now() / 1_000);
  }
}

function slotIn(item: Parameters<typeof valuesOf>[0]): Slot {
  return slotAt(Number(valuesOf(item).slot));
}
