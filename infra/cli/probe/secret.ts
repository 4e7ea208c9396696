import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type AwsCall, AwsTrouble, answerTo } from '../aws.ts';
import type { TokenText } from './token.ts';

export interface TokenSecretOptions {
  readonly client: SecretsManagerClient;
  /** Name or ARN. */
  readonly secret: string;
  /** How a token gets there. */
  readonly put: string;
  /** What to do about it, where that is something else than with AWS. */
  readonly hints?: { readonly missing: string; readonly unreachable: string };
}

/** The text of a secret in AWS Secrets Manager. */
export function tokenSecret({ client, secret, put, hints }: TokenSecretOptions): TokenText {
  const call: AwsCall = {
    client,
    service: 'Secrets Manager',
    deed: 'read',
    hints: {
      rights: 'secretsmanager:GetSecretValue, and kms:Decrypt if it has a key of its own',
      otherwise: 'give the token by --token-stdin',
      empty: put,
      ...hints,
    },
  };
  return {
    called: `secret ${secret}`,
    put,
    async read() {
      const command = new GetSecretValueCommand({ SecretId: secret });
      const { SecretString } = await answerTo(call, client.send(command));
      if (SecretString === undefined) throw new AwsTrouble('is binary, not text', put);
      return SecretString;
    },
  };
}
