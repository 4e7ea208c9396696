import { type PresenceEmulator, startPresenceEmulator } from '../../infra/local/presence/emulator.ts';
import { readAuthorizationAddress } from '../../shared/authorization/address.ts';
import { AuthorizationClient } from '../../shared/authorization/client.ts';
import {
  type RefreshDependencies,
  type RefreshOutcome,
  type RenewableGroup,
  refresh,
} from '../../shared/authorization/refresh.ts';
import type { RefreshRequest } from '../../shared/authorization/request.ts';
import { Vault } from '../../shared/authorization/vault.ts';
import { serverRules } from '../../shared/presence/address.ts';
import { readToken, type Token } from '../../shared/presence/token.ts';
import { Transport } from '../../shared/presence/transport.ts';
import { deadlineIn } from '../../shared/runtime/deadline.ts';
import { type TestClock, testClock } from './clock.ts';
import { type GatedSecrets, startGatedSecrets } from './gated-secrets.ts';
import { group } from './presence-pair.ts';

/** The secrets of group 12345. */
export const tokenSecret = 'group/token';
export const credentialsSecret = 'group/credentials';
export const unset = '{"state":"unset"}';
export const password = { username: 'relay.agent', password: 'emulator-password' };
export const wrongPassword = { ...password, password: 'guessed' };

export interface Renewing extends AsyncDisposable {
  readonly emulator: PresenceEmulator;
  readonly secrets: GatedSecrets;
  readonly clock: TestClock;
  /** As a function makes them at a cold start. */
  dependencies(): RefreshDependencies & AsyncDisposable;
  /** One renewal, by a function that has just started cold; of group 12345, because of its schedule, unless told. */
  refresh(request?: Partial<Asking>, deadlineMs?: number): Promise<RefreshOutcome>;
  /** What a function does that was refused the current token. */
  asked(): Promise<RefreshOutcome>;
  /** The current version of the token secret. */
  current(): Promise<{ id: string; text: string }>;
  token(): Promise<Token>;
  putCredentials(credentials: object | string): void;
  /** How often the Authorization API was asked. */
  readonly authorizations: number;
}

interface Asking {
  because: RefreshRequest['because'];
  groupid: RefreshRequest['groupid'];
  version: string | undefined;
}

interface RenewingOptions {
  /** What the secrets hold; null for one that does not exist. */
  token?: string | null;
  credentials?: object | string | null;
  minutes?: number;
}

/**
 * The Presence emulator with its Authorization API, Secrets Manager with the two secrets of group 12345, and what
 * renews its token. Time passes only when somebody sleeps.
 */
export async function startRenewing({
  token = unset,
  credentials = password,
  minutes = 120,
}: RenewingOptions = {}): Promise<Renewing> {
  const emulator = await startPresenceEmulator();
  const secrets = await startGatedSecrets();
  const clock = testClock();
  const putCredentials = (content: object | string) => {
    secrets.put(credentialsSecret, typeof content === 'string' ? content : JSON.stringify(content));
  };
  if (token !== null) secrets.put(tokenSecret, token);
  if (credentials !== null) putCredentials(credentials);

  const renewing: Renewing = {
    emulator,
    secrets,
    clock,
    dependencies() {
      const transport = new Transport();
      const authorization = new AuthorizationClient({ clock });
      const client = secrets.client();
      return {
        groups: new Map([[group, renewableGroup(emulator)]]),
        vault: new Vault(client),
        authorization,
        transport,
        clock,
        minutes,
        unwritten: new Map(),
        async [Symbol.asyncDispose]() {
          client.destroy();
          await Promise.all([transport.close(), authorization.close()]);
        },
      };
    },
    async refresh({ groupid = group, because = 'schedule', version } = {}, deadlineMs = 55_000) {
      const request = {
        schedule: { groupid, because: 'schedule', at: new Date(clock.now()).toISOString() },
        asked: { groupid, because: 'asked', version },
        operator: { groupid, because: 'operator', id: String(clock.now()) },
      } as const;
      await using dependencies = renewing.dependencies();
      return await refresh(request[because], dependencies, deadlineIn(deadlineMs, clock));
    },
    async asked() {
      return await renewing.refresh({ because: 'asked', version: (await renewing.current()).id });
    },
    current: () => secrets.version(tokenSecret),
    token: async () => readToken((await renewing.current()).text),
    putCredentials,
    get authorizations() {
      return emulator.requests.count('Authorize');
    },
    async [Symbol.asyncDispose]() {
      await secrets[Symbol.asyncDispose]();
      await emulator.close();
    },
  };
  return renewing;
}

function renewableGroup({ url, authorizeUrl }: PresenceEmulator): RenewableGroup {
  const authorization = readAuthorizationAddress(authorizeUrl);
  if (!authorization.checked) throw new Error(authorization.reason);
  return {
    authorization,
    site: 'production',
    rules: serverRules({ presence: url }),
    secret: tokenSecret,
    credentials: credentialsSecret,
  };
}
