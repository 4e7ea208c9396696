import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { close, isLoopbackHost, listen } from '../http/loopback.ts';
import { busOf, bytesOf, type Entry, isSound, mostBytes, putInput, ruleEvent } from './entry.ts';
import { shown } from './shown.ts';

interface EventsOptions {
  readonly port: number;
  /** Name of the bus of the relay. */
  readonly bus: string;
  /** Receives a line for each event of that bus, and for each that nobody gets. */
  readonly log: (line: string) => void;
}

/** Who gets the events of partners. */
interface PartnerRule {
  /** Receives the events of these sources; all others go nowhere. */
  readonly target: (event: object) => Promise<void>;
  readonly sources: readonly string[];
}

export interface Events {
  /** For `AWS_ENDPOINT_URL_EVENTBRIDGE`. */
  readonly url: string;
  /** To be called once. Functions have to know the address, so it is there before them; events of partners wait. */
  serve(rule: PartnerRule): void;
  close(): Promise<void>;
}

/**
 * EventBridge on loopback as far as two rules go, over its wire protocol (AWS JSON 1.1). Of the bus of the relay, every
 * event is shown; what comes on other buses, by `PutPartnerEvents` as from partners of AWS such as Salesforce, or by
 * `PutEvents`, goes by its source alone. Signatures are not checked.
 */
export async function startEvents({ port, bus, log }: EventsOptions): Promise<Events> {
  const say = (line: string) => log(`events | ${line}`);
  const rule = Promise.withResolvers<PartnerRule>();

  async function pass(entry: Entry, id: string): Promise<void> {
    const { sources, target } = await rule.promise;
    const name = busOf(entry);
    if (name !== undefined && name !== entry.Source) return say(`no bus has the name ${name}`);
    if (!sources.includes(entry.Source))
      return say(`no source of webhooks has the event source ${entry.Source}`);
    await target(ruleEvent(entry, id)).catch((error: unknown) => say(`an event was lost: ${error}`));
  }

  /** An entry for a bus that is not there is taken as well: AWS does not tell it either. */
  function take(entry: Entry): object {
    if (!isSound(entry)) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
    const EventId = randomUUID();
    if (busOf(entry) === bus) log(`bus | ${shown(entry)}`);
    else void pass(entry, EventId);
    return { EventId };
  }

  async function serve(request: IncomingMessage): Promise<[status: number, answer: object]> {
    const isPut = /^AWSEvents\.Put(Partner)?Events$/.test(String(request.headers['x-amz-target']));
    if (!isLoopbackHost(request.headers.host) || request.method !== 'POST' || !isPut) {
      return [400, refusal('UnknownOperationException', 'This is EventBridge: PutPartnerEvents, PutEvents.')];
    }
    const { data, error } = putInput.safeParse(await json(request).catch(() => undefined));
    if (error) return [400, refusal('ValidationException', 'Not valid: 1 to 10 entries are wanted.')];
    if (bytesOf(data.Entries) > mostBytes)
      return [400, refusal('ValidationException', 'The entries are larger than 256 KB in all.')];
    const Entries = data.Entries.map(take);
    return [200, { FailedEntryCount: Entries.filter((one) => 'ErrorCode' in one).length, Entries }];
  }

  const server = createServer((request, response) => {
    void serve(request).then(([status, answer]) => {
      const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() };
      response.writeHead(status, headers).end(JSON.stringify(answer));
    });
  });
  const url = await listen(server, port, 'EventBridge');
  return { url, serve: rule.resolve, close: () => close(server) };
}

function refusal(type: string, message: string): object {
  return { __type: type, message };
}
