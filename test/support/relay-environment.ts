import { vi } from 'vitest';
import { presenceEnvironment, type RelayConfig } from '../../shared/api/config.ts';
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
}

/**
 * The environment that a deployed function finds, in `process.env`: group 12345 at a scripted Presence server, with
 * its token in a Secrets Manager. Gone again with the servers.
 */
export async function startRelayEnvironment({
  presence: script = {},
  secret = token,
  visitorids = 'lax',
}: EnvironmentOptions = {}): Promise<RelayEnvironment> {
  const presence = await startPresenceServer(script);
  const secrets = await startSecrets({ 'presence-relay/12345': secret });
  const group = {
    presence: presence.address.origin,
    directServers: [],
    visitorids,
    invocable: ['GLANCE.Cobrowse.Visitor.showTerms'],
  };
  const config = { groups: { 12345: group } } as RelayConfig;
  const environment = {
    ...presenceEnvironment(config, (groupid) => `presence-relay/${groupid}`),
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
