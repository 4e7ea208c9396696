import type { RefreshFailureName } from '../../../shared/authorization/metrics.ts';
import type { Place } from './place.ts';

/** What to do about a token that the relay did not get. */
export function hintFor(failure: RefreshFailureName, { command }: Place): string {
  const again = `the relay tries again by itself; "${command} --again" does so at once`;
  const hints: Record<RefreshFailureName, string> = {
    'no-credentials': `store some: ${command}`,
    'bad-credentials': `store them anew: ${command}; or, if they cannot be read, may the relay’s function read the secret? It is "credentials" of the group in relay.config.ts, and "keyArn" there if a key of yours encrypts it`,
    'authorization-refused': `are they right, and not expired? The user, or the API key, has to be of the account of this very group, and allowed to use Presence; see "site" and "authorization" of the group in relay.config.ts too. Right ones: ${command}`,
    'authorization-unavailable': again,
    'authorization-invalid': `is "authorization" of the group in relay.config.ts an operation of the Authorization API? If so, ${again}`,
    'token-refused':
      'the credentials are good, but the Presence service does not take the token: may the user use Presence, and are "presence" and "site" in relay.config.ts those of the group?',
    'token-untried': `the token was granted, but could not be tried: is "presence" in relay.config.ts the Presence service of the group? If so, ${again}`,
    'token-not-stored': `the token was granted, and works, but cannot be stored: may the relay’s function write the secret? It is "secret" of the group in relay.config.ts, and "keyArn" there if a key of yours encrypts it. Then: ${command} --again`,
  };
  return hints[failure];
}
