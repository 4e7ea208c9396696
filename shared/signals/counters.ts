import { type Clock, systemClock } from '../runtime/clock.ts';
import { attributeOf, type Dynamo, happened } from '../runtime/dynamo.ts';
import { once } from '../runtime/once.ts';
import type { Signal } from './signal.ts';

export interface CountersOptions {
  readonly table: string;
  readonly clock?: Pick<Clock, 'now'>;
  readonly open: () => Dynamo | Promise<Dynamo>;
}

const minuteMs = 60_000;
/** Beyond as many tries as signals may be admitted: of two workers who count at once, one has to count again. */
const moreTries = 8;

/** What all workers together may do, counted in the table. All methods reject as the client does. */
export class Counters {
  readonly #table: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #dynamo: () => Promise<Dynamo>;

  constructor({ table, clock = systemClock, open }: CountersOptions) {
    this.#table = table;
    this.#clock = clock;
    this.#dynamo = once(open);
  }

  /**
   * Whether a visitor may get this signal, of at most so many in any minute. If so, it is counted: once, however often it
   * has to be tried, by its last try.
   */
  async admitSignal(
    { groupid, visitorid, id }: Pick<Signal, 'groupid' | 'visitorid' | 'id'>,
    most: number,
  ): Promise<boolean> {
    const { client, GetItemCommand, PutItemCommand } = await this.#dynamo();
    const key = { pk: { S: `person#${groupid}#${visitorid}` }, sk: { S: 'sent' } };
    for (let tries = 1; tries <= most + moreTries; tries++) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: this.#table, Key: key, ConsistentRead: true }),
      );
      const now = this.#clock.now();
      const others = (Item?.sent?.S ?? '').split(' ').filter((one) => {
        const [time, whose] = one.split(':');
        return whose !== id && Number(time) > now - minuteMs;
      });
      if (others.length >= most) return false;
      const version = Number(Item?.version?.N ?? 0);
      const write = new PutItemCommand({
        TableName: this.#table,
        Item: {
          ...key,
          sent: { S: [...others, `${now}:${id}`].join(' ') },
          version: attributeOf(version + 1),
          ttl: attributeOf(Math.ceil((now + 2 * minuteMs) / 1_000)),
        },
        ConditionExpression: 'attribute_not_exists(pk) OR version = :version',
        ExpressionAttributeValues: { ':version': attributeOf(version) },
      });
      if (await happened(client.send(write))) return true;
    }
    // So many at once are too many for a person, too.
    return false;
  }

  /** Whether the Presence service may be asked once more in this second for somebody of the group. If so, it is counted. */
  async admitFind(groupid: string, mostPerSecond: number): Promise<boolean> {
    const { client, UpdateItemCommand } = await this.#dynamo();
    const second = Math.floor(this.#clock.now() / 1_000);
    return await happened(
      client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: { pk: { S: `finds#${groupid}#${second}` }, sk: { S: 'count' } },
          UpdateExpression: 'SET #ttl = :ttl ADD finds :one',
          ConditionExpression: 'attribute_not_exists(finds) OR finds < :most',
          ExpressionAttributeNames: { '#ttl': 'ttl' },
          ExpressionAttributeValues: {
            ':one': { N: '1' },
            ':most': attributeOf(mostPerSecond),
            ':ttl': attributeOf(second + 60),
          },
        }),
      ),
    );
  }
}
