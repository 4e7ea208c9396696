import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { isRefusal } from '../../runtime/secret-errors.ts';
import type { Keys, Source } from '../source.ts';
import { KeysFault, readKeys } from './keys.ts';

export interface SourceKeysOptions {
  /** Name or ARN of the secret of a source. */
  secretOf(name: string): string | undefined;
  readonly client: SecretsManagerClient;
  readonly clock?: Pick<Clock, 'now'>;
  /** Hears of a secret that is of no use; `fault` never repeats a key. */
  readonly faulty?: (name: string, fault: string) => void;
}

/** What a secret held when it was read: no keys, where it is of no use. */
interface Held {
  readonly keys: Keys | undefined;
  readonly text: string;
}

interface Entry {
  readonly reading: Promise<Held>;
  readonly readAt: number;
  /** How often nothing of it has fitted. */
  misses: number;
}

const keepMs = 5 * 60_000;
/** A key that was changed a moment ago is looked for, but not all the time. */
const leastAgeMs = 30_000;
/** Who changes a key has a few requests refused; more are a flood, which has nothing read anew. */
const mostMisses = 3;

/**
 * The keys of the sources, from AWS Secrets Manager: one read per source, kept for five minutes. However many requests
 * are forged, there is no further one.
 */
export class SourceKeys {
  readonly #options: SourceKeysOptions;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #entries = new Map<string, Entry>();

  constructor(options: SourceKeysOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Nothing where its secret is of no use. Rejects as the client does where it is not to be had. */
  async get(name: string, source: Source): Promise<Keys | undefined> {
    const known = this.#entries.get(name);
    const entry =
      known && this.#clock.now() < known.readAt + keepMs ? known : this.#read(name, source, known);
    return (await entry.reading).keys;
  }

  /** None of the keys has fitted: others, where the secret may have and has others by now. */
  async others(name: string, source: Source): Promise<Keys | undefined> {
    const known = this.#entries.get(name);
    if (!known) return undefined;
    known.misses += 1;
    const isOld = this.#clock.now() >= known.readAt + leastAgeMs;
    if (!isOld || known.misses > mostMisses) return undefined;
    const [before, now] = await Promise.all([known.reading, this.#read(name, source, known).reading]);
    return now.text === before.text ? undefined : now.keys;
  }

  #read(name: string, source: Source, before: Entry | undefined): Entry {
    const reading = this.#fetch(name, source);
    const entry = { reading, readAt: this.#clock.now(), misses: 0 };
    this.#entries.set(name, entry);
    reading.catch(() => {
      // What was known goes on being good, and a next request may try again.
      if (before) this.#entries.set(name, { ...before, readAt: this.#clock.now() - keepMs + leastAgeMs });
      else this.#entries.delete(name);
    });
    return before ? { ...entry, reading: reading.catch(() => before.reading) } : entry;
  }

  async #fetch(name: string, source: Source): Promise<Held> {
    const { client, secretOf, faulty } = this.#options;
    const SecretId = secretOf(name);
    if (SecretId === undefined) return { keys: undefined, text: '' };
    try {
      const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId }));
      return { keys: readKeys(SecretString, source.lists), text: SecretString };
    } catch (error) {
      if (!(error instanceof KeysFault) && !isRefusal(error)) throw error;
      faulty?.(name, error instanceof KeysFault ? error.message : `cannot be read: ${error.name}`);
      return { keys: undefined, text: '' };
    }
  }
}
