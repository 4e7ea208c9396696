import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod/mini';
import { secretName } from '../../infra/names.ts';
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

/** A relay with a Presence emulator behind it, driven by its address as a caller drives it. */
export class RelayUnderTest implements AsyncDisposable {
  readonly addresses: Addresses;
  readonly #stop: () => Promise<void>;

  private constructor(at: Addresses, stop: () => Promise<void>) {
    this.addresses = at;
    this.#stop = stop;
  }

  /**
   * The relay at `RELAY_URL`, whose Presence service is the emulator at `PRESENCE_URL`; without it, a local run of its
   * own, with these switches.
   */
  static async open(switches: readonly string[] = []): Promise<RelayUnderTest> {
    const { RELAY_URL, PRESENCE_URL, GROUP_ID = '12345' } = process.env;
    if (RELAY_URL === undefined) return await RelayUnderTest.start(switches);
    const at = { relay: RELAY_URL, presence: PRESENCE_URL, groupid: Number(GROUP_ID) };
    const parsed = addresses.safeParse(at);
    if (!parsed.success) throw new Error('with RELAY_URL, set PRESENCE_URL too');
    return new RelayUnderTest(parsed.data, () => Promise.resolve());
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
    return new RelayUnderTest(addresses.parse(JSON.parse(line)), async () => {
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

  async request(target: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(`${this.addresses.relay}/${target}`, init);
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
  async putToken(token: string): Promise<void> {
    const { secrets, groupid } = this.addresses;
    const local = {
      endpoint: secrets ?? '',
      region: 'local',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    };
    const client = new SecretsManagerClient(secrets === undefined ? {} : local);
    const SecretId = secretName(process.env.RELAY_STAGE ?? 'local', groupid);
    await client.send(new PutSecretValueCommand({ SecretId, SecretString: token }));
    client.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }
}
