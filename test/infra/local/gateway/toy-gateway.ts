import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { type GatewayOptions, startGateway } from '../../../../infra/local/gateway/gateway.ts';
import { toyFunction } from '../lambda/toy-function.ts';

interface ToyOptions extends Partial<GatewayOptions> {
  readonly timeoutSeconds?: number;
  readonly maxInstances?: number;
}

/**
 * A gateway before a function whose bundle is the given text: `GET /toy`, `POST /toy`, `GET /toys/{id}`, and open to
 * everybody `POST /hooks/{name}` with all other methods.
 */
export async function toyGateway(code: string, options: ToyOptions = {}) {
  return await gatewayOf(code, false, options);
}

/** The same in response-transfer mode STREAM: the body of the handler, and what stands before it. */
export async function toyStream(body: string, before = '') {
  const code = `${before} const { pipeline } = require('node:stream/promises'); const { Readable } = require('node:stream');
    exports.handler = awslambda.streamifyResponse(async (event, answer) => { ${body} });`;
  return await gatewayOf(code, true, {});
}

async function gatewayOf(
  code: string,
  streams: boolean,
  { timeoutSeconds = 10, maxInstances = 10, ...options }: ToyOptions,
) {
  const { toy, lines } = toyFunction(code, { timeoutSeconds, maxInstances });
  const at = (method: string, resource: string, isOpen = false) => ({
    method,
    resource,
    function: toy,
    streams,
    isOpen,
  });
  const gateway = await startGateway({ port: 0, log: (line) => lines.push(line), ...options });
  onTestFinished(() => gateway.close());
  gateway.serve([
    at('GET', '/toy'),
    at('POST', '/toy'),
    at('GET', '/toys/{id}'),
    at('POST', '/hooks/{name}', true),
    at('ANY', '/hooks/{name}', true),
  ]);
  return { url: gateway.url, lines };
}

/** Sends these very bytes and gives all that comes back until the connection ends. */
export async function sendRaw(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(bytes);
  return await text(socket);
}
