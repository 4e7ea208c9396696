import { EventBus } from '../runtime/bus.ts';
import { type DynamoModule, dynamoOf } from '../runtime/dynamo.ts';
import { type EventBridgeModule, eventBridgeOf } from '../runtime/eventbridge.ts';
import { once } from '../runtime/once.ts';
import { Counters } from './counters.ts';
import { Lines } from './line.ts';
import { DeadLetters, SignalQueue, type SqsModule, sqsOf } from './queue.ts';
import { SignalTable } from './table.ts';

interface SignalSettings {
  readonly RELAY_SIGNAL_QUEUE: string;
  readonly RELAY_DEAD_LETTERS: string;
  readonly RELAY_SIGNAL_TABLE: string;
  readonly RELAY_BUS: string;
}

interface Clients {
  readonly sqs: SqsModule;
  readonly dynamodb: DynamoModule;
  readonly eventbridge: EventBridgeModule;
}

/** What a delivery works with, made once per cold start: one client for each service. */
export function openSignals(settings: SignalSettings, clients: Clients) {
  const { RELAY_SIGNAL_QUEUE, RELAY_DEAD_LETTERS, RELAY_SIGNAL_TABLE: table, RELAY_BUS: bus } = settings;
  const openQueue = once(() => sqsOf(clients.sqs));
  const open = once(() => dynamoOf(clients.dynamodb));
  const queue = new SignalQueue({ url: RELAY_SIGNAL_QUEUE, open: openQueue });
  return {
    queue,
    deadLetters: new DeadLetters({ url: RELAY_DEAD_LETTERS, open: openQueue }),
    table: new SignalTable({ table, open }),
    lines: new Lines({ table, queue, open }),
    counters: new Counters({ table, open }),
    bus: new EventBus({ bus, open: () => eventBridgeOf(clients.eventbridge) }),
  };
}
