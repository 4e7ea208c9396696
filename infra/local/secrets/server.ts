import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { close, isLoopbackHost, listen } from '../http/loopback.ts';
import { Operations } from './operations.ts';
import { Refused } from './refused.ts';

export interface SecretsManager {
  readonly url: string;
  /** How often each operation was called. */
  readonly calls: ReadonlyMap<string, number>;
  /** For tests of what happens when the service is slow or refuses. */
  readonly faults: Faults;
  /** Makes this the current value, creating the secret when there is none. */
  put(name: string, value: string): void;
  /** The current value; throws where there is none. */
  current(name: string): string | undefined;
  close(): Promise<void>;
}

interface Faults {
  delayMs: number;
  /** So many calls from now on are refused. */
  throttled: number;
}

/**
 * Secrets Manager on loopback, over its wire protocol (AWS JSON 1.1): for the unmodified client, whose environment
 * says `AWS_ENDPOINT_URL_SECRETS_MANAGER`. Signatures are not checked, values stay in memory.
 */
export async function startSecretsManager({ port }: { port: number }): Promise<SecretsManager> {
  const operations = new Operations();
  const calls = new Map<string, number>();
  const faults: Faults = { delayMs: 0, throttled: 0 };

  async function serve(request: IncomingMessage): Promise<object> {
    if (!isLoopbackHost(request.headers.host)) throw new Refused('ValidationException', 'Not this host.');
    const operation = operationOf(request);
    const input = await json(request).catch(() => undefined);
    calls.set(operation, (calls.get(operation) ?? 0) + 1);
    await sleep(faults.delayMs);
    if (faults.throttled > 0) {
      faults.throttled -= 1;
      throw new Refused('ThrottlingException', 'Rate exceeded');
    }
    return operations.run(operation, input);
  }

  const server = createServer((request, response) => {
    serve(request).then(
      (output) => send(response, 200, output),
      (error: unknown) => send(response, ...failure(error)),
    );
  });
  const url = await listen(server, port, 'Secrets Manager');

  return {
    url,
    calls,
    faults,
    put(name, value) {
      const put = { ClientRequestToken: randomUUID(), SecretString: value };
      if (operations.has(name)) operations.run('PutSecretValue', { SecretId: name, ...put });
      else operations.run('CreateSecret', { Name: name, ...put });
    },
    current: (name) => operations.current(name),
    close: () => close(server),
  };
}

function operationOf(request: IncomingMessage): string {
  const target = String(request.headers['x-amz-target']);
  if (request.method !== 'POST' || !target.startsWith('secretsmanager.')) {
    throw new Refused('UnknownOperationException', 'This is Secrets Manager: POST with X-Amz-Target.');
  }
  return target.slice('secretsmanager.'.length);
}

function failure(error: unknown): [status: number, output: object] {
  if (!(error instanceof Refused)) return [500, { __type: 'InternalServiceError', Message: String(error) }];
  return [400, { __type: error.type, Message: error.message }];
}

function send(response: ServerResponse, status: number, output: object): void {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() };
  response.writeHead(status, headers).end(JSON.stringify(output));
}
