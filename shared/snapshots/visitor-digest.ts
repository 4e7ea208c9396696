import { createHmac } from 'node:crypto';

/** So many hexadecimal digits are 128 bits: no two visitors meet in one. */
const digits = 32;

/**
 * Makes what stands in the place of a visitor id: the same for the same id of the same group, and nobody can tell whose
 * it is who does not know the key. That is the text of the secret which ids of signals are made with, too; the word at
 * the beginning keeps the two apart.
 */
export function visitorDigest(key: string, groupid: string): (visitorid: string) => string {
  return (visitorid) =>
    createHmac('sha256', key)
      // Not put together by a separator, which might stand in an id.
      .update(JSON.stringify(['visitor', groupid, visitorid]))
      .digest('hex')
      .slice(0, digits);
}
