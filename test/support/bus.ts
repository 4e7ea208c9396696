import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import * as events from '@aws-sdk/client-eventbridge';
import type { EventBridge } from '../../shared/runtime/eventbridge.ts';
import { listen } from './presence-server.ts';

interface Entry {
  readonly EventBusName: string;
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
  /** Unix seconds. */
  readonly Time: number;
}

/** What becomes of a call: an error of the whole, nobody answers, it breaks before or after it is carried out. */
type CallFate =
  | { readonly status: number; readonly error: string }
  | 'silent'
  | 'unreached'
  | 'unanswered'
  | undefined;

export interface BusServer extends AsyncDisposable {
  readonly url: string;
  /** Every call until now, with its entries. */
  readonly calls: readonly (readonly Entry[])[];
  /** What was taken, in order. */
  readonly taken: Entry[];
  /** The details of it, read. */
  readonly details: () => readonly Record<string, unknown>[];
  /** Everything is taken, until a test says otherwise. */
  fateOf: (entries: readonly Entry[], call: number) => CallFate;
  /** The error of an entry; nothing: it is taken. */
  errorOf: (entry: Entry, call: number) => string | undefined;
  /** The unmodified client of EventBridge. */
  readonly open: () => EventBridge;
}

/** A bus that fails as tests have it. */
export async function startBusServer(): Promise<BusServer> {
  const calls: Entry[][] = [];
  const taken: Entry[] = [];
  const clients: events.EventBridgeClient[] = [];

  const server = createServer(async (request, response) => {
    const { Entries } = (await json(request)) as { Entries: Entry[] }; // as the client writes it
    calls.push(Entries);
    const fate = bus.fateOf(Entries, calls.length);
    const headers = { 'content-type': 'application/x-amz-json-1.1' };
    if (fate === 'silent') return;
    if (fate === 'unreached') return void request.socket.destroy();
    if (typeof fate === 'object')
      return void response.writeHead(fate.status, headers).end(JSON.stringify({ __type: fate.error }));
    const results = Entries.map((entry) => {
      const ErrorCode = bus.errorOf(entry, calls.length);
      if (ErrorCode === undefined) taken.push(entry);
      return ErrorCode === undefined ? { EventId: randomUUID() } : { ErrorCode, ErrorMessage: 'as told' };
    });
    if (fate === 'unanswered') return void request.socket.destroy();
    const FailedEntryCount = results.filter((one) => 'ErrorCode' in one).length;
    response.writeHead(200, headers).end(JSON.stringify({ FailedEntryCount, Entries: results }));
  });
  const url = `http://127.0.0.1:${await listen(server)}`;

  const bus: BusServer = {
    url,
    calls,
    taken,
    details: () => taken.map(({ Detail }) => JSON.parse(Detail)),
    fateOf: () => undefined,
    errorOf: () => undefined,
    open: () => {
      const client = new events.EventBridgeClient({
        endpoint: url,
        region: 'local',
        credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
        maxAttempts: 1,
      });
      clients.push(client);
      return { ...events, client };
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return bus;
}
