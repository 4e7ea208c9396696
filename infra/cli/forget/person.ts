import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { visitorDigest } from '../../../shared/snapshots/visitor-digest.ts';
import { type AwsCall, AwsTrouble, answerOf } from '../aws.ts';
import type { IsPerson } from './look.ts';

/** Somebody, by what stands in lines: the id, or what stood in its place. */
export interface Person {
  in(groupid: string): IsPerson;
  /** Why digests are not looked for; nothing where they are. */
  readonly withoutDigests?: string;
}

interface PersonOptions {
  readonly client: SecretsManagerClient;
  /** Name of the secret that digests are made with. */
  readonly idKey: string;
  /** Whether digests stand there for sure. */
  readonly needsDigests: boolean;
  readonly hints?: { readonly missing: string; readonly unreachable: string } | undefined;
}

/**
 * A group may have had ids and digests by turns, so both are looked for wherever the key is to be had. Throws
 * `AwsTrouble` where it is not, and is needed.
 */
export async function personOf(id: string, options: PersonOptions): Promise<Person> {
  try {
    const key = await readKey(options);
    return {
      in(groupid) {
        const digest = visitorDigest(key, groupid)(id);
        return (found) => found === id || found === digest;
      },
    };
  } catch (error) {
    if (!(error instanceof AwsTrouble) || options.needsDigests) throw error;
    return { in: () => (found) => found === id, withoutDigests: error.message };
  }
}

async function readKey({ client, idKey, hints }: PersonOptions): Promise<string> {
  const thing = `secret ${idKey}`;
  const call: AwsCall = {
    client,
    service: 'Secrets Manager',
    deed: 'read',
    hints: { rights: `secretsmanager:GetSecretValue on ${idKey}`, ...hints },
  };
  const { SecretString } = await answerOf(
    thing,
    call,
    client.send(new GetSecretValueCommand({ SecretId: idKey })),
  );
  if (!SecretString) throw new AwsTrouble(`${thing} holds no key`, 'deploy the relay anew');
  return SecretString;
}
