import * as z from 'zod/mini';
import { flawsOf, flawText } from '../runtime/flaws.ts';
import { loginKey } from './login-key.ts';

const text = z.string().check(z.minLength(1, 'must not be empty'), z.maxLength(1_024, 'is too long'));
/** "Any string of up to 255 characters." */
const partneruserid = z
  .string()
  .check(z.minLength(1, 'must not be empty'), z.maxLength(255, 'is longer than 255 characters'));
/** A number in Glance's samples; here as text or as a number. */
const partnerid = z.pipe(
  z.union([z.string(), z.int('must be digits')], 'must be digits'),
  z.pipe(z.transform(String), z.string().check(z.regex(/^[1-9]\d{0,14}$/, 'must be digits'))),
);

const withPassword = z.strictObject({ username: text, password: text });
const withSalesforce = z.strictObject({
  username: text,
  g4scredentials: z.string().check(z.length(32, 'must have 32 characters')),
});
const asPartner = z.strictObject({ partneruserid, apikey: text, partnerid: z.optional(partnerid) });
const withLoginKey = z.strictObject({
  username: text,
  apikey: text,
  partnerid: z.optional(partnerid),
  partneruserid: z.optional(partneruserid),
});

/** For what Glance grants tokens: the sets of its authorization page, with the API key in place of a login key. */
export type Credentials =
  | z.infer<typeof withPassword>
  | z.infer<typeof withSalesforce>
  | z.infer<typeof asPartner>
  | z.infer<typeof withLoginKey>;

/** What is wrong with the text of a credentials secret; the text itself is never repeated. */
export class CredentialsFault extends Error {
  override readonly name = 'CredentialsFault';
  /** Nobody has put any yet. */
  readonly isUnset: boolean;

  constructor(message: string, isUnset = false) {
    super(message);
    this.isUnset = isUnset;
  }
}

/**
 * Reads a credentials secret: `{"username","password"}`, `{"username","apikey"}`, `{"partneruserid","apikey"}` or those
 * three together, with `partnerid` where it is not the group id, or `{"username","g4scredentials"}`. Throws
 * `CredentialsFault`.
 */
export function readCredentials(secret: string): Credentials {
  if (secret.trim() === '') throw new CredentialsFault('is empty', true);
  const content = z.safeParse(z.record(z.string(), z.unknown()), parseJson(secret));
  if (!content.success) throw new CredentialsFault('is malformed: it is not a JSON object');
  if (content.data.state === 'unset') throw new CredentialsFault('holds no credentials yet', true);
  const result = z.safeParse(setOf(content.data), content.data, { reportInput: true });
  if (result.success) return result.data;
  throw new CredentialsFault(`is malformed: ${flawsOf(result.error).map(flawText).join('; ')}`);
}

/** The one key that only a set has tells which is meant. */
function setOf(content: Readonly<Record<string, unknown>>) {
  if ('password' in content) return withPassword;
  if ('g4scredentials' in content) return withSalesforce;
  if ('apikey' in content) return 'username' in content ? withLoginKey : asPartner;
  throw new CredentialsFault('is malformed: it holds none of "password", "apikey" and "g4scredentials"');
}

function parseJson(secret: string): unknown {
  try {
    return JSON.parse(secret.trim());
  } catch {
    throw new CredentialsFault('is malformed: it is not JSON');
  }
}

/** A key that is stolen on its way is soon worth nothing, and clocks may differ: Glance takes a day at most. */
const loginKeySeconds = 3_600;

/**
 * What the Authorization API is sent: a login key in place of the API key. What a login key with a user name is signed
 * over is not documented; here it is the partner user id, and where there is none the user name in its place.
 */
export function credentialsBody(
  credentials: Credentials,
  groupid: string,
  now: number,
): Readonly<Record<string, string | number>> {
  if (!('apikey' in credentials)) return credentials;
  const { apikey, partnerid = groupid, partneruserid } = credentials;
  const expires = Math.floor(now / 1_000) + loginKeySeconds;
  const signedBy = (id: string) => loginKey({ apiKey: apikey, partnerid, partneruserid: id, expires });
  if ('username' in credentials) {
    const { username } = credentials;
    return { username, loginkey: signedBy(partneruserid ?? username) };
  }
  return {
    partnerid: Number(partnerid),
    partneruserid: credentials.partneruserid,
    loginkey: signedBy(credentials.partneruserid),
  };
}
