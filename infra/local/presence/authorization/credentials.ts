import * as z from 'zod/mini';
import { sameText } from '../same-text.ts';
import type { Account } from './accounts.ts';
import { loginKeyFlaw } from './login-key.ts';

const username = z.string();
const loginkey = z.string();
const partnerid = z.union([z.int(), z.string().check(z.regex(/^[1-9]\d*$/))]);

/** Strict, so that a body with more than one set of them is none of these. */
const credentialsSchema = z.union([
  z.strictObject({ username, password: z.string() }),
  z.strictObject({ username, loginkey }),
  z.strictObject({ username, g4scredentials: z.string().check(z.length(32)) }),
  z.strictObject({ partnerid, partneruserid: z.string(), loginkey }),
]);

type Credentials = z.infer<typeof credentialsSchema>;

/** Why these credentials are not the account's at `now` (Unix seconds); undefined when they are. */
export function credentialsFlaw(body: unknown, account: Account, now: number): string | undefined {
  if (typeof body === 'object' && body !== null && 'gssnid' in body) {
    return 'gssnid is not supported: there are no web sessions here';
  }
  const credentials = z.safeParse(credentialsSchema, body);
  if (!credentials.success) {
    return (
      'The credentials have to be one of: username and password; username and loginkey; username and ' +
      'g4scredentials (32 characters); partnerid, partneruserid and loginkey'
    );
  }
  return nameFlaw(credentials.data, account) ?? proofFlaw(credentials.data, account, now);
}

function nameFlaw(credentials: Credentials, account: Account): string | undefined {
  if ('username' in credentials) {
    return credentials.username === account.username ? undefined : 'The group has no user of this username';
  }
  if (String(credentials.partnerid) !== String(account.partnerid)) return 'The group has another partnerid';
  return credentials.partneruserid === account.partneruserid
    ? undefined
    : 'The group has no user of this partneruserid';
}

function proofFlaw(credentials: Credentials, account: Account, now: number): string | undefined {
  if ('password' in credentials) {
    return sameText(credentials.password, account.password) ? undefined : 'The password is wrong';
  }
  if ('g4scredentials' in credentials) {
    const same = sameText(credentials.g4scredentials, account.g4scredentials);
    return same ? undefined : 'The g4scredentials are wrong';
  }
  const { partnerid: partner, username: name, partneruserid: user, apikey } = account;
  const flawFor = (signer: string) => loginKeyFlaw(credentials.loginkey, `${partner}${signer}`, apikey, now);
  // What the login key of a username signs is not documented; either is an assumption.
  return 'username' in credentials ? flawFor(name) && flawFor(user) : flawFor(user);
}
