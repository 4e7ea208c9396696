import {
  GetSecretValueCommand,
  SecretsManagerClient,
  SecretsManagerServiceException,
} from '@aws-sdk/client-secrets-manager';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { PresenceError } from './errors.ts';
import { readToken, type Token, TokenFault, type TokenSource } from './token.ts';

/** A token is read anew after so long, so that a replaced one is noticed before the old one ends. */
const keepMs = 5 * 60_000;
/** A token this close to its end is used but not kept. */
const spareMs = 60_000;

interface Entry {
  readonly reading: Promise<Token>;
  token?: Token;
  freshUntil: number;
}

export interface SecretTokensOptions {
  /** Name or ARN of the secret that holds the token of a group. */
  secretOf(groupid: string): string;
  client?: SecretsManagerClient;
  clock?: Clock;
}

/**
 * Tokens from AWS Secrets Manager, one secret per group. Kept in memory for five minutes at most; however many
 * callers ask at once, one read is under way per group.
 */
export class SecretTokens implements TokenSource {
  readonly #secretOf: (groupid: string) => string;
  readonly #client: SecretsManagerClient;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor({ secretOf, client = secretsManager(), clock = systemClock }: SecretTokensOptions) {
    this.#secretOf = secretOf;
    this.#client = client;
    this.#clock = clock;
  }

  async get(groupid: string): Promise<string> {
    const kept = this.#entries.get(groupid);
    const entry = kept && this.#clock.now() < kept.freshUntil ? kept : this.#read(groupid);
    return (await entry.reading).value;
  }

  refused(groupid: string, token: string): void {
    if (this.#entries.get(groupid)?.token?.value === token) this.#entries.delete(groupid);
  }

  #read(groupid: string): Entry {
    const entry: Entry = {
      reading: this.#fetch(this.#secretOf(groupid)),
      freshUntil: Number.POSITIVE_INFINITY,
    };
    this.#entries.set(groupid, entry);
    entry.reading.then(
      (token) => {
        entry.token = token;
        entry.freshUntil = Math.min(
          this.#clock.now() + keepMs,
          (token.expiresAt ?? Number.POSITIVE_INFINITY) - spareMs,
        );
      },
      () => {
        if (this.#entries.get(groupid) === entry) this.#entries.delete(groupid);
      },
    );
    return entry;
  }

  async #fetch(secret: string): Promise<Token> {
    const token = readSecret(secret, await this.#fetchText(secret));
    if (token.expiresAt !== undefined && token.expiresAt <= this.#clock.now()) {
      throw unusable(secret, `holds a token that expired at ${new Date(token.expiresAt).toISOString()}`);
    }
    return token;
  }

  async #fetchText(secret: string): Promise<string> {
    try {
      const secretValue = await this.#client.send(new GetSecretValueCommand({ SecretId: secret }));
      if (secretValue.SecretBinary) throw unusable(secret, 'is binary, not text');
      return secretValue.SecretString ?? '';
    } catch (error) {
      throw readFailure(secret, error);
    }
  }
}

/** The client whose time-outs fit a call that somebody waits for. */
function secretsManager(): SecretsManagerClient {
  return new SecretsManagerClient({
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
  });
}

function readSecret(secret: string, text: string): Token {
  try {
    return readToken(text);
  } catch (error) {
    if (error instanceof TokenFault) throw unusable(secret, error.message);
    throw error;
  }
}

/** AWS has several names for "too fast", all of them with a status of the client's. */
const throttled = /Throttl|TooManyRequests|LimitExceeded/;

function readFailure(secret: string, error: unknown): PresenceError {
  if (error instanceof PresenceError) return error;
  if (
    error instanceof SecretsManagerServiceException &&
    error.$fault === 'client' &&
    !throttled.test(error.name)
  ) {
    const missing = error.name === 'ResourceNotFoundException';
    return unusable(secret, missing ? 'does not exist' : `cannot be read: ${error.name}`, error);
  }
  const name = error instanceof Error ? error.name : 'unknown error';
  return new PresenceError('unavailable', `secret ${secret} could not be read: ${name}`, { cause: error });
}

function unusable(secret: string, fault: string, cause?: unknown): PresenceError {
  return new PresenceError('authorization', `secret ${secret} ${fault}`, { cause });
}
