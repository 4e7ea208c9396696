import { createHmac } from 'node:crypto';

export interface LoginKeyFields {
  /** Belongs to the group's account; it never leaves this machine. */
  readonly apiKey: string;
  /** "Usually the same" as the group id. */
  readonly partnerid: string;
  readonly partneruserid: string;
  /** Unix seconds, at most a day from now. */
  readonly expires: number;
}

const version = '1';

/**
 * A Glance Login Key: `$1$<expires>$<signature>`, the signature an HMAC-SHA256 in base64url without padding.
 * https://help.glance.net/integrations/login-key/integration_loginkey/
 */
export function loginKey({ apiKey, partnerid, partneruserid, expires }: LoginKeyFields): string {
  const signed = `${partnerid}${partneruserid}${version}${expires}`;
  const signature = createHmac('sha256', apiKey).update(signed).digest('base64url');
  return `$${version}$${expires}$${signature}`;
}
