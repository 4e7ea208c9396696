import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { FailureNote } from '../../../shared/authorization/note.ts';
import { Vault, type Version } from '../../../shared/authorization/vault.ts';
import { readToken, type Token, TokenFault } from '../../../shared/presence/token.ts';
import { unset } from '../../names.ts';
import { type AwsCall, answerTo } from '../aws.ts';
import type { Place } from './place.ts';

/** A token secret, as it was at a time. */
export interface Sight {
  readonly current: Version;
  /** What the last renewal that failed has left there. */
  readonly note: FailureNote | undefined;
  /** By the clock of AWS, which may not be that of this machine: milliseconds since 1970, of whole seconds. */
  readonly at: number | undefined;
}

/** What has come of a request. */
export type News = { readonly token: Token } | { readonly note: FailureNote };

/** Looks at the token secret of a group. */
export class Watch {
  readonly #vault: Vault;
  readonly #secret: string;
  readonly #call: AwsCall;
  readonly #clock: () => number | undefined;

  constructor({ secretsManager, token, hints }: Place) {
    this.#vault = new Vault(secretsManager);
    this.#secret = token;
    this.#clock = clockOf(secretsManager);
    const put = `aws secretsmanager put-secret-value --secret-id ${token} --secret-string '${unset}'`;
    this.#call = {
      client: secretsManager,
      service: 'Secrets Manager',
      deed: 'read',
      hints: {
        rights: 'secretsmanager:GetSecretValue, and kms:Decrypt if it has a key of its own',
        empty: `the relay replaces what is there; put a first state: ${put}`,
        ...hints,
      },
    };
  }

  /** Throws `AwsTrouble`. */
  async look(): Promise<Sight> {
    const current = await answerTo(this.#call, this.#vault.current(this.#secret));
    const at = this.#clock();
    const note = await answerTo(this.#call, this.#vault.note(this.#secret));
    return { current, note, at };
  }
}

/**
 * What has come of a request that was made after `before`. A renewal that was under way already does not count: a token
 * granted, or a failure noted, before that time or with other credentials than the `stored` version.
 */
export function newsSince(before: Sight, now: Sight, stored: string | undefined): News | undefined {
  const since = before.at ?? 0;
  const { current, note } = now;
  if (current.id !== before.current.id) {
    const token = tokenIn(current);
    if (token?.issuedAt !== undefined && token.issuedAt >= since) return { token };
  }
  const isNew = note && note.at !== before.note?.at && note.at >= since;
  const isOfOthers = stored !== undefined && note?.credentials !== undefined && note.credentials !== stored;
  return isNew && !isOfOthers ? { note } : undefined;
}

function tokenIn({ text }: Version): Token | undefined {
  try {
    return readToken(text);
  } catch (error) {
    if (error instanceof TokenFault) return undefined;
    throw error;
  }
}

/** The time that the service told with its last answer. */
function clockOf(client: SecretsManagerClient): () => number | undefined {
  let time: number | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      time = dateOf(result.response);
      return result;
    },
    { step: 'deserialize' },
  );
  return () => time;
}

function dateOf(response: unknown): number | undefined {
  const { headers } = response as { headers?: Record<string, string> }; // the SDK leaves it untyped
  const time = Date.parse(headers?.date ?? '');
  return Number.isNaN(time) ? undefined : time;
}
