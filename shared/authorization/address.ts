import { type Refusal, readPresenceAddress, type ServerAddress } from '../presence/address.ts';

/** An operation that grants tokens, which receives credentials: checked. */
export interface AuthorizationAddress {
  readonly server: ServerAddress;
  /** Begins with a slash; without a query. */
  readonly path: string;
  readonly checked: true;
}

/** Where Glance's own browser scripts ask for tokens. */
export const glanceAuthorization = 'https://www.glance.net/services/AuthorizationService.svc/rest/Authorize';

/**
 * Reads the address of the operation: `https://www.glance.net/services/…/Authorize`. Plain http and ports other than
 * 443 are for loopback addresses alone.
 */
export function readAuthorizationAddress(text: string): AuthorizationAddress | Refusal {
  const parts = /^(https?:\/\/[^/?#]+)(\/[A-Za-z0-9._~/-]+)$/.exec(text);
  if (!parts) return { checked: false, reason: 'is not https://, a host name and a path' };
  const [, origin = '', path = ''] = parts;
  if (/\/\.{1,2}(\/|$)/.test(path)) return { checked: false, reason: 'has "." or ".." in its path' };
  const server = readPresenceAddress(origin);
  return server.checked ? { server, path, checked: true } : server;
}
