import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** The client whose time-outs fit a call that somebody waits for. */
export function secretsManager(options: { maxAttempts?: number } = {}): SecretsManagerClient {
  return new SecretsManagerClient({
    ...options,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
  });
}
