import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod/mini';
import { renew } from '../../infra/cli/credentials/renew.ts';
import { type SignedRequest, signedFetch } from '../../infra/cli/signed-fetch.ts';
import { credentialsName, localStage, refreshQueueName, secretName } from '../../infra/names.ts';
import { groupId } from '../../shared/presence/ids.ts';
import { credentialsOf, ownRegion } from './aws.ts';
import { type ConnectedVisitor, connectVisitor } from './visitor.ts';

const addresses = z.object({
  relay: z.string(),
  presence: z.string(),
  site: z.optional(z.string()),
  secrets: z.optional(z.string()),
  queues: z.optional(z.string()),
  table: z.optional(z.string()),
  events: z.optional(z.string()),
  bucket: z.optional(z.string()),
  functions: z.optional(z.string()),
  groupid: z.number(),
});
type Addresses = z.infer<typeof addresses>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
}

type Fetch = (address: string, request: SignedRequest) => Promise<Response>;

/** Calls with credentials of that role. */
async function fetchAs(role: string): Promise<Fetch> {
  const [credentials, region] = [await credentialsOf(role), await ownRegion()];
  return atMost(callsAtOnce, signedFetch({ credentials, region, service: 'execute-api' }));
}

/** As many as an emulator of AWS, which is one process, accepts in time. */
const callsAtOnce = 50;

/** The others wait for their turn. Who comes too often for the limits of `relay.config.ts` comes again, as a caller should. */
function atMost(most: number, call: Fetch): Fetch {
  const waiting: (() => void)[] = [];
  let free = most;
  const patiently: Fetch = async (...request) => {
    for (;;) {
      const response = await call(...request);
      if (response.status !== 429) return response;
      await response.arrayBuffer();
      await sleep(200 + 300 * Math.random());
    }
  };
  return async (...request) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await patiently(...request);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}

const stage = process.env.RELAY_STAGE ?? localStage;

/** For the client of a service of a local run; or as every AWS program finds it. */
export function at(endpoint: string | undefined) {
  if (endpoint === undefined) return {};
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return { endpoint, region: 'us-east-1', credentials };
}

/** A relay with a Presence emulator behind it, driven by its address as a caller drives it. */
export class RelayUnderTest implements AsyncDisposable {
  readonly addresses: Addresses;
  readonly #fetch: Fetch;
  readonly #stop: () => Promise<void>;

  private constructor(at: Addresses, call: Fetch, stop: () => Promise<void>) {
    this.addresses = at;
    this.#fetch = call;
    this.#stop = stop;
  }

  /**
   * The relay at `RELAY_URL`, whose Presence service is the emulator at `PRESENCE_URL`, called as the role
   * `RELAY_CALLER` where it wants signatures; without it, a local run of its own.
   */
  static async open(environment: NodeJS.ProcessEnv = process.env): Promise<RelayUnderTest> {
    const { RELAY_URL, PRESENCE_URL, GROUP_ID = '12345', RELAY_CALLER } = environment;
    if (RELAY_URL === undefined) return await RelayUnderTest.start();
    const at = { relay: RELAY_URL, presence: PRESENCE_URL, groupid: Number(GROUP_ID) };
    const parsed = addresses.safeParse(at);
    if (!parsed.success) throw new Error('with RELAY_URL, set PRESENCE_URL too');
    const call = RELAY_CALLER === undefined ? fetch : await fetchAs(RELAY_CALLER);
    return new RelayUnderTest(parsed.data, call, () => Promise.resolve());
  }

  /** A local run of its own, with the emulator behaving as these switches (`tokenSeconds=60`) say. */
  static async start(switches: readonly string[] = []): Promise<RelayUnderTest> {
    const command = path.resolve(import.meta.dirname, '../../infra/local/cli/start.ts');
    const options = switches.flatMap((one) => ['--switch', one]);
    const child = spawn(process.execPath, [command, '--port', '0', ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said: string[] = [];
    createInterface(child.stderr).on('line', (line) => said.push(line));
    const line = await Promise.race([
      once(createInterface(child.stdout), 'line').then(([text]) => String(text)),
      once(child, 'exit').then(() => {
        throw new Error(`the local run ended: ${said.join('\n')}`);
      }),
    ]);
    return new RelayUnderTest(addresses.parse(JSON.parse(line)), fetch, async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    });
  }

  /** One call to an endpoint of the relay: a `POST` if it has a body. */
  call(endpoint: string, query: Record<string, string>, body?: object): Promise<Answer> {
    const target = `${endpoint}?${new URLSearchParams(query)}`;
    if (body === undefined) return this.request(target);
    const headers = { 'content-type': 'application/json' };
    return this.request(target, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  async request(target: string, request: SignedRequest = {}): Promise<Answer> {
    const response = await this.#fetch(`${this.addresses.relay}/${target}`, request);
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson && text ? JSON.parse(text) : undefined,
    };
  }

  signal(visitorid: string, data: unknown): Promise<Answer> {
    return this.call('signalvisitor', this.of(visitorid), { mtype: 'signal', data });
  }

  of(visitorid: string): { groupid: string; visitorid: string } {
    return { groupid: String(this.addresses.groupid), visitorid };
  }

  visitor(visitorid: string, data?: Record<string, unknown>): Promise<ConnectedVisitor> {
    const { presence, groupid } = this.addresses;
    return connectVisitor({ presenceUrl: presence, groupid, visitorid, ...(data && { data }) });
  }

  /** One request to the emulator's control API. */
  async emulator(method: string, what: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.addresses.presence}/emulator${what}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok)
      throw new Error(`emulator ${method} ${what}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  async fault(endpoint: string, fault: Record<string, unknown>, times = 1): Promise<void> {
    await this.emulator('POST', '/faults', { endpoint, fault, times });
  }

  /** Replaces the token as its keeper does. */
  async putToken(SecretString: string): Promise<void> {
    const client = this.#secretsManager();
    const SecretId = secretName(stage, this.addresses.groupid);
    await client.send(new PutSecretValueCommand({ SecretId, SecretString }));
  }

  /** Has a new token got, as `npm run credentials -- --again` does: whatever has failed before is forgotten with it. */
  async renewToken(): Promise<void> {
    const secretsManager = this.#secretsManager();
    const sqs = new SQSClient(at(this.addresses.queues));
    const groupid = groupId.parse(String(this.addresses.groupid));
    const place = {
      ...{ secretsManager, sqs, command: '', log: '' },
      credentials: credentialsName(stage, groupid),
      token: secretName(stage, groupid),
      queue: refreshQueueName(stage),
    };
    for await (const { verdict, says } of renew({ groupid, place }, { pollMs: 100 }))
      if (verdict === 'fail') throw new Error(says);
  }

  #secretsManager() {
    return new SecretsManagerClient(at(this.addresses.secrets));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }
}
