import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';
import { onTestFinished } from 'vitest';
import { Problem, problemAnswer } from '../../../../shared/api/problem.ts';
import { listen } from '../../../support/presence-server.ts';

export const keys = { accessKeyId: 'AKIDOFATEST', secretAccessKey: 'the secret of a test, for nobody else' };
export const region = 'eu-west-1';

interface GateOptions {
  /** What is behind it: an address that is passed on to, or what answers. */
  readonly behind: string | ((request: IncomingMessage, response: ServerResponse) => void);
  /** What is answered to a call that is not signed as it must be, in the place of the problem. */
  readonly refuse?: (response: ServerResponse) => void;
  /** Lets everybody in: what shall never be. */
  readonly isOpen?: boolean;
}

/** API Gateway with authorization by IAM: whoever signs with `keys`, now, is let in. Gone after the test. */
export async function iamGate({
  behind,
  refuse = unauthenticated,
  isOpen = false,
}: GateOptions): Promise<string> {
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    if (!isOpen && !(await isSigned(request, body))) return refuse(response);
    if (typeof behind === 'function') return behind(request, response);
    const { method = 'GET', url = '/' } = request;
    const answer = await fetch(behind + url, { method, body: body.length > 0 ? body : null });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    if (answer.body) await pipeline(answer.body, response);
    else response.end();
  }

  const port = await listen(server);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${port}`;
}

function unauthenticated(response: ServerResponse): void {
  const { statusCode, body } = problemAnswer(
    new Problem('unauthenticated', 'Not signed as it must be.'),
    'id',
  );
  response.writeHead(statusCode, { 'content-type': 'application/problem+json' }).end(body);
}

const form =
  /^AWS4-HMAC-SHA256 Credential=(\w+)\/\d{8}\/([\w-]+)\/execute-api\/aws4_request, SignedHeaders=([\w;-]+), Signature=\w{64}$/;
const mostMs = 5 * 60_000;

/** Signs it once more, and compares. */
async function isSigned(
  { method = 'GET', url = '/', headers }: IncomingMessage,
  body: Buffer,
): Promise<boolean> {
  const { authorization = '', host = '' } = headers;
  const [, key, at, signed = ''] = form.exec(authorization) ?? [];
  const time = timeOf(String(headers['x-amz-date']));
  if (key !== keys.accessKeyId || at !== region || !(Math.abs(Date.now() - time) < mostMs)) return false;
  const address = new URL(url, `http://${host}`);
  const signer = new SignatureV4({
    ...{ credentials: keys, region, service: 'execute-api' },
    sha256: Hash.bind(null, 'sha256'),
  });
  const kept = signed.split(';').map((name) => [name, String(headers[name])]);
  const again = await signer.sign(
    {
      ...{ method, protocol: 'http:', hostname: address.hostname, path: address.pathname },
      query: Object.fromEntries(address.searchParams),
      headers: Object.fromEntries(kept),
      ...(body.length > 0 && { body }),
    },
    { signingDate: new Date(time) },
  );
  return again.headers.authorization === authorization;
}

/** `20261123T001500Z`. */
function timeOf(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d{2})(\d{2}T\d{2})(\d{2})(\d{2}Z)$/, '$1-$2-$3:$4:$5'));
}
