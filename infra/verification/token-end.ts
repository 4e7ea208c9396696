import { createHmac } from 'node:crypto';

/** The end of all tokens that the stand-in grants for a password. */
export function tokenEnd(password: string): string {
  return createHmac('sha256', password).update('presence-relay-verify').digest('base64url');
}
