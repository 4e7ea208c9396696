import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { type Deadline, longestTimerMs } from '../runtime/deadline.ts';
import { isRefusal, isUnfilled } from '../runtime/secret-errors.ts';
import { secretsManager } from '../runtime/secrets-manager.ts';
import { PresenceError } from './errors.ts';
import { readToken, type Token, TokenFault, type TokenSource } from './token.ts';

/** A token is read anew after so long, so that a replaced one is noticed before the old one ends. */
const keepMs = 5 * 60_000;
/** In its last part a token is looked at anew so often: its successor may be there. */
const keepAtEndMs = 10_000;
/** The last part of a token's life: a third, and of the usual two hours the last quarter of an hour. */
const lastPart = { share: 1 / 3, mostMs: 15 * 60_000, unknownMs: 60_000 };
/** To ask for a successor in time holds a call up for so long at most. */
const askAheadMs = 300;
/**
 * How a successor is waited for. The longest wait is for calls whose own deadline is far; what a call does with its token
 * takes a little time as well.
 */
const wait = { firstMs: 200, growth: 1.5, mostMs: 1_000, longestMs: 15_000, spareMs: 500 };
/**
 * After a wait in vain, those that follow are short for so long: a caller that waits takes up a whole instance, and many
 * of them all that the account may have, the one that renews among them.
 */
const afterVain = { forMs: 60_000, longestMs: 2_000 };

/** Whoever gets new tokens for groups, and puts them into the secrets. */
export interface Renewal {
  /**
   * Asks that the token in this version of a group's secret be replaced; asking again does no harm. `nobody`: none
   * does that for the group; `unheard`: it could not be asked now. Throws `PresenceError` where it has failed and is not
   * to be tried again yet.
   */
  ask(groupid: string, version: string | undefined): Promise<'asked' | 'unheard' | 'nobody'>;
}

/** What a secret holds: a token, or what is wrong with it. */
interface Held {
  readonly version: string | undefined;
  readonly token?: Token;
  readonly fault?: TokenFault;
}

interface Entry {
  readonly reading: Promise<Held>;
  held?: Held;
  freshUntil: number;
}

export interface SecretTokensOptions {
  /** Name or ARN of the secret that holds the token of a group. */
  secretOf(groupid: string): string;
  /** Without it, whoever puts the tokens has to do so in time. */
  renewal?: Renewal | undefined;
  client?: SecretsManagerClient;
  clock?: Clock;
}

/**
 * Tokens from AWS Secrets Manager, one secret per group. Kept in memory for five minutes at most; however many
 * callers ask at once, one read is under way per group. Where there is a renewal, it is asked before a token ends, and
 * whoever meets none, or one that is refused, waits for the next.
 */
export class SecretTokens implements TokenSource {
  readonly #secretOf: (groupid: string) => string;
  readonly #renewal: Renewal | undefined;
  readonly #client: SecretsManagerClient;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  /** When a successor may be asked for again, before its time. */
  readonly #nextAsk = new Map<string, number>();
  /** Until when a wait is a short one, as one was in vain. */
  readonly #vainUntil = new Map<string, number>();

  constructor({ secretOf, renewal, client = secretsManager(), clock = systemClock }: SecretTokensOptions) {
    this.#secretOf = secretOf;
    this.#renewal = renewal;
    this.#client = client;
    this.#clock = clock;
  }

  get(groupid: string, deadline: Deadline): Promise<string> {
    return within(deadline, this.#get(groupid, deadline));
  }

  instead(groupid: string, refused: string, deadline: Deadline): Promise<string | undefined> {
    return within(deadline, this.#instead(groupid, refused, deadline));
  }

  async #get(groupid: string, deadline: Deadline): Promise<string> {
    const held = await this.#held(groupid);
    const token = this.#usable(held);
    if (token) {
      if (this.#clock.now() >= lastPartOf(token)) await this.#askAhead(groupid, held, token);
      return token.value;
    }
    const renewed = await this.#renewed(groupid, held, deadline);
    if (renewed !== undefined) return renewed;
    throw this.#unusable(groupid, held);
  }

  async #instead(groupid: string, refused: string, deadline: Deadline): Promise<string | undefined> {
    const kept = this.#entries.get(groupid)?.held;
    const isOther = kept?.token && kept.token.value !== refused;
    const held = isOther ? kept : await this.#heldNow(groupid);
    const token = this.#usable(held);
    return token && token.value !== refused ? token.value : this.#renewed(groupid, held, deadline, refused);
  }

  /** The next token that is not the refused one, as soon as it is there; nothing where nobody renews. */
  async #renewed(
    groupid: string,
    first: Held,
    deadline: Deadline,
    refused?: string,
  ): Promise<string | undefined> {
    const began = this.#clock.now();
    const longestMs = began < (this.#vainUntil.get(groupid) ?? 0) ? afterVain.longestMs : wait.longestMs;
    const end = began + Math.min(deadline.remaining() - wait.spareMs, longestMs);
    let held = first;
    for (let pause = wait.firstMs; ; pause = Math.min(pause * wait.growth, wait.mostMs)) {
      const heard = (await this.#renewal?.ask(groupid, held.version)) ?? 'nobody';
      if (heard === 'nobody') return undefined;
      if (this.#clock.now() + pause >= end) {
        const { message } = this.#unusable(groupid, held);
        const wish = heard === 'asked' ? 'was asked for, and has not come in time' : 'could not be asked for';
        // A call that came with little time has shown nothing.
        if (end - began >= afterVain.longestMs)
          this.#vainUntil.set(groupid, this.#clock.now() + afterVain.forMs);
        throw new PresenceError('unavailable', `${message}; a new one ${wish}`);
      }
      await this.#clock.sleep(pause);
      held = await this.#heldNow(groupid).catch((error: unknown) => passing(error, held));
      const token = this.#usable(held);
      if (!token || token.value === refused) continue;
      this.#vainUntil.delete(groupid);
      return token.value;
    }
  }

  /**
   * No call shall fail for it, as long as its token is good. It waits all the same: Lambda freezes a function that has
   * answered, and what has not left by then leaves with the next call.
   */
  async #askAhead(groupid: string, { version }: Held, token: Token): Promise<void> {
    const now = this.#clock.now();
    if (now < (this.#nextAsk.get(groupid) ?? 0)) return;
    this.#nextAsk.set(groupid, now + lastPartMs(token) / 4);
    const asking = this.#renewal?.ask(groupid, version).catch(() => {});
    await Promise.race([asking, this.#clock.sleep(askAheadMs)]);
  }

  /** A token that is still good serves, should it not be to be had anew just now. */
  async #held(groupid: string): Promise<Held> {
    const kept = this.#entries.get(groupid);
    if (kept && this.#clock.now() < kept.freshUntil) return await kept.reading;
    const before = kept?.held;
    return await this.#read(groupid).reading.catch((error: unknown) => {
      if (before && this.#usable(before)) return passing(error, before);
      throw error;
    });
  }

  /** Not from memory; one read that is under way serves all. */
  #heldNow(groupid: string): Promise<Held> {
    const kept = this.#entries.get(groupid);
    return (kept && !kept.held ? kept : this.#read(groupid)).reading;
  }

  #read(groupid: string): Entry {
    const entry: Entry = {
      reading: this.#fetch(this.#secretOf(groupid)),
      freshUntil: Number.POSITIVE_INFINITY,
    };
    const before = this.#entries.get(groupid);
    this.#entries.set(groupid, entry);
    entry.reading.then(
      (held) => {
        entry.held = held;
        entry.freshUntil = this.#freshUntil(held);
      },
      () => {
        if (this.#entries.get(groupid) !== entry) return;
        if (before) this.#entries.set(groupid, before);
        else this.#entries.delete(groupid);
      },
    );
    return entry;
  }

  #freshUntil({ token }: Held): number {
    const now = this.#clock.now();
    if (!token) return now;
    const atEnd = Math.min(keepAtEndMs, lastPartMs(token) / 10);
    const kept = Math.min(now + keepMs, Math.max(lastPartOf(token), now + atEnd));
    return Math.min(kept, token.expiresAt ?? kept);
  }

  #usable({ token }: Held): Token | undefined {
    return token && this.#clock.now() < (token.expiresAt ?? Number.POSITIVE_INFINITY) ? token : undefined;
  }

  #unusable(groupid: string, held: Held): PresenceError {
    const secret = this.#secretOf(groupid);
    const { token, fault } = held;
    if (fault) return unusable(secret, fault.message);
    if (this.#usable(held)) return unusable(secret, 'holds a token that Glance refuses');
    return unusable(secret, `holds a token that expired at ${new Date(token?.expiresAt ?? 0).toISOString()}`);
  }

  async #fetch(secret: string): Promise<Held> {
    try {
      const { SecretString, SecretBinary, VersionId } = await this.#client.send(
        new GetSecretValueCommand({ SecretId: secret }),
      );
      return { version: VersionId, ...readHeld(SecretBinary ? undefined : (SecretString ?? '')) };
    } catch (error) {
      if (isUnfilled(error)) return { version: undefined, ...readHeld('') };
      throw readFailure(secret, error);
    }
  }
}

/** When the last part of a token's life begins; never, where its end is not known. */
function lastPartOf(token: Token): number {
  return (token.expiresAt ?? Number.POSITIVE_INFINITY) - lastPartMs(token);
}

function lastPartMs({ issuedAt, expiresAt }: Token): number {
  if (issuedAt === undefined || expiresAt === undefined) return lastPart.unknownMs;
  return Math.min((expiresAt - issuedAt) * lastPart.share, lastPart.mostMs);
}

/** What was held before serves where the read may succeed the next time. Throws what will not pass. */
function passing(error: unknown, before: Held): Held {
  if (error instanceof PresenceError && error.code === 'unavailable') return before;
  throw error;
}

function readHeld(text: string | undefined): Pick<Held, 'token' | 'fault'> {
  try {
    if (text === undefined) throw new TokenFault('is binary, not text');
    return { token: readToken(text) };
  } catch (error) {
    if (error instanceof TokenFault) return { fault: error };
    throw error;
  }
}

/** What is under way serves other calls too, so it goes on; a call whose deadline passes leaves it. */
async function within<T>(deadline: Deadline, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new PresenceError('timeout', 'no token came in time')),
    Math.min(deadline.remaining(), longestTimerMs),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function readFailure(secret: string, error: unknown): PresenceError {
  if (isRefusal(error)) {
    const missing = error.name === 'ResourceNotFoundException';
    return unusable(secret, missing ? 'does not exist' : `cannot be read: ${error.name}`, error);
  }
  const name = error instanceof Error ? error.name : 'unknown error';
  return new PresenceError('unavailable', `secret ${secret} could not be read: ${name}`, { cause: error });
}

function unusable(secret: string, fault: string, cause?: unknown): PresenceError {
  return new PresenceError('authorization', `secret ${secret} ${fault}`, { cause });
}
