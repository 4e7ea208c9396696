import type { Readable } from 'node:stream';
import type { ReportedServer } from '../../../shared/presence/address.ts';
import { readServer } from '../../../shared/presence/answers.ts';
import { PresenceError } from '../../../shared/presence/errors.ts';
import { type GroupId, isStrictVisitorId, type VisitorId, visitorId } from '../../../shared/presence/ids.ts';
import { openAnswer } from '../../../shared/presence/query.ts';
import { TransportError } from '../../../shared/presence/transport.ts';
import { type Finding, finding } from '../report.ts';
import type { Asker } from './asker.ts';
import { type Crowd, readCrowd } from './crowd.ts';
import { namesOf } from './shape.ts';

interface QueriedGroup {
  readonly groupid: GroupId;
  /** It takes visitor ids of the strict form alone. */
  readonly strict: boolean;
}

/** What is not for the report itself. */
interface Seen {
  readonly ids: readonly string[];
  /** One of those present whom the relay can be asked about. */
  readonly somebody: VisitorId | undefined;
  readonly servers: readonly ReportedServer[];
}

const mostBytes = 262_144;

/** `GET /query`, its beginning only. Without the right to query, everything else still works. */
export function queryGroup(
  asker: Asker,
  { groupid, strict }: QueriedGroup,
  tell: (seen: Seen) => void,
): Promise<Finding> {
  return asker.stream(`/query?groupid=${groupid}`, [200, 401, 403], async ({ status, body }) => {
    if (status !== 200) return refused();
    const start = await readStart(body).catch(unlessRefused);
    if (!start) return refused();
    const crowd = readCrowd(start.text, start.isCut);
    if (!crowd) return finding('fail', 'the answer is not JSON');
    const ids = crowd.visitors.map(({ id }) => id).filter((id) => id !== undefined);
    const askable = ids
      .map((id) => visitorId.safeParse(id).data)
      .filter((id) => id !== undefined && (!strict || isStrictVisitorId(id)));
    const servers = crowd.visitors
      .map(({ data }) => readServer(data))
      .filter((server) => server !== undefined);
    tell({ ids, somebody: askable[0], servers });
    return describe(crowd, start, { ids, unaskable: ids.length - askable.length });
  });
}

function refused(): Finding {
  return finding(
    'warn',
    'this token may not query: the relay’s /query will not work',
    'ask Glance which privilege it needs, if you want it',
  );
}

function unlessRefused(error: unknown): undefined {
  if (!(error instanceof PresenceError && error.code === 'authorization')) throw error;
}

interface Start {
  readonly text: string;
  readonly isCut: boolean;
  readonly kilobytes: number;
}

async function readStart(response: Readable): Promise<Start> {
  const pieces: Buffer[] = [];
  let size = 0;
  let isCut = false;
  const body = await openAnswer(response);
  try {
    for await (const piece of body) {
      pieces.push(piece);
      size += piece.length;
      isCut = size >= mostBytes;
      if (isCut) break;
    }
  } catch (error) {
    // The whole answer may go on for minutes.
    isCut = error instanceof TransportError && error.late;
    if (!isCut) throw error;
  }
  return { text: Buffer.concat(pieces).toString('utf8'), isCut, kilobytes: Math.ceil(size / 1_024) };
}

interface Ids {
  readonly ids: readonly string[];
  readonly unaskable: number;
}

function describe({ form, visitors }: Crowd, { isCut, kilobytes }: Start, { ids, unaskable }: Ids): Finding {
  const far = isCut ? ` in the first ${kilobytes} KB` : '';
  if (form === undefined) {
    const says = `JSON of a shape that is not known here${far}`;
    return finding('warn', says, 'the relay’s /query passes it on as it is');
  }
  if (visitors.length === 0) return finding('ok', `${form}: nobody is present`);
  const keys = namesOf(
    visitors.flatMap(({ data }) => Object.keys(data)),
    new Set(ids),
  );
  const says = `${form}: ${isCut ? 'at least ' : ''}${visitors.length} present${far}; keys ${keys}`;
  if (unaskable === 0) return finding('ok', says);
  const hint = 'the relay answers 400 to them; see "visitorids" in docs/configuration.md';
  return finding('warn', `${says}; ${unaskable} visitor ids are none that the relay takes`, hint);
}
