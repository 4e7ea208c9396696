import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { listen } from '../../../support/presence-server.ts';

interface BucketCall {
  /** As S3 has it: `GET /bucket/key`, `DELETE /bucket/key?versionId=…`. */
  readonly line: string;
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
}

/** What becomes of a call; nothing: it goes through. `cut`: the connection breaks after so many bytes of the answer. */
type Fate = { readonly error: string; readonly status: number } | { readonly cut: number } | undefined;

export interface BucketGate {
  readonly url: string;
  /** All calls until now, in order. */
  readonly calls: BucketCall[];
  /** Everything goes through, until a test says otherwise. */
  fateOf: (call: BucketCall) => Fate | Promise<Fate>;
}

/**
 * A gate before a bucket; it gives each object a version, named by its ETag, as S3 does where a bucket keeps those, and
 * takes it for done when one is deleted.
 */
export async function startBucketGate(target: string): Promise<BucketGate> {
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const body = await buffer(request);
    const line = `${method} ${decodeURIComponent(url.replace(/[?&]x-id=\w+/, ''))}`;
    const call = { line, method, headers };
    gate.calls.push(call);
    const fate = await gate.fateOf(call);
    if (fate && 'error' in fate) {
      response.writeHead(fate.status, { 'content-type': 'application/xml' });
      return void response.end(`<Error><Code>${fate.error}</Code></Error>`);
    }
    if (url.includes('versionId=')) return void response.writeHead(204).end();
    const { connection, expect, host, ...passed } = headers;
    const answer = await fetch(`${target}${url}`, {
      method,
      headers: passed as Record<string, string>, // none of those that S3 reads comes twice
      ...(body.length > 0 && { body }),
    });
    const given = Buffer.from(await answer.arrayBuffer());
    const version = answer.headers.get('etag')?.replaceAll('"', '');
    const kept = ['etag', 'content-type', 'content-length', 'last-modified', 'x-amz-checksum-crc32'];
    const told = kept.flatMap((name) => {
      const value = answer.headers.get(name);
      return value === null ? [] : [[name, value] as const];
    });
    response.writeHead(answer.status, {
      ...Object.fromEntries(told),
      ...(version && { 'x-amz-version-id': version }),
    });
    if (!fate) return void response.end(given);
    response.write(given.subarray(0, fate.cut), () => response.destroy());
  }

  const gate: BucketGate = {
    url: `http://127.0.0.1:${await listen(server)}`,
    calls: [],
    fateOf: () => undefined,
  };
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return gate;
}
