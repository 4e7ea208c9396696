import { createServer, type IncomingMessage } from 'node:http';
import { close, isLoopbackHost, listen } from '../http/loopback.ts';
import { openEngine } from './engine.ts';

export interface Bucket {
  /** For `AWS_ENDPOINT_URL_S3`. */
  readonly url: string;
  /** Rejects a name that S3 would not take. */
  create(name: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * S3 on loopback, over its wire protocol: for the unmodified client, whose environment says `AWS_ENDPOINT_URL_S3`.
 * There has to be a signature, which is not checked. Objects stay in memory.
 */
export async function startBucket({ port }: { port: number }): Promise<Bucket> {
  const engine = await openEngine();

  // The engine by itself would listen to the whole network, and offer SQS and SNS too.
  const server = createServer((request, response) => {
    const refused = refusal(request);
    if (refused === undefined) {
      engine.routing(request, response);
    } else {
      const { status, code, message } = refused;
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(`<Error><Code>${code}</Code><Message>${message}</Message></Error>`);
    }
  });
  const url = await listen(server, port, 'S3');

  return {
    url,
    create: (name) => create(url, name),
    async close() {
      await close(server);
      await engine.close();
    },
  };
}

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** A name is in lower case; `/health` and `/_fauxqs/…` are pages of the engine, and at `/` it takes what is for SQS. */
const bucketPath = /^\/(?!health$)[a-z0-9][a-z0-9.-]+(\/|$)/;

function refusal({ method, url = '', headers }: IncomingMessage): Refusal | undefined {
  if (!isLoopbackHost(headers.host)) return denied('Not this host.');
  // A page of another site could send what needs no header of its own, such as a form, and so write and delete.
  if (!headers.authorization?.startsWith('AWS4-')) return denied('There is no signature.');
  const [path = '', query] = url.split('?');
  const isS3 = bucketPath.test(path) || (method === 'GET' && path === '/');
  if (!isS3) return denied('This is S3: /bucket/key.');
  const known = method === 'GET' ? reading : writing;
  const isKnown = [...new URLSearchParams(query).keys()].every((name) => known.test(name));
  return isKnown ? undefined : { status: 501, code: 'NotImplemented', message: 'Not on this machine.' };
}

function denied(message: string): Refusal {
  return { status: 403, code: 'AccessDenied', message };
}

/**
 * What the engine reads of a query. It lets all else be: to ask for the uploads under way would be to list the objects,
 * and to put the tags of an object would be to replace it.
 */
const reading =
  /^(list-type|prefix|delimiter|max-keys|start-after|continuation-token|encoding-type|fetch-owner|marker|x-id)$/;
const writing = /^(uploads|uploadId|partNumber|delete|x-id)$/;

/** The engine takes a bucket that is there already for a new one, as S3 does in this region. */
async function create(url: string, name: string): Promise<void> {
  const authorization = 'AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=local';
  const response = await fetch(`${url}/${name}`, { method: 'PUT', headers: { authorization } });
  if (!response.ok) throw new Error(`S3 refuses the bucket ${name}: ${await response.text()}`);
}
