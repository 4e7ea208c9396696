import {
  checkDirectServer,
  isHostPattern,
  type ReportedServer,
  type ServerRules,
} from '../../../shared/presence/address.ts';
import type { GroupId } from '../../../shared/presence/ids.ts';
import { type Finding, finding } from '../report.ts';

export interface Sighting {
  readonly server: ReportedServer;
  /** In `/query`, what a page tells of its visitor may stand where the name of a server should. */
  readonly by: 'findvisitor' | 'query';
}

interface Judgement {
  readonly says: string;
  readonly isAllowed: boolean;
  readonly by: Sighting['by'];
  /** What would allow it, in `directServers`. */
  readonly pattern?: string;
}

const mostNamed = 10;

/** Whether the servers that the answers named may have the group's token. Nothing is sent to them. */
export function judgeServers(
  sightings: readonly Sighting[],
  rules: ServerRules,
  groupid: GroupId,
  unspeakable: ReadonlySet<string>,
): Finding {
  if (sightings.length === 0) return finding('skipped', 'no answer has named a direct server');
  const judged = sightings.map((sighting) => judge(sighting, rules, unspeakable));
  // The refused ones first, so that none of them is among those that are not named.
  const each = [...new Map(judged.map((one) => [one.says, one])).values()].sort(
    (a, b) => Number(a.isAllowed) - Number(b.isAllowed) || a.says.localeCompare(b.says),
  );
  const rest = each.length - mostNamed;
  const named = each.slice(0, mostNamed).map(({ says }) => says);
  const says = [...named, ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
  const refused = each.filter(({ isAllowed }) => !isAllowed);
  const certain = refused.filter(({ by }) => by === 'findvisitor');
  if (certain.length > 0) return finding('fail', says, hintFor(certain, groupid));
  if (refused.length > 0) return finding('warn', says, uncertain);
  return finding('ok', says);
}

const uncertain =
  'only /query says so, where a page’s own data may stand in its place: look at that visitor (--visitor <id>) before you allow a host';

function judge({ server, by }: Sighting, rules: ServerRules, unspeakable: ReadonlySet<string>): Judgement {
  const { port } = server;
  const hostname = server.hostname.toLowerCase();
  const refused = (says: string) => ({ says: `${says} is refused`, isAllowed: false, by });
  if (!isHostName(hostname) || unspeakable.has(server.hostname))
    return refused('a server without a readable host name');
  const name = `${hostname}:${Number.isNaN(port) ? '?' : port}`;
  if (checkDirectServer(server, rules).checked) return { says: `${name} is allowed`, isAllowed: true, by };
  if (checkDirectServer({ hostname, port: 443 }, rules).checked) return refused(`${name}, for its port,`);
  if (by === 'query' && !isGlance(hostname)) return refused('a host that is not of glance.net');
  return { ...refused(name), pattern: isGlance(hostname) ? numberless(hostname) : hostname };
}

/** Without a dot, it is none that a server of a group has; and it may be anything else. */
function isHostName(name: string): boolean {
  return name === 'localhost' || (name.includes('.') && isHostPattern(name) && !name.includes('#'));
}

function isGlance(hostname: string): boolean {
  return /^[^.]+\.glance\.net$/.test(hostname);
}

/** Glance numbers its servers: `pr0016.glance.net` is one of `pr####.glance.net`. */
function numberless(hostname: string): string {
  return hostname.replaceAll(/\d/g, '#');
}

function hintFor(refused: readonly Judgement[], groupid: GroupId): string {
  const patterns = refused.map(({ pattern }) => pattern).filter((pattern) => pattern !== undefined);
  if (patterns.length === 0) return 'the relay sends a token to port 443 of a readable host name alone';
  const list = [...new Set(patterns)].map((pattern) => `'${pattern}'`).join(', ');
  return `the token of the group would go there, so make sure that it is a Presence server; then add ${list} to "directServers" of group ${groupid} in relay.config.ts`;
}
