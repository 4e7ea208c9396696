import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { type GatewayOptions, startGateway } from '../../../../infra/local/gateway/gateway.ts';
import { toyFunction } from '../lambda/toy-function.ts';

interface ToyOptions extends Partial<GatewayOptions> {
  readonly timeoutSeconds?: number;
}

/** A gateway before a function whose bundle is the given text: `GET /toy`, `POST /toy`, `GET /toys/{id}`. */
export async function toyGateway(code: string, { timeoutSeconds = 10, ...options }: ToyOptions = {}) {
  return await gatewayOf(code, { timeoutSeconds, streams: false }, options);
}

/** The same in response-transfer mode STREAM; the code is the body of the handler. */
export async function toyStream(body: string) {
  const code = `const { pipeline } = require('node:stream/promises'); const { Readable } = require('node:stream');
    exports.handler = awslambda.streamifyResponse(async (event, answer) => { ${body} });`;
  return await gatewayOf(code, { timeoutSeconds: 10, streams: true }, {});
}

async function gatewayOf(
  code: string,
  { timeoutSeconds, streams }: { timeoutSeconds: number; streams: boolean },
  options: Partial<GatewayOptions>,
) {
  const { toy, lines } = toyFunction(code, { timeoutSeconds });
  const at = (method: string, resource: string) => ({ method, resource, function: toy, streams });
  const gateway = await startGateway({
    routes: [at('GET', '/toy'), at('POST', '/toy'), at('GET', '/toys/{id}')],
    port: 0,
    log: (line) => lines.push(line),
    ...options,
  });
  onTestFinished(() => gateway.close());
  return { url: gateway.url, lines };
}

/** Sends these very bytes and gives all that comes back until the connection ends. */
export async function sendRaw(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(bytes);
  return await text(socket);
}
