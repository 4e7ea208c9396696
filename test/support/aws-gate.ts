import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from './presence-server.ts';

export interface AwsCall {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/**
 * What becomes of a call: an error by the name that AWS has for it; `unreached`, the connection breaks before it is
 * carried out; `unanswered`, after it; `silent`: it is not carried out, and nobody answers. Nothing: it goes through.
 */
export type Fate = { error: string; status?: number } | 'unreached' | 'unanswered' | 'silent' | undefined;

export interface AwsGate<Call> extends AsyncDisposable {
  /** In place of the service's own. */
  readonly url: string;
  /** All calls until now, in order. */
  readonly calls: readonly Call[];
  /** Everything goes through, until a test says otherwise. */
  fateOf: (call: Call) => Fate;
}

/** A gate before a service with an AWS JSON protocol, through which a test lets what it likes. */
export async function startAwsGate<Call>(
  service: string,
  read: (call: AwsCall) => Call,
): Promise<AwsGate<Call>> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = String(request.headers['x-amz-target']);
    const body = await text(request);
    const call = read({ operation: target.replace(/^\w+\./, ''), input: JSON.parse(body) });
    calls.push(call);
    const fate = gate.fateOf(call);
    const headers = { 'content-type': String(request.headers['content-type']) };
    if (fate === 'silent') return;
    if (fate === 'unreached') return void request.socket.destroy();
    if (typeof fate === 'object') {
      const answer = { __type: fate.error, Message: 'as the test has it' };
      return void response.writeHead(fate.status ?? 400, headers).end(JSON.stringify(answer));
    }
    const answer = await fetch(service, {
      method: 'POST',
      headers: { ...headers, ...signatureOf(request), 'x-amz-target': target },
      body,
    });
    const given = await answer.text();
    if (fate === 'unanswered') return void request.socket.destroy();
    response.writeHead(answer.status, headers).end(given);
  }

  const gate: AwsGate<Call> = {
    url: `http://127.0.0.1:${await listen(server)}`,
    calls,
    fateOf: () => undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return gate;
}

/** DynamoDB's engine wants to see one. */
function signatureOf({ headers }: IncomingMessage): Record<string, string> {
  const { authorization = '', 'x-amz-date': date = '' } = headers;
  return { authorization, 'x-amz-date': String(date) };
}
