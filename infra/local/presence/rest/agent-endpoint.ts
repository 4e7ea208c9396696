import type { Answer } from '../../http/answer.ts';
import type { Endpoint, Fault } from '../faults.ts';
import { answerOf, type Exchange, type Respond } from '../http/exchange.ts';
import type { Method, Route } from '../http/router.ts';
import { groupidOf } from '../ids.ts';
import type { PresenceService } from '../service.ts';
import { authorize } from '../tokens.ts';
import { respondWith } from './faulty.ts';

interface AgentCall extends Exchange {
  readonly service: PresenceService;
  readonly groupid: number;
  readonly fault: Fault | undefined;
  /** A signal of this call is answered as if it were delivered, and is not. */
  readonly withheld: boolean;
}

export interface AgentEndpoint {
  readonly name: Endpoint;
  readonly method: Method;
  readonly handle: (call: AgentCall) => Answer | Promise<Answer>;
}

/** The route of an endpoint that needs an agent's token, and on which faults happen. */
export function agentRoute(service: PresenceService, endpoint: AgentEndpoint): Route {
  return {
    path: `/${endpoint.name}`,
    methods: { [endpoint.method]: agentResponder(service, endpoint) },
    cors: (origin) => agentCors(service, origin),
  };
}

function agentResponder(service: PresenceService, { name, handle }: AgentEndpoint): Respond {
  return (exchange) => {
    const { request, response, url } = exchange;
    const visitorid = url.searchParams.get('visitorid');
    const fault = service.faults.take(name, visitorid);
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const revokes = fault?.kind === 'revoke' ? (fault.when ?? 'after') : undefined;

    const answer = async (withheld: boolean) => {
      if (revokes === 'before' && token) service.tokens.revoke(token);
      const given = await answerOf(() => {
        const claims = service.tokens.check(token);
        const groupid = groupidOf(url.searchParams);
        authorize(claims, groupid);
        return handle({ ...exchange, service, groupid, fault, withheld });
      });
      if (revokes === 'after' && token) service.tokens.revoke(token);
      return service.switches.contentType === 'text' ? asText(given) : given;
    };
    return respondWith(fault, answer, response);
  };
}

function asText(answer: Answer): Answer {
  return { ...answer, headers: { ...answer.headers, 'content-type': 'text/plain; charset=utf-8' } };
}

/** Only pages of the origins that there is a switch for have business with the agents' endpoints. */
export function agentCors(
  { switches }: PresenceService,
  origin: string | undefined,
): Record<string, string> | undefined {
  if (origin === undefined || !switches.agentOrigins.includes(origin)) return undefined;
  return { 'access-control-allow-origin': origin, vary: 'Origin' };
}
