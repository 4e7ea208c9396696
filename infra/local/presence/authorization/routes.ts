import type { Answer } from '../../http/answer.ts';
import { readJson } from '../http/body.ts';
import { answerOf, type Exchange, type Respond } from '../http/exchange.ts';
import { badRequest } from '../http/refusal.ts';
import type { Route } from '../http/router.ts';
import { groupidOf } from '../ids.ts';
import { agentCors } from '../rest/agent-endpoint.ts';
import { respondWith } from '../rest/faulty.ts';
import type { PresenceService } from '../service.ts';
import { granted, refused, type Shape } from './answers.ts';
import type { GrantRequest } from './authorization.ts';

const rest = '/services/AuthorizationService.svc/rest';
export const authorizePath = `${rest}/Authorize`;

/** Both forms in which agents ask for tokens. Faults happen on them as on one endpoint. */
export function authorizationRoutes(service: PresenceService): Route[] {
  const route = (path: string, shape: Shape): Route => ({
    path,
    methods: { POST: responder(service, shape) },
    cors: (origin) => agentCors(service, origin),
  });
  return [route(authorizePath, 'string'), route(`${rest}/AuthorizeService`, 'object')];
}

function responder(service: PresenceService, usual: Shape): Respond {
  return (exchange) => {
    const { response } = exchange;
    const tellTime = () => response.setHeader('date', new Date(service.authorization.now()).toUTCString());
    const answer = (withheld: boolean) => {
      tellTime();
      return answerOf(() => authorize(service, exchange, usual, withheld));
    };
    // A canned answer comes without asking for the true one.
    tellTime();
    return respondWith(service.faults.take('authorize'), answer, response);
  };
}

async function authorize(
  service: PresenceService,
  { request, url }: Exchange,
  usual: Shape,
  withheld: boolean,
): Promise<Answer> {
  const { authorization, switches } = service;
  const asked = requestOf(service, url.searchParams);
  const { plain: credentials } = await readJson(request);
  const flaw = authorization.flawOf(credentials, asked.groupid);
  if (flaw !== undefined) return refused(flaw, asked.groupid, switches.authorizeRefusal);
  const shape = switches.authorizeAnswer === 'by-path' ? usual : switches.authorizeAnswer;
  return granted(authorization.grant(asked, withheld), shape, authorization.now());
}

function requestOf(service: PresenceService, query: URLSearchParams): GrantRequest {
  const site = query.get('site') ?? 'production';
  if (site !== 'production' && site !== 'staging') throw badRequest('site is production or staging');
  return {
    groupid: groupOf(service, query),
    minutes: minutesOf(query),
    presence: query.get('service') === 'presence',
  };
}

/** An agent of several groups has to say which. */
function groupOf(service: PresenceService, query: URLSearchParams): number {
  const [only, ...others] = service.groups;
  if (only !== undefined && others.length === 0 && !query.has('groupid')) return only;
  return service.requireGroup(groupidOf(query));
}

function minutesOf(query: URLSearchParams): number {
  const text = query.get('duration') ?? '60';
  const minutes = /^\d+$/.test(text) ? Number(text) : 0;
  if (minutes < 1 || minutes > 120) throw badRequest('duration is a whole number of minutes from 1 to 120');
  return minutes;
}
