import { randomUUID } from 'node:crypto';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { type Token, writeToken } from '../presence/token.ts';
import { isUnfilled } from '../runtime/secret-errors.ts';
import { type FailureNote, noteLabel, readNote, writeNote } from './note.ts';

/** A version of a secret. */
export interface Version {
  readonly id: string | undefined;
  readonly text: string;
  readonly isBinary?: boolean;
}

/** The secrets of a group, by name or ARN, in AWS Secrets Manager. All methods throw what its client throws. */
export class Vault {
  readonly #client: SecretsManagerClient;

  constructor(client: SecretsManagerClient) {
    this.#client = client;
  }

  /** A secret that was never filled has no version, and no text. */
  async current(secret: string): Promise<Version> {
    try {
      const {
        VersionId,
        SecretString = '',
        SecretBinary,
      } = await this.#client.send(new GetSecretValueCommand({ SecretId: secret }));
      return { id: VersionId, text: SecretString, isBinary: SecretBinary !== undefined };
    } catch (error) {
      if (isUnfilled(error)) return { id: undefined, text: '' };
      throw error;
    }
  }

  /** What the last renewal that failed has left behind. */
  async note(secret: string): Promise<FailureNote | undefined> {
    try {
      const { SecretString = '' } = await this.#client.send(
        new GetSecretValueCommand({ SecretId: secret, VersionStage: noteLabel }),
      );
      return readNote(SecretString);
    } catch (error) {
      if (isUnfilled(error)) return undefined;
      throw error;
    }
  }

  async putToken(secret: string, token: Token): Promise<void> {
    await this.#put(secret, { id: randomUUID(), text: writeToken(token) });
  }

  /**
   * Beside the current version, which stays. Where there is none, it becomes that itself, under this id, and is taken for
   * no token.
   */
  async putNote(secret: string, note: FailureNote, id: string = randomUUID()): Promise<void> {
    await this.#put(secret, { id, text: writeNote(note) }, [noteLabel]);
  }

  /** The client repeats a request by itself: with its id, it is carried out once. */
  async #put(secret: string, { id, text }: { id: string; text: string }, labels?: string[]): Promise<void> {
    await this.#client.send(
      new PutSecretValueCommand({
        SecretId: secret,
        ClientRequestToken: id,
        SecretString: text,
        ...(labels && { VersionStages: labels }),
      }),
    );
  }
}
