import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as eventbridge from '@aws-sdk/client-eventbridge';
import * as s3 from '@aws-sdk/client-s3';
import { EventBus } from '../../../shared/runtime/bus.ts';
import { deadlineIn } from '../../../shared/runtime/deadline.ts';
import { SnapshotBucket } from '../../../shared/snapshots/bucket.ts';
import { SnapshotClaims } from '../../../shared/snapshots/claims.ts';
import { manifestKey, snapshotKey } from '../../../shared/snapshots/keys.ts';
import { SnapshotLog } from '../../../shared/snapshots/log.ts';
import { type Manifest, readManifest } from '../../../shared/snapshots/manifest.ts';
import type { SnapshotPlan } from '../../../shared/snapshots/plan.ts';
import type { SnapshotOutcome } from '../../../shared/snapshots/run.ts';
import { type Slot, slotAt } from '../../../shared/snapshots/slot.ts';
import { takeSnapshot } from '../../../shared/snapshots/take.ts';
import { startBusServer } from '../../support/bus.ts';
import { type TestClock, testClock } from '../../support/clock.ts';
import { type GatedRequest, type GateFate, startHttpGate } from '../../support/http-gate.ts';
import { group, startPair } from '../../support/presence-pair.ts';
import { json, type Reply } from '../../support/presence-server.ts';
import { type SnapshotStore, startSnapshotStore } from '../../support/snapshot-store.ts';

/** The slot of minute 0 of the tests. */
const noon = slotAt(Date.UTC(2026, 10, 22, 12));

export function minute(number: number): Slot {
  return slotAt(noon + number * 60_000);
}

/** An event as it stood on the bus. */
interface Told {
  readonly type: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** A site with visitors, and what takes snapshots of it. One a minute unless a plan says otherwise. */
export interface Site extends AsyncDisposable {
  /** What time it is for whoever takes them. */
  readonly clock: TestClock;
  readonly store: SnapshotStore;
  /** Each event once, by its id, in the order of their first coming. */
  readonly events: readonly Told[];
  /** What it was told, repeats too. */
  readonly told: readonly Told[];
  readonly log: readonly Readonly<Record<string, unknown>>[];
  /** These are there from now on. */
  visitors(...ids: readonly string[]): void;
  /** From now on, `/query` answers so. */
  reply: Reply;
  /** How often it was asked. */
  readonly asked: number;
  /** At its time, unless the clock is later already. */
  take(slot: Slot, options?: TakeOptions): Promise<SnapshotOutcome>;
  manifest(slot: Slot): Promise<Manifest>;
  /** What is known of a slot that somebody works on. */
  progress(slot: Slot): ReturnType<SnapshotClaims['progress']>;
  /** The ids of a snapshot. */
  idsIn(slot: Slot): Promise<(string | undefined)[]>;
}

interface TakeOptions {
  readonly plan?: Partial<SnapshotPlan>;
  /** What becomes of the calls to S3, DynamoDB and EventBridge, which are numbered together from 1. */
  readonly fateOf?: (request: GatedRequest & { readonly service: Service }, number: number) => GateFate;
  readonly partBytes?: number;
  /** How much time there is for it. */
  readonly timeMs?: number;
  /** Before its time, where the clock says so. */
  readonly isEarly?: boolean;
}

type Service = 's3' | 'dynamodb' | 'eventbridge';

export async function openSite(): Promise<Site> {
  const opened = new AsyncDisposableStack();
  const store = opened.use(await startSnapshotStore());
  const clock = testClock(noon);
  const log: Record<string, unknown>[] = [];
  const bus = opened.use(await startBusServer());
  const pair = opened.use(
    await startPair({ balancer: { '/query': (response, request) => site.reply(response, request) } }),
  );

  async function take(slot: Slot, options: TakeOptions = {}): Promise<SnapshotOutcome> {
    if (!options.isEarly) clock.time = Math.max(clock.time, slot);
    await using services = await openServices(
      { ...store.endpoints, eventbridge: bus.url },
      store,
      clock,
      options,
    );
    const write = (line: string) => void log.push(JSON.parse(line));
    const dependencies = {
      presence: pair.client,
      ...services,
      log: new SnapshotLog('request-1', { write }),
      clock,
    };
    const plan = { groupid: group, periodSeconds: 60, fields: 'all', leftAfter: 2, mostEvents: 100 } as const;
    return await takeSnapshot(
      slot,
      { ...plan, ...options.plan },
      dependencies,
      deadlineIn(options.timeMs ?? 60_000),
    );
  }

  const site: Site = {
    clock,
    store,
    get told() {
      return bus.taken.map(({ DetailType: type, Detail }) => ({ type, detail: JSON.parse(Detail) }));
    },
    log,
    get events() {
      return [...new Map(site.told.toReversed().map((one) => [one.detail.id, one])).values()].toReversed();
    },
    reply: json([]),
    get asked() {
      return pair.balancer.at('/query').length;
    },
    visitors(...ids) {
      site.reply = json({ visitors: ids.map((visitorid) => ({ visitorid, url: 'https://shop.example/' })) });
    },
    take,
    manifest: async (slot) => readManifest((await store.bytes(manifestKey(group, slot))).toString()),
    async progress(slot) {
      await using services = await openServices(
        { ...store.endpoints, eventbridge: bus.url },
        store,
        clock,
        {},
      );
      return await services.claims.progress(group, slot);
    },
    idsIn: async (slot) => {
      const lines = await store.lines(snapshotKey(group, slot));
      return lines.map((line) => (JSON.parse(line) as { visitorid?: string }).visitorid);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
  return site;
}

/** The clients of one worker. With a fate for its calls, each is made once. */
async function openServices(
  endpoints: Readonly<Record<Service, string>>,
  { bucket, table }: SnapshotStore,
  clock: TestClock,
  { fateOf, partBytes }: TakeOptions,
) {
  const opened = new AsyncDisposableStack();
  let calls = 0;
  const gated = async (service: Service) => {
    if (!fateOf) return endpoints[service];
    const fate = (request: GatedRequest) => fateOf({ ...request, service }, ++calls);
    return opened.use(await startHttpGate(endpoints[service], fate)).url;
  };
  const optionsOf = async (service: Service) => ({
    endpoint: await gated(service),
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: fateOf ? 1 : 3,
  });
  const adopt = <C extends { destroy(): void }>(client: C) => opened.adopt(client, (it) => it.destroy());
  const inS3 = { ...s3, client: adopt(new s3.S3Client(await optionsOf('s3'))) };
  const inTable = { ...dynamodb, client: adopt(new dynamodb.DynamoDBClient(await optionsOf('dynamodb'))) };
  const onBus = {
    ...eventbridge,
    client: adopt(new eventbridge.EventBridgeClient(await optionsOf('eventbridge'))),
  };
  return {
    bucket: new SnapshotBucket({ bucket, open: () => inS3, ...(partBytes && { partBytes }) }),
    claims: new SnapshotClaims({ table, clock, open: () => inTable }),
    bus: new EventBus({ bus: 'test', open: () => onBus }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
