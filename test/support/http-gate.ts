import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { listen } from './presence-server.ts';

/**
 * What becomes of a request: the connection breaks before it is carried out, or after it, or it is answered with this
 * status; a promise: it goes through when that is settled; nothing: at once.
 */
export type GateFate = 'unreached' | 'unanswered' | { readonly status: number } | Promise<void> | undefined;

export interface GatedRequest {
  readonly method: string;
  readonly path: string;
  /** The operation of an AWS JSON protocol, such as `PutItem`. */
  readonly operation: string | undefined;
}

export interface HttpGate extends AsyncDisposable {
  readonly url: string;
  /** All requests until now, in order. */
  readonly requests: readonly GatedRequest[];
}

/** A gate before a server, through which a test lets what it likes. Bodies go through as they are. */
export async function startHttpGate(
  target: string,
  fateOf: (request: GatedRequest, number: number) => GateFate,
): Promise<HttpGate> {
  const requests: GatedRequest[] = [];
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const gated = described(request);
    const fate = fateOf(gated, requests.push(gated));
    if (fate === 'unreached') return void request.socket.destroy();
    if (typeof fate === 'object' && 'status' in fate) return void response.writeHead(fate.status).end();
    await fate;
    const { status, headers, answer } = await forward(target, request, body);
    if (fate === 'unanswered') return void request.socket.destroy();
    response.writeHead(status, headers).end(answer);
  }

  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function described({ method = '', url = '', headers }: IncomingMessage): GatedRequest {
  const operation = /\.(\w+)$/.exec(String(headers['x-amz-target'] ?? ''))?.[1];
  return { method, path: url.split('?')[0] ?? '', operation };
}

function forward(target: string, { method, url, headers }: IncomingMessage, body: Buffer) {
  return new Promise<{ status: number; headers: IncomingMessage['headers']; answer: Buffer }>(
    (resolve, reject) => {
      const onwards = httpRequest(`${target}${url}`, { method, headers, agent: false }, (response) => {
        const { statusCode: status = 500, headers: given } = response;
        buffer(response).then((answer) => resolve({ status, headers: given, answer }), reject);
      });
      onwards.on('error', reject).end(body);
    },
  );
}
