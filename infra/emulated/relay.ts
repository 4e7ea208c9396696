import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { callerRole } from '../local/caller.ts';
import { authorizePath } from '../local/presence/authorization/routes.ts';
import { startPresenceEmulator } from '../local/presence/emulator.ts';
import type { EmulatedAccount } from './account.ts';
import { emulatedConfig } from './config.ts';
import { deploy, destroy, type Outputs } from './deployment.ts';
import { accountsAt, provision } from './provision.ts';

interface TakeDownOptions {
  readonly account: EmulatedAccount;
  readonly stage: string;
  /** As `relay.config.ts` has it. */
  readonly config: RelayConfig;
  /** Gets what the CDK says, line by line. */
  readonly line?: (text: string) => void;
  /** Ends it when it aborts. */
  readonly signal?: AbortSignal;
}

interface BringUpOptions extends TakeDownOptions {
  /** The load balancer of a Presence emulator that is up; one of its own unless given. */
  readonly presence?: string | undefined;
}

/** A relay that is deployed on an AWS emulator, and in use. */
export interface EmulatedRelay extends AsyncDisposable {
  readonly account: EmulatedAccount;
  /** Base address of the endpoints, without a slash at its end. */
  readonly relay: string;
  readonly presence: string;
  /** The first of its groups. */
  readonly groupid: number;
  readonly stage: string;
  /** ARN of the role that may call. */
  readonly caller: string;
}

/** Deploys it, brings what somebody has to bring, and waits for its first tokens. The stack outlives its disposal. */
export async function bringUp(options: BringUpOptions): Promise<EmulatedRelay> {
  const { account, stage, config: own, line, signal } = options;
  await using opened = new AsyncDisposableStack();
  const groups = Object.keys(own.groups);
  const presence =
    options.presence?.replace(/\/+$/, '') ??
    opened.use(await startPresenceEmulator({ groups: groups.map(Number) })).url;
  // That is known before anything is deployed.
  await accountsAt(presence, groups);
  const config = emulatedConfig(own, { presence, authorization: `${presence}${authorizePath}` });
  const outputs = await deploy({ account, stage, config, ...(line && { line }), ...(signal && { signal }) });
  signal?.throwIfAborted();
  await provision({ account, stage, config, presence });
  const running = opened.move();
  return {
    account,
    relay: addressOf(account, outputs),
    presence,
    groupid: Number(groups[0]),
    stage,
    caller: `arn:aws:iam::${account.id}:role/${callerRole}`,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Removes what `bringUp` has deployed. */
export async function takeDown({ config: own, ...options }: TakeDownOptions): Promise<void> {
  // Nobody asks where Glance would be.
  const config = emulatedConfig(own, { presence: 'http://127.0.0.1', authorization: 'http://127.0.0.1/' });
  await destroy({ ...options, config });
}

/** Where emulators have the stage of an API whose host name nobody resolves. */
export function addressOf({ endpoint }: EmulatedAccount, { ApiId = '', Address = '' }: Outputs): string {
  const stage = new URL(Address).pathname.slice(1);
  return `${endpoint}/restapis/${ApiId}/${stage}/_user_request_`;
}
