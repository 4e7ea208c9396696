import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/**
 * The key that ids are made with, by name or ARN of its secret. Rejects as the client does, and when nothing is in it.
 */
export async function readIdKey(secret: string, client: SecretsManagerClient): Promise<string> {
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secret }));
  if (!SecretString) throw new Error(`secret ${secret} holds no key for ids`);
  return SecretString;
}
