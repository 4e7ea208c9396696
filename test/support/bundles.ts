import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import path from 'node:path';
import { json, text } from 'node:stream/consumers';

const invoker = path.join(import.meta.dirname, 'invoke-bundle.cjs');
const token = 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl';

/**
 * Secrets Manager, a load-balanced Presence service as far as one visitor goes, and the Authorization API in one: all
 * that any function needs for a call.
 */
export async function startOneVisitorService(): Promise<{ origin: string } & Disposable> {
  const server = createServer(async (request, response) => {
    const target = request.headers['x-amz-target'];
    if (target) {
      const { SecretId, VersionStage } = (await json(request)) as Record<string, string>;
      const SecretString = SecretId === 'credentials' ? '{"username":"ada","password":"secret"}' : token;
      response.end(JSON.stringify({ VersionId: 'one', ...(VersionStage ? {} : { SecretString }) }));
    } else {
      const isAuthorize = request.url?.startsWith('/authorize');
      response.end(JSON.stringify(isAuthorize ? token : { visitorfound: true }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { origin: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => void server.close() };
}

export interface BundleCall {
  readonly event: object;
  readonly environment: Readonly<Record<string, string>>;
  /** How long the function may run, as it is told. */
  readonly remainingMs?: number;
}

export interface BundleOutcome {
  /** As JSON, or as it was streamed. */
  readonly answer?: string;
  /** Name and message of what it threw. */
  readonly failure?: string;
  /** The built-in modules that were loaded on the way. */
  readonly loaded: readonly string[];
  /** The lines that it wrote. */
  readonly log: readonly string[];
}

export interface RunningBundle {
  readonly outcome: Promise<BundleOutcome>;
  /** Ends its process at once, as when Lambda loses an instance. */
  kill(): Promise<void>;
}

/** Loads a bundle in a process of its own and hands it one call, as Lambda would. */
export function runBundle(
  file: string,
  { event, environment, remainingMs = 20_000 }: BundleCall,
): RunningBundle {
  const child = spawn(process.execPath, [invoker, file, JSON.stringify({ event, remainingMs })], {
    env: {
      AWS_REGION: 'local',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  return {
    outcome: text(child.stdout).then((written) => {
      const lines = written.trimEnd().split('\n');
      return { ...JSON.parse(lines.at(-1) ?? ''), log: lines.slice(0, -1) };
    }),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** One call, such as a function of that name gets, to a bundle that has everything it needs at `origin`. */
export async function invokeBundle(file: string, name: string, origin: string): Promise<BundleOutcome> {
  const isRefresh = name === 'refresh-token';
  const environment = {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: origin,
    RELAY_STAGE: 'test',
    ...(isRefresh ? refreshEnvironment(origin) : endpointEnvironment(origin)),
  };
  const event = isRefresh
    ? queueEvent('{"groupid":"12345","because":"schedule","at":"now"}')
    : endpointEvent(name);
  return await runBundle(file, { event, environment }).outcome;
}

function endpointEnvironment(presence: string) {
  return {
    RELAY_CALLERS: JSON.stringify({ 'agent-desk': { groups: ['12345'] } }),
    RELAY_GROUPS: JSON.stringify({ 12345: { presence, secret: 'token' } }),
  };
}

function refreshEnvironment(presence: string) {
  const group = {
    presence,
    authorization: `${presence}/authorize`,
    secret: 'token',
    credentials: 'credentials',
  };
  return { RELAY_GROUPS: JSON.stringify({ 12345: group }), RELAY_TOKEN_MINUTES: '120' };
}

/** A call of that endpoint for visitor `ada` of group 12345, as API Gateway hands it over. */
export function endpointEvent(name: string): object {
  return {
    headers: { 'Content-Type': 'application/json' },
    multiValueQueryStringParameters: { groupid: ['12345'], visitorid: ['ada'] },
    resource: `/${name}`,
    httpMethod: name === 'signalvisitor' ? 'POST' : 'GET',
    requestContext: {
      requestId: 'request-1',
      requestTimeEpoch: Date.now(),
      accountId: '111122223333',
      identity: { userArn: 'arn:aws:sts::111122223333:assumed-role/agent-desk/ada' },
    },
    body: Buffer.from('{"mtype":"signal","data":1}').toString('base64'),
    isBase64Encoded: true,
  };
}

/** What Lambda hands to a function behind a queue, as far as it is read here. */
export function queueEvent(...bodies: readonly string[]): object {
  return { Records: bodies.map((body, index) => ({ messageId: String(index), body })) };
}
