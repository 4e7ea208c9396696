import type { Token } from '../presence/token.ts';
import { Transport, TransportError } from '../presence/transport.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import type { Deadline } from '../runtime/deadline.ts';
import type { AuthorizationAddress } from './address.ts';
import { readAuthorization } from './answers.ts';
import { type Credentials, credentialsBody } from './credentials.ts';
import { AuthorizationError } from './errors.ts';

export interface TokenWish {
  readonly address: AuthorizationAddress;
  readonly groupid: string;
  readonly site: string;
  /** How long the token shall live. */
  readonly minutes: number;
  readonly credentials: Credentials;
}

export interface AuthorizationClientOptions {
  transport?: Transport;
  clock?: Pick<Clock, 'now'>;
}

/** Authorizing takes the service some work, so it is given time. */
const answerMs = 15_000;

/**
 * The Authorization API of Glance, for tokens of the Presence service. Asks once: "authorizing is resource intensive",
 * and whoever wants a token has its own back-off.
 */
export class AuthorizationClient {
  readonly #transport: Transport;
  readonly #clock: Pick<Clock, 'now'>;

  constructor({ transport, clock = systemClock }: AuthorizationClientOptions = {}) {
    this.#transport = transport ?? new Transport({ headersMs: answerMs });
    this.#clock = clock;
  }

  /** A token for one group. Throws `AuthorizationError`. */
  async authorize(wish: TokenWish, deadline: Deadline): Promise<Token> {
    const { address, groupid, site, minutes, credentials } = wish;
    const now = this.#clock.now();
    const body = credentialsBody(credentials, groupid, now);
    const query = new URLSearchParams({ groupid, service: 'presence', duration: String(minutes), site });
    const request = {
      server: address.server,
      method: 'POST',
      path: `${address.path}?${query}`,
      body: JSON.stringify(body),
    } as const;
    const response = await this.#transport.exchange(request, deadline).catch(notReached);
    const sent = [...Object.entries(credentials), ...Object.entries(body)];
    const secrets = sent.flatMap(([name, value]) => (name === 'partnerid' ? [] : String(value)));
    return readAuthorization(response, { now, minutes, secrets });
  }

  /** Ends all connections; a call under way fails. */
  close(): Promise<void> {
    return this.#transport.close();
  }
}

function notReached(cause: unknown): never {
  if (!(cause instanceof TransportError)) throw cause;
  if (cause.tooLong)
    throw new AuthorizationError('invalid-answer', `the Authorization API: ${cause.message}`, { cause });
  const what = cause.sent ? 'gave no whole answer' : 'could not be reached';
  throw new AuthorizationError('unavailable', `the Authorization API ${what}`, { cause });
}
