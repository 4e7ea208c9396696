import type { Readable } from 'node:stream';
import { type Clock, systemClock } from '../runtime/clock.ts';
import type { Deadline } from '../runtime/deadline.ts';
import { checkDirectServer, type ReportedServer, type ServerAddress, type ServerRules } from './address.ts';
import {
  type FindAnswer,
  failureOf,
  type LookupAnswer,
  readFind,
  readLookup,
  readSignal,
  refusesToken,
} from './answers.ts';
import { PresenceError } from './errors.ts';
import type { GroupId, VisitorId } from './ids.ts';
import type { Message } from './message.ts';
import { openAnswer } from './query.ts';
import { Again, retrying } from './retry.ts';
import type { TokenSource } from './token.ts';
import { type HttpResponse, type ResponseHead, Transport, TransportError } from './transport.ts';

export interface PresenceClientOptions {
  /** The groups that may be asked about, by their id, and where their tokens may go. */
  groups: ReadonlyMap<string, ServerRules>;
  tokens: TokenSource;
  transport?: Transport;
  clock?: Clock;
  /** A number from 0 to 1, for the jitter. */
  random?: () => number;
}

export interface SignalOptions {
  /**
   * Asked right before a message may leave, each time that it may: false, and it does not. What it throws is thrown;
   * nothing has left then.
   */
  readonly beforeSend?: () => Promise<boolean>;
}

/** A message on its way to its visitor. */
interface Outgoing extends SignalOptions {
  readonly groupid: GroupId;
  readonly visitorid: VisitorId;
  readonly body: string;
  readonly deadline: Deadline;
}

/** With less time left, a message is not sent any more: its answer would hardly be seen. */
const leastSendMs = 500;
/** From memory, from the secret, renewed. */
const mostTokens = 3;

/**
 * The Presence service of Glance, seen from an agent's side. Look-ups go to the load balancer; a signal goes to the
 * one server that holds the visitor's connection. All methods throw `PresenceError` and keep to the deadline.
 */
export class PresenceClient {
  readonly #groups: ReadonlyMap<string, ServerRules>;
  readonly #tokens: TokenSource;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #random: () => number;

  constructor({ groups, tokens, transport, clock, random }: PresenceClientOptions) {
    this.#groups = groups;
    this.#tokens = tokens;
    this.#transport = transport ?? new Transport();
    this.#clock = clock ?? systemClock;
    this.#random = random ?? Math.random;
  }

  /** `GET /lookupvisitor`: the presence data of one visitor. */
  async lookup(groupid: GroupId, visitorid: VisitorId, deadline: Deadline): Promise<LookupAnswer> {
    return readLookup(await this.#ask(groupid, visitorPath('/lookupvisitor', groupid, visitorid), deadline));
  }

  /** `GET /findvisitor`: the server that holds the visitor's connection. */
  async find(groupid: GroupId, visitorid: VisitorId, deadline: Deadline): Promise<FindAnswer> {
    return readFind(await this.#ask(groupid, visitorPath('/findvisitor', groupid, visitorid), deadline));
  }

  /**
   * Finds the visitor's server, checks its address and posts the message there, at most once: it is sent again only
   * when it surely did not leave, or after finding anew when the server said that the visitor is not there.
   * `sent` means that the service has it, not that the visitor has seen it; `withheld`, that `beforeSend` said no.
   */
  async signal(
    groupid: GroupId,
    visitorid: VisitorId,
    message: Message,
    deadline: Deadline,
  ): Promise<'sent' | 'not-present'>;
  async signal(
    groupid: GroupId,
    visitorid: VisitorId,
    message: Message,
    deadline: Deadline,
    options: SignalOptions,
  ): Promise<'sent' | 'not-present' | 'withheld'>;
  async signal(
    groupid: GroupId,
    visitorid: VisitorId,
    message: Message,
    deadline: Deadline,
    options: SignalOptions = {},
  ): Promise<'sent' | 'not-present' | 'withheld'> {
    const outgoing = { groupid, visitorid, body: JSON.stringify(message), deadline, ...options };
    const attempt = () => this.#retrying(deadline, () => this.#findAndSend(outgoing));
    const first = await attempt();
    const outcome = first === 'not-here' ? await attempt() : first;
    return outcome === 'not-here' ? 'not-present' : outcome;
  }

  /**
   * `GET /query`: all visitors of a group who are present now, as the service sends them, in constant memory. `askUntil`:
   * the answer may last longer than this, but no try begins later.
   */
  query(
    groupid: GroupId,
    visitorid: VisitorId | undefined,
    deadline: Deadline,
    askUntil: Deadline = deadline,
  ): Promise<Readable> {
    const path = visitorid ? visitorPath('/query', groupid, visitorid) : `/query?groupid=${groupid}`;
    const server = this.#rules(groupid).presence;
    const untilBoth = { remaining: () => Math.min(deadline.remaining(), askUntil.remaining()) };
    return this.#retrying(untilBoth, () =>
      this.#repeatable(async () => {
        const { status, headers, body } = await this.#authorized(groupid, deadline, async (token) => {
          const response = await this.#transport.stream({ server, method: 'GET', path, token }, deadline);
          if (response.status !== 200) response.body.destroy();
          return response;
        });
        return status === 200 ? openAnswer(body) : againOrThrow(failureOf({ status, headers }));
      }),
    );
  }

  /** Ends all connections; calls under way fail. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  #ask(groupid: GroupId, path: string, deadline: Deadline): Promise<HttpResponse> {
    return this.#retrying(deadline, () => this.#askOnce(groupid, path, deadline));
  }

  #askOnce(groupid: GroupId, path: string, deadline: Deadline): Promise<HttpResponse | Again> {
    const server = this.#rules(groupid).presence;
    return this.#repeatable(async () => {
      const response = await this.#authorized(groupid, deadline, (token) =>
        this.#transport.exchange({ server, method: 'GET', path, token }, deadline),
      );
      const { status } = response;
      return status === 200 || status === 404 ? response : againOrThrow(failureOf(response));
    });
  }

  async #findAndSend(outgoing: Outgoing): Promise<'sent' | 'not-here' | 'not-present' | 'withheld' | Again> {
    const { groupid, visitorid, deadline } = outgoing;
    const response = await this.#askOnce(groupid, visitorPath('/findvisitor', groupid, visitorid), deadline);
    if (response instanceof Again) return response;
    const found = readFind(response);
    if (found.presence === 'absent') return 'not-present';
    return this.#send(this.#directServer(groupid, found.server), outgoing);
  }

  async #send(
    server: ServerAddress,
    { groupid, visitorid, body, deadline, beforeSend }: Outgoing,
  ): Promise<'sent' | 'not-here' | 'withheld' | Again> {
    const path = visitorPath('/signalvisitor', groupid, visitorid);
    try {
      const response = await this.#authorized(groupid, deadline, async (token) => {
        if (beforeSend && !(await beforeSend())) throw new Withheld();
        if (deadline.remaining() < leastSendMs)
          throw new PresenceError('timeout', 'too little time left to send');
        return await this.#transport.exchange({ server, method: 'POST', path, token, body }, deadline);
      });
      return readSignal(response);
    } catch (error) {
      if (error instanceof Withheld) return 'withheld';
      if (!(error instanceof TransportError)) throw error;
      if (!error.sent) return new Again(notReached(error));
      throw new PresenceError(
        'delivery-unknown',
        'the direct server took the message and did not confirm it',
        {
          cause: error,
        },
      );
    }
  }

  #directServer(groupid: GroupId, reported: ReportedServer | undefined): ServerAddress {
    const rules = this.#rules(groupid);
    if (!reported) return rules.presence;
    const server = checkDirectServer(reported, rules);
    if (!server.checked) throw new PresenceError('refused-server', server.reason);
    return server;
  }

  /**
   * A token that Glance refuses is replaced: first by what the secret holds by now, then by a renewed one. What
   * was refused has surely not been carried out.
   */
  async #authorized<T extends ResponseHead>(
    groupid: GroupId,
    deadline: Deadline,
    send: (token: string) => Promise<T>,
  ): Promise<T> {
    let token = await this.#tokens.get(groupid, deadline);
    for (let tries = 1; ; tries++) {
      const response = await send(token);
      if (!refusesToken(response) || tries === mostTokens) return response;
      const another = await this.#tokens.instead(groupid, token, deadline);
      if (another === undefined) return response;
      token = another;
    }
  }

  /** For requests that may be repeated: a failure of the connection is worth another try. */
  async #repeatable<T>(attempt: () => Promise<T>): Promise<T | Again> {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      if (error.tooLong) throw new PresenceError('invalid-answer', error.message, { cause: error });
      return new Again(notReached(error));
    }
  }

  #retrying<T>(deadline: Deadline, attempt: () => Promise<T | Again>): Promise<T> {
    return retrying(attempt, { deadline, clock: this.#clock, random: this.#random });
  }

  #rules(groupid: GroupId): ServerRules {
    const rules = this.#groups.get(groupid);
    if (!rules) throw new Error(`group ${groupid} is not configured`);
    return rules;
  }
}

/** The message shall not leave any more. */
class Withheld extends Error {
  override readonly name = 'Withheld';
}

function visitorPath(endpoint: string, groupid: GroupId, visitorid: VisitorId): string {
  return `${endpoint}?groupid=${groupid}&visitorid=${encodeURIComponent(visitorid)}`;
}

/** An overloaded service may be asked again; every other failure stays one. */
function againOrThrow(failure: PresenceError): Again {
  if (failure.code !== 'unavailable') throw failure;
  return new Again(failure);
}

function notReached(error: TransportError): PresenceError {
  return error.late
    ? new PresenceError('timeout', 'the Presence service did not answer in time', { cause: error })
    : new PresenceError('unavailable', 'the Presence service could not be reached', { cause: error });
}
