import { createHmac } from 'node:crypto';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { readIdKey } from '../runtime/id-key.ts';
import { once } from '../runtime/once.ts';
import { type SignalId, signalId } from './signal.ts';

export interface IdKeyOptions {
  /** Name or ARN of the secret that holds the key. */
  readonly secret: string;
  readonly client: SecretsManagerClient;
}

/** So many hexadecimal digits are 128 bits: no two signals meet in one. */
const digits = 32;

/**
 * Makes ids that are the same for the same parts, and that nobody can tell beforehand who does not know the key. It has
 * to stay the same as long as records are kept. Rejects as the client of Secrets Manager does.
 */
export class IdKey {
  readonly #key: () => Promise<string>;

  constructor({ secret, client }: IdKeyOptions) {
    this.#key = once(() => readIdKey(secret, client));
  }

  async idOf(...parts: readonly string[]): Promise<SignalId> {
    // Not put together by a separator, which might stand in a part.
    const digest = createHmac('sha256', await this.#key())
      .update(JSON.stringify(parts))
      .digest('hex');
    return signalId.parse(digest.slice(0, digits));
  }
}
