import * as dynamo from '@aws-sdk/client-dynamodb';
import * as sqs from '@aws-sdk/client-sqs';
import { PresenceClient } from '../../../shared/presence/client.ts';
import { Transport } from '../../../shared/presence/transport.ts';
import { EventBus } from '../../../shared/runtime/bus.ts';
import type { Dynamo } from '../../../shared/runtime/dynamo.ts';
import { Counters } from '../../../shared/signals/counters.ts';
import { Delivery } from '../../../shared/signals/delivery.ts';
import { SignalEvents } from '../../../shared/signals/events.ts';
import { Lines } from '../../../shared/signals/line.ts';
import { SignalLog } from '../../../shared/signals/log.ts';
import { DeadLetters, SignalQueue, type Sqs } from '../../../shared/signals/queue.ts';
import { SignalTable } from '../../../shared/signals/table.ts';
import { type AwsCall, type AwsGate, startAwsGate } from '../../support/aws-gate.ts';
import { type BusServer, startBusServer } from '../../support/bus.ts';
import { type TestClock, testClock } from '../../support/clock.ts';
import { group } from '../../support/presence-pair.ts';
import {
  foundAt,
  json,
  notFound,
  type PresenceServer,
  type Reply,
  startPresenceServer,
} from '../../support/presence-server.ts';
import { type SignalStore, startSignalStore } from '../../support/signal-store.ts';
import { jwt, tokensInTurn } from '../../support/tokens.ts';

/** Stands between a worker and everything it calls. */
export type Between = <T>(what: string, call: () => Promise<T>) => Promise<T>;

const letThrough: Between = (_, call) => call();

interface WorkerOptions {
  readonly clock?: TestClock;
  readonly leaseMs?: number;
  readonly perVisitor?: number;
  readonly findsPerSecond?: number;
  readonly between?: Between;
}

export interface Worker {
  readonly delivery: Delivery;
  readonly table: SignalTable;
  readonly lines: Lines;
  readonly counters: Counters;
  readonly queue: SignalQueue;
  readonly events: SignalEvents;
}

export interface Place extends AsyncDisposable {
  readonly store: SignalStore;
  /** Before the table and the queues. */
  readonly tableGate: AwsGate<AwsCall>;
  readonly queueGate: AwsGate<AwsCall>;
  /** Where it is told how signals end. */
  readonly bus: BusServer;
  readonly clock: TestClock;
  /** Who is there; the group is always the same. */
  readonly present: Set<string>;
  /** What reached the visitors, in order. */
  readonly received: { readonly visitorid: string; readonly data: unknown }[];
  /** How often a visitor was asked for. */
  readonly finds: () => number;
  /** In place of what the Presence service answers to a find, or to a signal, if it gives something. */
  replies: {
    find?: (visitorid: string) => Reply | undefined;
    signal?: (visitorid: string) => Reply | undefined;
  };
  /** Everything that the workers have logged. */
  readonly log: string[];
  worker(options?: WorkerOptions): Worker;
}

export const token = jwt({ secret: 'token-of-the-group' });
const limits = { headersMs: 2_000 };
const local = { region: 'local', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };

/** A table, queues and a Presence service, for any number of workers. */
export async function openPlace(): Promise<Place> {
  const store = await startSignalStore();
  const tableGate = await startAwsGate(store.endpoints.dynamodb, (call) => call);
  const queueGate = await startAwsGate(store.endpoints.sqs, (call) => call);
  const bus = await startBusServer();
  const eventBridge = bus.open();
  const present = new Set<string>();
  const received: { visitorid: string; data: unknown }[] = [];
  const logged: string[] = [];
  const clock = testClock(Date.now());

  const direct = await startPresenceServer({
    '/signalvisitor': (response, request) => {
      const visitorid = visitorOf(request.url);
      const take: Reply = (...all) => {
        if (!present.has(visitorid)) return json({ err: 'visitornotpresent' }, { status: 404 })(...all);
        received.push({ visitorid, data: JSON.parse(request.body).data });
        return json({})(...all);
      };
      return (place.replies.signal?.(visitorid) ?? take)(response, request);
    },
  });
  const balancer: PresenceServer = await startPresenceServer({
    '/findvisitor': (response, request) => {
      const visitorid = visitorOf(request.url);
      const answer = present.has(visitorid) ? foundAt(direct.port) : notFound;
      return (place.replies.find?.(visitorid) ?? answer)(response, request);
    },
  });

  const tableClient = new dynamo.DynamoDBClient({ ...local, endpoint: tableGate.url });
  const queueClient = new sqs.SQSClient({ ...local, endpoint: queueGate.url });
  const at = ({ url }: { url: string }) => url.replace(store.endpoints.sqs, queueGate.url);

  const worker = ({
    clock: own = clock,
    leaseMs = 35_000,
    perVisitor = 10,
    findsPerSecond = 20,
    between = letThrough,
  }: WorkerOptions = {}): Worker => {
    const openTable = () => ({ ...dynamo, client: held(tableClient, between) });
    const openQueue = (): Sqs => ({ ...sqs, client: held(queueClient, between) });
    const table = new SignalTable({ table: store.table, clock: own, leaseMs, open: openTable });
    const queue = new SignalQueue({ url: at(store.queue), open: openQueue });
    const lines = new Lines({ table: store.table, queue, clock: own, open: openTable });
    const counters = new Counters({ table: store.table, clock: own, open: openTable });
    const presence = new PresenceClient({
      groups: new Map([[group, { presence: balancer.address, directServers: [] }]]),
      tokens: tokensInTurn(token),
      transport: new HeldTransport(between),
      clock: { now: own.now, sleep: () => Promise.resolve() },
    });
    const log = new SignalLog('request', { write: (line) => logged.push(line), now: own.now });
    const events = new SignalEvents({
      bus: new EventBus({ bus: 'presence-relay-local', open: () => eventBridge }),
      unsent: (count) => log.unsent(count),
    });
    const delivery = new Delivery({
      table,
      lines,
      counters,
      presence,
      deadLetters: new DeadLetters({ url: at(store.deadLetters), open: openQueue }),
      log,
      events,
      limits: { perVisitor, findsPerSecond },
      clock: own,
      random: () => 0.5,
    });
    return { delivery, table, lines, counters, queue, events };
  };

  const place: Place = {
    store,
    tableGate,
    queueGate,
    bus,
    clock,
    present,
    received,
    finds: () => balancer.at('/findvisitor').length,
    replies: {},
    log: logged,
    worker,
    async [Symbol.asyncDispose]() {
      tableClient.destroy();
      queueClient.destroy();
      await Promise.all(
        [direct, balancer, tableGate, queueGate, bus].map((one) => one[Symbol.asyncDispose]()),
      );
      await store[Symbol.asyncDispose]();
    },
  };
  return place;
}

function visitorOf(url: string): string {
  return new URL(url, 'http://presence').searchParams.get('visitorid') ?? '';
}

/** The client, with somebody between. */
function held<Client extends Dynamo['client'] | Sqs['client']>(client: Client, between: Between): Client {
  // biome-ignore lint/suspicious/noExplicitAny: the client's one method that is used here has an overload for each command
  const send = (command: any) => between(command.constructor.name, () => (client.send as any)(command));
  return new Proxy(client, { get: (target, name) => (name === 'send' ? send : Reflect.get(target, name)) });
}

class HeldTransport extends Transport {
  readonly #between: Between;

  constructor(between: Between) {
    super(limits);
    this.#between = between;
  }

  override exchange(...[request, deadline]: Parameters<Transport['exchange']>) {
    return this.#between(`${request.method} ${request.path.split('?')[0]}`, () =>
      super.exchange(request, deadline),
    );
  }
}
