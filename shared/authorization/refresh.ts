import { randomUUID } from 'node:crypto';
import type { ServerRules } from '../presence/address.ts';
import { PresenceClient } from '../presence/client.ts';
import { PresenceError } from '../presence/errors.ts';
import { visitorId } from '../presence/ids.ts';
import { readToken, type Token, TokenFault } from '../presence/token.ts';
import type { Transport } from '../presence/transport.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Deadline } from '../runtime/deadline.ts';
import { isRefusal } from '../runtime/secret-errors.ts';
import type { AuthorizationAddress } from './address.ts';
import type { AuthorizationClient } from './client.ts';
import { type Credentials, CredentialsFault, readCredentials } from './credentials.ts';
import { AuthorizationError } from './errors.ts';
import type { RefreshFailureName } from './metrics.ts';
import { type FailureNote, passes, pauseMs } from './note.ts';
import { refusalsAfter } from './refusals.ts';
import type { RefreshRequest } from './request.ts';
import type { Vault, Version } from './vault.ts';

/** Where a group's tokens come from, where they are tried, and where they go. */
export interface RenewableGroup {
  readonly authorization: AuthorizationAddress;
  readonly site: string;
  readonly rules: ServerRules;
  /** Name or ARN of the secret with the token, and of the one with the credentials. */
  readonly secret: string;
  readonly credentials: string;
}

export interface RefreshDependencies {
  readonly groups: ReadonlyMap<string, RenewableGroup>;
  readonly vault: Vault;
  readonly authorization: AuthorizationClient;
  /** To the Presence service. */
  readonly transport: Transport;
  readonly clock: Clock;
  /** How long a token shall live. */
  readonly minutes: number;
  /** Notes that could not be written, by the secret: better than nothing, for as long as this instance lives. */
  readonly unwritten: Map<string, FailureNote>;
}

export type RefreshOutcome =
  /** The group is not one of these any more, or its token has been replaced in the meantime. */
  | { readonly outcome: 'not-needed' }
  | { readonly outcome: 'postponed'; readonly note: FailureNote }
  | { readonly outcome: 'renewed'; readonly expiresAt: number | undefined }
  | {
      readonly outcome: 'failed';
      readonly note: FailureNote;
      /** Whether the Authorization API was asked. */
      readonly asked: boolean;
      /** False when the back-off could not be written down. */
      readonly remembered: boolean;
    };

/** Why no token came of it. */
class Failure extends Error {
  override readonly name = 'Failure';
  readonly failure: RefreshFailureName;
  readonly retryAfterSeconds: number | undefined;

  constructor(failure: RefreshFailureName, reason: string, retryAfterSeconds?: number) {
    super(reason);
    this.failure = failure;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/**
 * Gets a new token for a group, tries it on the Presence service, and only then makes it the current one. Wherever it
 * ends in between, the current token stays, and it can be begun again; two at once leave one of two tokens that work.
 * Throws what the Secrets Manager client throws.
 */
export async function refresh(
  request: RefreshRequest,
  { groups, ...dependencies }: RefreshDependencies,
  deadline: Deadline,
): Promise<RefreshOutcome> {
  const group = groups.get(request.groupid);
  if (!group) return { outcome: 'not-needed' };
  return await new Refresh(request, group, dependencies, deadline).run();
}

class Refresh {
  readonly #request: RefreshRequest;
  readonly #group: RenewableGroup;
  readonly #dependencies: Omit<RefreshDependencies, 'groups'>;
  readonly #deadline: Deadline;
  #asked = false;

  constructor(
    request: RefreshRequest,
    group: RenewableGroup,
    dependencies: Omit<RefreshDependencies, 'groups'>,
    deadline: Deadline,
  ) {
    this.#request = request;
    this.#group = group;
    this.#dependencies = dependencies;
    this.#deadline = deadline;
  }

  async run(): Promise<RefreshOutcome> {
    const { vault, clock, unwritten } = this.#dependencies;
    const { secret } = this.#group;
    const [current, written, credentials] = await Promise.all([
      vault.current(secret),
      vault.note(secret),
      this.#credentials(),
    ]);
    if (this.#request.because === 'asked' && this.#request.version !== current.id)
      return { outcome: 'not-needed' };

    const [note] = [unwritten.get(secret), written]
      .filter((left) => left !== undefined)
      .filter((left) => left.version === current.id && left.credentials === credentials.id)
      .toSorted((one, other) => other.at - one.at);
    const isOperator = this.#request.because === 'operator';
    if (note && clock.now() < note.until - clocksMs && !isOperator) return { outcome: 'postponed', note };
    try {
      const refusals = this.#refusals(current);
      const token = await this.#newToken(credentials);
      await vault.putToken(secret, { ...token, refusals }).catch(notStored);
      return { outcome: 'renewed', expiresAt: token.expiresAt };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return this.#failed(error, { current, credentials, before: note });
    }
  }

  /** How many young tokens in a row were refused. Throws when it is too soon to replace another. */
  #refusals(current: Version): number | undefined {
    const now = this.#dependencies.clock.now();
    const { count, notBefore } = refusalsAfter(tokenIn(current), this.#request.because, now);
    if (now >= notBefore) return count;
    throw new Failure(
      'token-refused',
      `the Presence service refuses tokens that it took when they were tried: ${count} in a row`,
      (notBefore - now) / 1_000,
    );
  }

  async #newToken({ text, fault }: Found): Promise<Token> {
    const { authorization, minutes } = this.#dependencies;
    const { authorization: address, site } = this.#group;
    const { groupid } = this.#request;
    if (fault !== undefined) throw new Failure('bad-credentials', fault);
    const credentials = usable(text);
    this.#asked = true;
    const token = await authorization
      .authorize({ address, groupid, site, minutes, credentials }, this.#deadline)
      .catch(notGranted);
    await this.#try(token.value);
    return token;
  }

  /** A real look-up, of a visitor who is never there. */
  async #try(token: string): Promise<void> {
    const { transport, clock } = this.#dependencies;
    const { groupid } = this.#request;
    const groups = new Map([[groupid, this.#group.rules]]);
    const tokens = { get: () => Promise.resolve(token), instead: () => Promise.resolve(undefined) };
    const presence = new PresenceClient({ groups, tokens, transport, clock });
    for (const pause of [...clockPausesMs, undefined]) {
      try {
        await presence.lookup(groupid, nobody, this.#deadline);
        return;
      } catch (error) {
        if (!(error instanceof PresenceError)) throw error;
        const isRefused = error.code === 'authorization';
        if (!isRefused || pause === undefined)
          throw new Failure(
            isRefused ? 'token-refused' : 'token-untried',
            error.message,
            error.retryAfterSeconds,
          );
        await clock.sleep(pause);
      }
    }
  }

  async #failed(
    { failure, message, retryAfterSeconds = 0 }: Failure,
    { current, credentials, before }: State,
  ): Promise<RefreshOutcome> {
    const { vault, clock, unwritten } = this.#dependencies;
    const at = clock.now();
    const failures = (before?.failures ?? 0) + 1;
    const lasting = (before?.lasting ?? 0) + (passes(failure) ? 0 : 1);
    const pause = pauseMs(failure, passes(failure) ? failures : lasting);
    const until = at + Math.max(pause, Math.min(retryAfterSeconds * 1_000, longestAwayMs));
    const id = randomUUID();
    const version = current.id ?? id;
    const told = { failure, reason: message, failures, lasting, at, until };
    const note: FailureNote = { version, credentials: credentials.id, ...told };
    const remembered = await vault.putNote(this.#group.secret, note, id).then(
      () => true,
      () => false,
    );
    if (remembered) unwritten.delete(this.#group.secret);
    else unwritten.set(this.#group.secret, { ...note, version: current.id });
    return { outcome: 'failed', note, asked: this.#asked, remembered };
  }

  async #credentials(): Promise<Found> {
    try {
      const found = await this.#dependencies.vault.current(this.#group.credentials);
      return found.isBinary ? { ...found, fault: 'the credentials secret is binary, not text' } : found;
    } catch (error) {
      // What passes, the client has tried to outlast, and the queue will.
      if (!isRefusal(error)) throw error;
      return { id: undefined, text: '', fault: `the credentials secret cannot be read: ${error.name}` };
    }
  }
}

/** How things stood before. */
interface State {
  readonly current: Version;
  readonly credentials: Found;
  /** What the renewal of this version with these credentials left behind, if it failed before. */
  readonly before: FailureNote | undefined;
}

interface Found extends Version {
  /** Why there is no text. */
  readonly fault?: string;
}

/** The clocks of Glance's servers may differ a little, and a token be refused that is not valid yet. */
const clockPausesMs = [1_000, 2_000];
/** The clock of who asks may be so much ahead: it has seen the end of the back-off before it is over here. */
const clocksMs = 2_000;
const longestAwayMs = 60 * 60_000;
const nobody = visitorId.parse('presence-relay-token-check');

function usable(text: string): Credentials {
  try {
    return readCredentials(text);
  } catch (error) {
    if (!(error instanceof CredentialsFault)) throw error;
    throw new Failure(
      error.isUnset ? 'no-credentials' : 'bad-credentials',
      `the credentials secret ${error.message}`,
    );
  }
}

const failureOf = {
  refused: 'authorization-refused',
  unavailable: 'authorization-unavailable',
  'invalid-answer': 'authorization-invalid',
} as const;

function notGranted(error: unknown): never {
  if (!(error instanceof AuthorizationError)) throw error;
  throw new Failure(failureOf[error.code], error.message, error.retryAfterSeconds);
}

/** What Secrets Manager refuses once it refuses again; the rest passes, and the queue brings the request back. */
function notStored(error: unknown): never {
  if (!isRefusal(error)) throw error;
  throw new Failure('token-not-stored', `the secret does not take the token: ${error.name}`);
}

function tokenIn({ text }: Version): Token | undefined {
  try {
    return readToken(text);
  } catch (error) {
    if (error instanceof TokenFault) return undefined;
    throw error;
  }
}
