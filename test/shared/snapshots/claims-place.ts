import * as dynamo from '@aws-sdk/client-dynamodb';
import { type SlotClaim, type SlotHold, SnapshotClaims } from '../../../shared/snapshots/claims.ts';
import { type AwsCall, type AwsGate, type Fate, startAwsGate } from '../../support/aws-gate.ts';
import { type TestClock, testClock } from '../../support/clock.ts';
import { startSignalStore } from '../../support/signal-store.ts';

export interface ClaimsPlace extends AsyncDisposable {
  readonly clock: TestClock;
  /** Before the table. */
  readonly gate: AwsGate<AwsCall>;
  /** As one more worker has it. */
  claims(): SnapshotClaims;
  /** The next write of this kind is carried out, and its answer is lost: the client repeats it. */
  loseAnAnswer(operation: string): void;
  /** Writes an item past the claims. */
  put(item: Record<string, dynamo.AttributeValue>): Promise<void>;
  read(groupid: string, sk: string): Promise<Record<string, dynamo.AttributeValue> | undefined>;
}

/** The table, for any number of workers. */
export async function openClaimsPlace(): Promise<ClaimsPlace> {
  const store = await startSignalStore();
  const gate = await startAwsGate(store.endpoints.dynamodb, (call) => call);
  const clock = testClock();
  const client = new dynamo.DynamoDBClient({
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    endpoint: gate.url,
  });
  const TableName = store.table;
  return {
    clock,
    gate,
    claims: () => new SnapshotClaims({ table: TableName, clock, open: () => ({ ...dynamo, client }) }),
    loseAnAnswer(operation) {
      let fate: Fate = 'unanswered';
      gate.fateOf = (call) => {
        if (call.operation !== operation) return undefined;
        const now = fate;
        fate = undefined;
        return now;
      };
    },
    async put(Item) {
      await client.send(new dynamo.PutItemCommand({ TableName, Item }));
    },
    async read(groupid, sk) {
      const Key = { pk: { S: `snapshot#${groupid}` }, sk: { S: sk } };
      return (await client.send(new dynamo.GetItemCommand({ TableName, Key }))).Item;
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await gate[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

export function holdOf(claim: SlotClaim): SlotHold {
  if (!('hold' in claim)) throw new Error(`it is ${claim.outcome}`);
  return claim.hold;
}
