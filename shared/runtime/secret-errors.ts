import { ResourceNotFoundException, SecretsManagerServiceException } from '@aws-sdk/client-secrets-manager';

/** AWS has several names for "too fast", all of them with a status of the client's. */
const throttled = /Throttl|TooManyRequests|RequestLimitExceeded/;

/** Secrets Manager refuses, and would again: not a failure of its own, and not too many requests, which both pass. */
export function isRefusal(error: unknown): error is SecretsManagerServiceException {
  return (
    error instanceof SecretsManagerServiceException &&
    error.$fault === 'client' &&
    !throttled.test(error.name)
  );
}

/** The service has one name for a secret that is not there, and for one that holds no such version. */
export function isUnfilled(error: unknown): boolean {
  return error instanceof ResourceNotFoundException && /secret value/.test(error.message);
}
