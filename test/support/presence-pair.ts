import { PresenceClient } from '../../shared/presence/client.ts';
import { PresenceError } from '../../shared/presence/errors.ts';
import { type GroupId, groupId, type VisitorId, visitorId } from '../../shared/presence/ids.ts';
import type { TokenSource } from '../../shared/presence/token.ts';
import { Transport, type TransportLimits } from '../../shared/presence/transport.ts';
import { foundAt, type PresenceServer, type Script, startPresenceServer } from './presence-server.ts';
import { jwt, tokensInTurn } from './tokens.ts';

export const group: GroupId = groupId.parse('12345');
export const visitor: VisitorId = visitorId.parse('ada');
export const freshToken = jwt({ n: 2 });
export const staleToken = jwt({ n: 1 });

export interface PresencePair extends AsyncDisposable {
  readonly balancer: PresenceServer;
  readonly direct: PresenceServer;
  readonly client: PresenceClient;
  /** How long the client has paused between its tries, in milliseconds; no time passes in truth. */
  readonly pauses: readonly number[];
}

interface PairOptions {
  /** `/findvisitor` tells of the direct server unless it is scripted otherwise. */
  balancer?: Script | ((directPort: number) => Script);
  direct?: Script;
  tokens?: TokenSource;
  limits?: Partial<TransportLimits>;
  /** For the jitter. */
  random?: number;
}

/** A load balancer and one direct server that answer by script, and a client between them. */
export async function startPair({
  balancer: script = {},
  direct: directScript = {},
  tokens = tokensInTurn(freshToken),
  limits = {},
  random = 0.5,
}: PairOptions = {}): Promise<PresencePair> {
  const direct = await startPresenceServer(directScript);
  const balancer = await startPresenceServer({
    '/findvisitor': foundAt(direct.port),
    ...(typeof script === 'function' ? script(direct.port) : script),
  });
  const pauses: number[] = [];
  const client = new PresenceClient({
    groups: new Map([[group, { presence: balancer.address, directServers: [] }]]),
    tokens,
    transport: new Transport(limits),
    clock: { now: Date.now, sleep: (ms) => Promise.resolve(pauses.push(ms)) },
    random: () => random,
  });
  return {
    balancer,
    direct,
    client,
    pauses,
    async [Symbol.asyncDispose]() {
      await client.close();
      await Promise.all([balancer[Symbol.asyncDispose](), direct[Symbol.asyncDispose]()]);
    },
  };
}

/** The `PresenceError` that a call fails with. */
export async function failureOf(call: Promise<unknown>): Promise<PresenceError> {
  const error = await call.then(
    (value) => new Error(`it did not fail, but gave ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (error instanceof PresenceError) return error;
  throw new Error('no PresenceError', { cause: error });
}
