import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { request as call } from 'undici';
import { listen } from './presence-server.ts';

export type S3Operation =
  | 'AbortMultipartUpload'
  | 'CompleteMultipartUpload'
  | 'CreateMultipartUpload'
  | 'GetObject'
  | 'HeadObject'
  | 'ListObjectsV2'
  | 'PutObject'
  | 'UploadPart';

interface S3Call {
  readonly operation: S3Operation;
  /** Path and query, still percent-encoded. */
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * What becomes of a call: an error by the name that S3 has for it; `unreached`, the connection breaks before it is
 * carried out; `unanswered`, after it; `cut`, in the middle of the answer; `stalled`, nothing
 * comes after that middle; `damaged`, a byte of the answer is another;
 * `silent`: it is not carried out, and nobody answers. A promise: it goes through when that is settled. Nothing: at once.
 */
export type S3Fate =
  | { error: string; status: number }
  | 'unreached'
  | 'unanswered'
  | 'cut'
  | 'stalled'
  | 'damaged'
  | 'silent'
  | Promise<void>
  | undefined;

export interface S3Gate extends AsyncDisposable {
  /** In place of the service's own. */
  readonly url: string;
  /** All calls until now, in order. */
  readonly calls: readonly S3Call[];
  /** Their operations, without those that are repeated at once. */
  readonly steps: readonly S3Operation[];
  /** How often it was asked for something. */
  count(operation: S3Operation): number;
  /** The ids of uploads that were created, and neither completed nor aborted. */
  readonly open: ReadonlySet<string>;
  /** Everything goes through, until a test says otherwise. */
  fateOf: (call: S3Call) => S3Fate;
}

/** A gate before S3, through which a test lets what it likes. */
export async function startS3Gate(service: string): Promise<S3Gate> {
  const calls: S3Call[] = [];
  const open = new Set<string>();
  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = await read(request);
    calls.push(seen);
    const fate = gate.fateOf(seen);
    if (fate === 'silent') return;
    if (fate === 'unreached') return void request.socket.resetAndDestroy();
    if (typeof fate === 'object' && 'error' in fate) {
      const type = { 'content-type': 'application/xml' };
      const error = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${fate.error}</Code></Error>`;
      return void response.writeHead(fate.status, type).end(request.method === 'HEAD' ? '' : error);
    }
    await fate;
    const answer = await carryOut(seen);
    if (fate === 'unanswered') return void request.socket.resetAndDestroy();
    response.writeHead(answer.status, answer.headers);
    if (fate === 'damaged') answer.body[0] = 255 - (answer.body[0] ?? 0);
    if (fate !== 'cut' && fate !== 'stalled') return void response.end(answer.body);
    response.write(answer.body.subarray(0, answer.body.length / 2));
    if (fate === 'cut') setTimeout(() => request.socket.resetAndDestroy(), 20);
  }

  async function carryOut({ operation, url, headers, body }: S3Call) {
    const { host: _host, expect: _expect, connection: _connection, ...kept } = headers;
    const method = methods[operation];
    const answer = await call(service + url.pathname + url.search, {
      method,
      headers: kept,
      body: method === 'PUT' || method === 'POST' ? body : null,
    });
    const { 'transfer-encoding': _encoding, connection: _answered, ...given } = answer.headers;
    const content = Buffer.from(await answer.body.arrayBuffer());
    if (answer.statusCode < 300) note(operation, url, content.toString('latin1'));
    return { status: answer.statusCode, headers: given, body: content };
  }

  function note(operation: S3Operation, url: URL, answer: string): void {
    if (operation === 'CreateMultipartUpload') open.add(answer.match(/<UploadId>(.*)</)?.[1] ?? '');
    if (!/^(Abort|Complete)/.test(operation)) return;
    open.delete(url.searchParams.get('uploadId') ?? '');
  }

  const gate: S3Gate = {
    url: `http://127.0.0.1:${await listen(server)}`,
    calls,
    get steps() {
      const all = calls.map(({ operation }) => operation);
      return all.filter((operation, index) => operation !== all[index - 1]);
    },
    count: (operation) => calls.filter((call) => call.operation === operation).length,
    open,
    fateOf: () => undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return gate;
}

const methods = {
  AbortMultipartUpload: 'DELETE',
  CompleteMultipartUpload: 'POST',
  CreateMultipartUpload: 'POST',
  GetObject: 'GET',
  HeadObject: 'HEAD',
  ListObjectsV2: 'GET',
  PutObject: 'PUT',
  UploadPart: 'PUT',
} as const satisfies Readonly<Record<S3Operation, string>>;

async function read(request: IncomingMessage): Promise<S3Call> {
  const { method, headers } = request;
  const url = new URL(request.url ?? '', 'http://s3');
  const isUpload = url.searchParams.has('uploadId') || url.searchParams.has('uploads');
  const operation = operationOf(method, isUpload, url.searchParams);
  return { operation, url, headers, body: await buffer(request) };
}

function operationOf(method: string | undefined, isUpload: boolean, query: URLSearchParams): S3Operation {
  if (method === 'POST') return query.has('uploads') ? 'CreateMultipartUpload' : 'CompleteMultipartUpload';
  if (method === 'PUT') return isUpload ? 'UploadPart' : 'PutObject';
  if (method === 'DELETE') return 'AbortMultipartUpload';
  if (method === 'HEAD') return 'HeadObject';
  return query.has('list-type') ? 'ListObjectsV2' : 'GetObject';
}
