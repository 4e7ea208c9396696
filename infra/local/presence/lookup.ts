import { pythonText } from './python-text.ts';
import type { ServerAddress } from './servers.ts';
import type { Switches } from './switches.ts';
import type { Presence } from './visitors.ts';

/** The port of the native SDKs' raw TLS, as Glance's samples have it; nothing listens there. */
const tlsport = 5501;

/** Where a visitor's connection is, as `/findvisitor` and `/lookupvisitor` say it. */
export function routing({ host, port, instance }: ServerAddress): Record<string, string | number> {
  return {
    ds: `${host}/${instance}`,
    direct: `${host}:${port}`,
    directserver: host,
    tlsport,
    httpsport: port,
  };
}

/** A present visitor as `/lookupvisitor` shows it. */
export function lookupOf(
  presence: Presence,
  address: ServerAddress,
  switches: Switches,
): Record<string, unknown> {
  const { ds, direct, directserver, httpsport } = routing(address);
  if (switches.lookupRoutingOnly) return { direct, ds, directserver, tlsport, httpsport };
  const reserved = {
    direct,
    visitorpresent: unixSeconds(presence.since),
    timestamp: unixSeconds(presence.seen),
    ...(switches.lookupVisitorid ? { visitorid: presence.visitorid } : {}),
    groupid: String(presence.groupid),
    ds,
    directserver,
    tlsport,
    httpsport,
  };
  // Without a prototype, a visitor's `__proto__` is a key like any other.
  const lookup: Record<string, unknown> = Object.assign(Object.create(null), reserved);
  for (const [key, value] of presence.data) {
    if (switches.shadowReserved || !(key in lookup))
      lookup[key] = switches.data === 'text' ? pythonText(value) : value;
  }
  return lookup;
}

function unixSeconds(milliseconds: number): string {
  return `${Math.floor(milliseconds / 1000)}.0`;
}
