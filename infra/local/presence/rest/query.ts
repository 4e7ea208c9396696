import { givenVisitorid } from '../ids.ts';
import { lookupOf } from '../lookup.ts';
import type { Servers } from '../servers.ts';
import type { Switches } from '../switches.ts';
import type { Presence } from '../visitors.ts';
import type { AgentEndpoint } from './agent-endpoint.ts';

const pieceLength = 65_536;

const brackets: Record<Switches['query'], readonly [string, string]> = {
  visitors: ['{"visitors":[', ']}'],
  array: ['[', ']'],
  object: ['{', '}'],
};

/** The shape of the answer is invented: no public page shows Glance's. */
export const query: AgentEndpoint = {
  name: 'query',
  method: 'GET',
  handle({ service, url, groupid }) {
    const visitorid = givenVisitorid(url.searchParams);
    const { population, servers, switches } = service;
    const one = visitorid === undefined ? undefined : population.find(groupid, visitorid);
    const presences = visitorid === undefined ? population.all(groupid) : one ? [one] : [];
    return {
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: inPieces(written(presences, servers, switches)),
    };
  },
};

function* written(presences: Iterable<Presence>, servers: Servers, switches: Switches): Generator<string> {
  const [open, close] = brackets[switches.query];
  let before = open;
  for (const presence of presences) {
    const key = switches.query === 'object' ? `${JSON.stringify(presence.visitorid)}:` : '';
    yield before + key + JSON.stringify(lookupOf(presence, servers.address(presence.server), switches));
    before = ',';
  }
  yield (before === open ? open : '') + close;
}

/** Joined to pieces that are worth a write each. */
function* inPieces(texts: Iterable<string>): Generator<string> {
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (piece.length >= pieceLength) {
      yield piece;
      piece = '';
    }
  }
  if (piece) yield piece;
}
