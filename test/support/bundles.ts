import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const invoker = path.join(import.meta.dirname, 'invoke-bundle.cjs');

/** Secrets Manager and a load-balanced Presence service in one, as far as one visitor goes. */
export async function startOneVisitorService(): Promise<{ origin: string } & Disposable> {
  const secret = { SecretString: 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl' };
  const server = createServer((request, response) => {
    response.end(JSON.stringify(request.headers['x-amz-target'] ? secret : { visitorfound: true }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { origin: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => void server.close() };
}

/** Loads a bundle in a process of its own and hands it one call, as Lambda would. */
export async function invokeBundle(
  file: string,
  origin: string,
): Promise<{ answer: string; loaded: string[] }> {
  const { stdout } = await run(process.execPath, [invoker, file], {
    env: {
      AWS_REGION: 'local',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_SECRETS_MANAGER: origin,
      RELAY_STAGE: 'test',
      RELAY_CALLERS: JSON.stringify({ 'agent-desk': { groups: ['12345'] } }),
      RELAY_GROUPS: JSON.stringify({ 12345: { presence: origin, secret: 'token' } }),
    },
  });
  // What the function logs stands before it.
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}
