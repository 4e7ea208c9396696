import type { ReportedServer, ServerAddress } from '../../../shared/presence/address.ts';
import { readFind, readLookup } from '../../../shared/presence/answers.ts';
import type { GroupId, VisitorId } from '../../../shared/presence/ids.ts';
import type { HttpResponse } from '../../../shared/presence/transport.ts';
import { type Finding, finding } from '../report.ts';
import type { Asker } from './asker.ts';
import { shapeOf } from './shape.ts';

/** Whom the service is asked about. Their ids, and others seen on the way, are not to be printed. */
export interface Subject {
  readonly groupid: GroupId;
  readonly visitorid: VisitorId;
  readonly unspeakable: ReadonlySet<string>;
}

/** The relay understands these, whatever they hold. */
const answered = [200, 404];
const strange =
  'the relay would take anybody for present; please tell the makers of the relay what this line says';

/** `GET /lookupvisitor` for a visitor who cannot exist. */
export function lookUpNobody(asker: Asker, subject: Subject): Promise<Finding> {
  return asker.ask(visitorPath('/lookupvisitor', subject), answered, (response) => {
    const { presence } = readLookup(response);
    const shape = shapeOfAnswer(response, subject);
    if (presence === 'absent') return absence(response, shape);
    if (presence === 'present')
      return finding('fail', `somebody who does not exist is present: ${shape}`, strange);
    return finding('warn', `neither present nor absent, for somebody who does not exist: ${shape}`);
  });
}

/** `GET /findvisitor` for a visitor who cannot exist. */
export function findNobody(asker: Asker, subject: Subject): Promise<Finding> {
  return asker.ask(visitorPath('/findvisitor', subject), answered, (response) => {
    const { presence } = readFind(response);
    const shape = shapeOfAnswer(response, subject);
    if (presence === 'absent') return absence(response, shape);
    return finding('fail', `somebody who does not exist is found: ${shape}`, strange);
  });
}

/** A host that knows nothing of Presence says so too. */
function absence({ status, text }: HttpResponse, shape: string): Finding {
  const isBare = status === 404 && text.trim() === '';
  return finding(
    isBare ? 'warn' : 'ok',
    `absent, as ${shape}`,
    isBare ? 'any web server may say so: is this the Presence host of the group?' : undefined,
  );
}

const gone = 'is a page of the site open in that visitor’s browser, with this group and visitor id?';

/** `GET /lookupvisitor` for a visitor who should be present. */
export function lookUp(asker: Asker, subject: Subject): Promise<Finding> {
  return asker.ask(visitorPath('/lookupvisitor', subject), answered, (response) => {
    const { presence } = readLookup(response);
    const shape = shapeOfAnswer(response, subject);
    if (presence === 'absent') return finding('warn', `absent, as ${shape}`, gone);
    if (presence === 'present') return finding('ok', `present, as ${shape}`);
    return finding('warn', `a server and nothing of the visitor: ${shape}`);
  });
}

/** `GET /findvisitor` for a visitor who should be present; `sighted` hears of the server, if one is named. */
export function find(
  asker: Asker,
  subject: Subject,
  presence: ServerAddress,
  sighted: (server: ReportedServer) => void,
): Promise<Finding> {
  return asker.ask(visitorPath('/findvisitor', subject), answered, (response) => {
    const found = readFind(response);
    const shape = shapeOfAnswer(response, subject);
    if (found.presence === 'absent') return finding('warn', `absent, as ${shape}`, gone);
    if (found.server) sighted(found.server);
    const where = found.server ? '' : `; names no server, so it is ${presence.hostname}`;
    return finding('ok', `found, as ${shape}${where}`);
  });
}

function shapeOfAnswer({ text }: HttpResponse, { unspeakable }: Subject): string {
  return shapeOf(text, unspeakable);
}

function visitorPath(endpoint: string, { groupid, visitorid }: Subject): string {
  return `${endpoint}?groupid=${groupid}&visitorid=${encodeURIComponent(visitorid)}`;
}
