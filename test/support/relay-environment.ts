import { vi } from 'vitest';
import { relayVariables } from '../../shared/api/config/environment.ts';
import { defineRelay } from '../../shared/api/config/relay.ts';
import { type Endpoint, grantable, lookupvisitor } from '../../shared/api/endpoints.ts';
import { callerRole } from './gateway-event.ts';
import { type PresenceServer, type Script, startPresenceServer } from './presence-server.ts';
import { type Secret, type SecretsServer, startSecrets } from './secrets-server.ts';
import { jwt } from './tokens.ts';

export const token = jwt({ n: 1 });

export interface RelayEnvironment extends AsyncDisposable {
  readonly presence: PresenceServer;
  readonly secrets: SecretsServer;
}

interface EnvironmentOptions {
  presence?: Script;
  secret?: Secret;
  visitorids?: 'lax' | 'strict';
  /** Of which endpoint this is the function. */
  endpoint?: Endpoint;
  /** What the role that calls is granted. */
  caller?: { groups: number[]; endpoints?: EndpointName[]; invocable?: string[] };
  origins?: string[];
  /** Address of the queue on which a new token is asked for; without it, nobody renews. */
  refreshQueue?: string;
}

type EndpointName = (typeof grantable)[number]['name'];

/**
 * The environment that a deployed function finds, in `process.env`: group 12345 at a scripted Presence server, with
 * its token in a Secrets Manager. Gone again with the servers.
 */
export async function startRelayEnvironment({
  presence: script = {},
  secret = token,
  visitorids = 'lax',
  endpoint = lookupvisitor,
  caller = { groups: [12345], endpoints: grantable.map(({ name }) => name) },
  origins,
  refreshQueue,
}: EnvironmentOptions = {}): Promise<RelayEnvironment> {
  const presence = await startPresenceServer(script);
  const secrets = await startSecrets({ 'presence-relay/12345': secret });
  const config = defineRelay({
    groups: { 12345: { presence: presence.address.origin, directServers: [], visitorids } },
    callers: { [callerRole]: { ...caller } },
    ...(origins && { cors: { origins } }),
  });
  const environment = {
    ...relayVariables(
      config,
      { name: endpoint.name, endpoints: [endpoint] },
      {
        stage: 'test',
        secretOf: (groupid) => `presence-relay/${groupid}`,
        refreshQueue,
      },
    ),
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'none',
    AWS_SECRET_ACCESS_KEY: 'none',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  return {
    presence,
    secrets,
    async [Symbol.asyncDispose]() {
      vi.unstubAllEnvs();
      await Promise.all([presence[Symbol.asyncDispose](), secrets[Symbol.asyncDispose]()]);
    },
  };
}

/** What is written to standard output until the end of the block, line by line. */
export function captureLog(): Disposable & { readonly text: string } {
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  return {
    get text() {
      return text;
    },
    [Symbol.dispose]: () => spy.mockRestore(),
  };
}
