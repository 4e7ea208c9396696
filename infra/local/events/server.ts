import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { close, isLoopbackHost, listen } from '../http/loopback.ts';
import { type Entry, isSound, putInput, ruleEvent } from './entry.ts';

interface EventsOptions {
  readonly port: number;
  /** Receives the events of these sources; all others go nowhere. */
  readonly target: (event: object) => Promise<void>;
  readonly sources: readonly string[];
  /** Receives a line for each event that nobody gets. */
  readonly log: (line: string) => void;
}

export interface Events {
  /** For `AWS_ENDPOINT_URL_EVENTBRIDGE`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * EventBridge on loopback as far as one rule goes, over its wire protocol (AWS JSON 1.1): `PutPartnerEvents`, as partners
 * of AWS such as Salesforce bring their events, and `PutEvents`. One bus stands for all, and signatures are not checked.
 */
export async function startEvents({ port, target, sources, log }: EventsOptions): Promise<Events> {
  const say = (line: string) => log(`events | ${line}`);

  function take(entry: Entry): object {
    if (!isSound(entry)) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
    const EventId = randomUUID();
    if (!sources.includes(entry.Source)) say(`no source of webhooks has the event source ${entry.Source}`);
    else target(ruleEvent(entry, EventId)).catch((error: unknown) => say(`an event was lost: ${error}`));
    return { EventId };
  }

  async function serve(request: IncomingMessage): Promise<[status: number, answer: object]> {
    const isPut = /^AWSEvents\.Put(Partner)?Events$/.test(String(request.headers['x-amz-target']));
    if (!isLoopbackHost(request.headers.host) || request.method !== 'POST' || !isPut) {
      return [400, refusal('UnknownOperationException', 'This is EventBridge: PutPartnerEvents, PutEvents.')];
    }
    const { data, error } = putInput.safeParse(await json(request).catch(() => undefined));
    if (error) return [400, refusal('ValidationException', 'Not valid: 1 to 10 entries are wanted.')];
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
  return { url, close: () => close(server) };
}

function refusal(type: string, message: string): object {
  return { __type: type, message };
}
